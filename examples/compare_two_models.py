"""Compare two models on the same recordings, and say whether chance explains the difference.

The table is a CSV with the columns `path`, `label` and `speaker`.

python examples/compare_two_models.py default open mine.csv
"""

import sys

from affekt import open_dataset
from affekt.evaluation import open_source
from affekt.evaluation.compare import compare
from affekt.protocols import protocol

models, table = sys.argv[1:3], sys.argv[3]
clips = open_dataset(table=table).utterances
comparison = compare([open_source(name) for name in models], clips, protocol("external"))

for row in comparison.shared:
    if row.scoring == "own":  # each answer is chosen among the labels that the recordings have
        print(f"{models[row.model]:10} {row.corpus:16} UA {row.ua:.1%} of {row.clips} clips")
for row in comparison.differences:
    if row.scoring == "own" and row.figure == "ua":
        points, p_value = 100 * row.test.difference, row.test.p_value
        print(f"difference {row.corpus:16} {points:+.1f} points, p = {p_value:.3f}")
for report in comparison.reports:
    if report.new_speakers is not True:  # a figure on training speakers promises too much
        print(f"{report.bundle}: nobody knows whether these speakers are new to it")
