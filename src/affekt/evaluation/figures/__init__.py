"""Figures of answers to clips: their records, how they are computed, worded and drawn."""

from affekt.evaluation.figures.classification import (
    ClassificationFigures,
    ClipPrediction,
    classify,
)
from affekt.evaluation.figures.layout import (
    ends,
    figure,
    interval_of,
    percent,
    speaker_count,
    spoken,
    voices,
    why_no_interval,
)
from affekt.evaluation.figures.plots import (
    comparison_plot,
    confusion_plot,
)
from affekt.evaluation.figures.records import (
    OTHER,
    SCORINGS,
    CalibrationFigures,
    ConstantAnswer,
    CorpusFigures,
    Scoring,
    ScoringName,
)
from affekt.evaluation.figures.scored import (
    Scored,
    scored_answers,
)
from affekt.evaluation.figures.scoring import (
    NEARLY_ALL,
    mean_ua,
    pooled_calibration,
    score_corpus,
    shares,
    ua_with_interval,
)

__all__ = [
    "NEARLY_ALL",
    "OTHER",
    "SCORINGS",
    "CalibrationFigures",
    "ClassificationFigures",
    "ClipPrediction",
    "ConstantAnswer",
    "CorpusFigures",
    "Scored",
    "Scoring",
    "ScoringName",
    "classify",
    "comparison_plot",
    "confusion_plot",
    "ends",
    "figure",
    "interval_of",
    "mean_ua",
    "percent",
    "plots",
    "pooled_calibration",
    "score_corpus",
    "scored_answers",
    "shares",
    "speaker_count",
    "spoken",
    "ua_with_interval",
    "voices",
    "why_no_interval",
]
