"""What a model's confidence is worth: calibration, risk, sets of labels, what is no speech."""

from affekt.evaluation.confidence.answers import (
    ConfidenceFigures,
    GatheredAnswers,
    answer_tested,
    clips_to_fit_on,
    confidence_of,
)
from affekt.evaluation.confidence.domain import (
    Domain,
)
from affekt.evaluation.confidence.domain_sounds import (
    synthetic_sounds,
)
from affekt.evaluation.confidence.measure import (
    Calibration,
    CalibrationMeasures,
    Confidence,
)
from affekt.evaluation.confidence.plots import (
    diagrams_of,
    draw,
    reliability_plot,
    risk_plot,
    roc_plot,
)

__all__ = [
    "Calibration",
    "CalibrationMeasures",
    "Confidence",
    "ConfidenceFigures",
    "Domain",
    "GatheredAnswers",
    "answer_tested",
    "clips_to_fit_on",
    "confidence_of",
    "diagrams_of",
    "draw",
    "reliability_plot",
    "risk_plot",
    "roc_plot",
    "synthetic_sounds",
]
