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
    listed_speakers,
    percent,
    speaker_count,
    spoken,
    why_no_interval,
)
from affekt.evaluation.figures.plots import (
    comparison_plot,
    confusion_plot,
    curves_plot,
    recalls_plot,
    spectrogram_plot,
)
from affekt.evaluation.figures.records import (
    OTHER,
    SCORINGS,
    CalibrationFigures,
    CorpusFigures,
    IntensityFigures,
    Scoring,
    ScoringName,
)
from affekt.evaluation.figures.scored import (
    Scored,
    scored_answers,
)
from affekt.evaluation.figures.scoring import (
    mean_ua,
    pooled_calibration,
    score_corpus,
)

__all__ = [
    "OTHER",
    "SCORINGS",
    "CalibrationFigures",
    "ClassificationFigures",
    "ClipPrediction",
    "CorpusFigures",
    "IntensityFigures",
    "Scored",
    "Scoring",
    "ScoringName",
    "classify",
    "comparison_plot",
    "confusion_plot",
    "curves_plot",
    "ends",
    "figure",
    "interval_of",
    "listed_speakers",
    "mean_ua",
    "percent",
    "plots",
    "pooled_calibration",
    "recalls_plot",
    "score_corpus",
    "scored_answers",
    "speaker_count",
    "spectrogram_plot",
    "spoken",
    "why_no_interval",
]
