"""Train a model on a table of your own recordings, and recognise one of them with it.

The table is a CSV with the columns `path`, `label` and `speaker`. The settings are those that
`affekt train --init` writes, with small batches because a table may be small.

python examples/train_on_a_table.py mine.csv runs/mine 30
"""

import dataclasses
import sys
from pathlib import Path

from affekt import Recognizer, open_dataset
from affekt.corpora.datasets import DataSource
from affekt.training import Run, load_recipe, train
from affekt.training.recipe import find_recipe

table, folder, epochs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
recipe, licence = load_recipe(find_recipe("own"))
recipe = recipe.learning_from(DataSource(table=table, labels="own"))
fit = dataclasses.replace(recipe.fit, epochs=epochs, batch_size=8)
recipe = dataclasses.replace(recipe, fit=fit)

run = Run(recipe=recipe, folder=folder, corpora=None, say=print, show_progress=False)
bundle = train(run, licence_text=licence)

first = open_dataset(table=table, labels="own").utterances[0]
print(f"{first.path} is {first.emotion}:")
for score in Recognizer.load(bundle).predict(first.path).predictions:
    print(f"  {score.label:12} {score.score:6.1%}")
