"""Figures of merit in plain numpy: recalls and F1, calibration errors, intervals over speakers."""

from affekt.metrics.calibration import (
    Reliability,
    brier_score,
    classwise_calibration_error,
    expected_calibration_error,
    fit_temperature,
    log_loss,
    reliability,
    soften,
)
from affekt.metrics.choice import argmax_among
from affekt.metrics.conformal import (
    Coverage,
    Rule,
    fit_quantile,
    measure_coverage,
    prediction_sets,
)
from affekt.metrics.correlation import pearson, pearson_interval
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
from affekt.metrics.permutation import (
    PermutationTest,
    shares_by_speaker,
    swap_test,
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
from affekt.metrics.risk import (
    RiskCoverage,
    Roc,
    risk_coverage,
    roc,
)

__all__ = [
    "NEARLY_ALL",
    "ClassFigures",
    "ClassIntervals",
    "ConstantAnswer",
    "Coverage",
    "DetailedFigures",
    "Figures",
    "Interval",
    "PermutationTest",
    "Reliability",
    "RiskCoverage",
    "Roc",
    "Rule",
    "accuracy",
    "argmax_among",
    "brier_score",
    "class_intervals",
    "classwise_calibration_error",
    "confusion_intervals",
    "confusion_matrix",
    "expected_calibration_error",
    "f1_scores",
    "figure_intervals",
    "fit_quantile",
    "fit_temperature",
    "largest_difference",
    "log_loss",
    "macro_f1",
    "measure_classes",
    "measure_coverage",
    "measure_figures",
    "pearson",
    "pearson_interval",
    "precisions",
    "prediction_sets",
    "recalls",
    "reliability",
    "risk_coverage",
    "roc",
    "shares_by_speaker",
    "soften",
    "swap_test",
    "unweighted_average_recall",
    "weighted_f1",
]
