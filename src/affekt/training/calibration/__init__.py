"""Calibration: temperatures, prediction sets and novelty, fitted and written into a bundle."""

from affekt.training.calibration.fit import FALSE_ALARMS
from affekt.training.calibration.graph import logits_of, metadata_of
from affekt.training.calibration.run import add_novelty, calibrate_bundle
from affekt.training.calibration.temperature import Calibration, calibrate, calibrate_logits

__all__ = [
    "FALSE_ALARMS",
    "Calibration",
    "add_novelty",
    "calibrate",
    "calibrate_bundle",
    "calibrate_logits",
    "logits_of",
    "metadata_of",
]
