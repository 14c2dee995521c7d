"""Fit a temperature on half of your speakers, and measure on the others what it is worth.

A confidence of 80 % shall be right 80 times of 100: the calibration error says how far it is from
that. The table is a CSV with the columns `path`, `label` and `speaker`. `affekt calibrate` fits
more than this, and writes it into a model's file.

python examples/calibrate.py default mine.csv
"""

import sys

import numpy as np

from affekt import Recognizer, open_dataset
from affekt.metrics import expected_calibration_error, fit_temperature, soften

recognizer = Recognizer.load(sys.argv[1])
labels = recognizer.labels()
clips = [clip for clip in open_dataset(table=sys.argv[2]).utterances if clip.emotion in labels]

truth = np.array([labels.index(clip.emotion) for clip in clips])
probabilities = np.empty((len(clips), len(labels)))
for row, clip in enumerate(clips):
    for score in recognizer.predict(clip.path).predictions:
        probabilities[row, labels.index(score.label)] = score.score

speakers = sorted({clip.speaker_key for clip in clips})
fitted_on = np.array([clip.speaker_key in speakers[::2] for clip in clips])
log_probabilities = np.log(np.maximum(probabilities, 1e-9))
temperature = fit_temperature(log_probabilities[fitted_on], truth[fitted_on])
print(f"temperature {temperature:.2f}, fitted on {fitted_on.sum()} clips")  # above 1: too sure

others = ~fitted_on
softened = soften(log_probabilities[others], temperature)
for name, measured in (("as it is", probabilities[others]), ("softened", softened)):
    error = expected_calibration_error(measured, truth[others])
    print(f"{name}: calibration error {error:.1%} on {others.sum()} clips of other speakers")
