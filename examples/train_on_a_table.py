"""Train a model on a table of your own recordings, and recognise one of them with it.

The table is a CSV with the columns `path`, `label` and `speaker`. `affekt train --init` writes a
recipe to start from.

python examples/train_on_a_table.py own.toml mine.csv runs/mine 30
"""

import sys
from pathlib import Path

from affekt import Recognizer, open_dataset
from affekt.corpora import DataSource
from affekt.training import train

recipe, table, folder = map(Path, sys.argv[1:4])
mine = DataSource(table=table, labels="own")
bundle = train(recipe, data=mine, epochs=int(sys.argv[4]), out=folder, say=print)

first = open_dataset(table=table, labels="own").utterances[0]
print(f"{first.path} is {first.emotion}:")
for score in Recognizer.load(bundle).predict(first.path).predictions:
    print(f"  {score.label:12} {score.score:6.1%}")
