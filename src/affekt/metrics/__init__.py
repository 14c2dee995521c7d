"""Figures of merit in plain numpy: recalls and F1, calibration errors, intervals over speakers."""

from affekt.metrics.calibration import brier_score, expected_calibration_error, log_loss
from affekt.metrics.choice import argmax_among
from affekt.metrics.figures import (
    NEARLY_ALL,
    ClassFigures,
    ClassIntervals,
    ConstantAnswer,
    DetailedFigures,
    Figures,
    figure_intervals,
    measure_classes,
    measure_figures,
)
from affekt.metrics.intervals import (
    Interval,
    class_intervals,
    confusion_intervals,
    largest_difference,
)
from affekt.metrics.recalls import (
    accuracy,
    confusion_matrix,
    f1_scores,
    macro_f1,
    precisions,
    recalls,
    unweighted_average_recall,
    weighted_f1,
)

__all__ = [
    "NEARLY_ALL",
    "ClassFigures",
    "ClassIntervals",
    "ConstantAnswer",
    "DetailedFigures",
    "Figures",
    "Interval",
    "accuracy",
    "argmax_among",
    "brier_score",
    "class_intervals",
    "confusion_intervals",
    "confusion_matrix",
    "expected_calibration_error",
    "f1_scores",
    "figure_intervals",
    "largest_difference",
    "log_loss",
    "macro_f1",
    "measure_classes",
    "measure_figures",
    "precisions",
    "recalls",
    "unweighted_average_recall",
    "weighted_f1",
]
