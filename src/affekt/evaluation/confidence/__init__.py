"""What a model's confidence is worth: calibration, risk, sets of labels, what is no speech."""

from affekt.evaluation.confidence.answers import (
    Doubts,
    Hearing,
    clips_to_fit_on,
    doubts_of,
    hear_tested,
)
from affekt.evaluation.confidence.domain import (
    Domain,
)
from affekt.evaluation.confidence.domain_sounds import (
    synthetic_sounds,
)
from affekt.evaluation.confidence.doubt import (
    Believed,
    Calibration,
    Doubt,
)
from affekt.evaluation.confidence.plots import (
    diagrams_of,
    draw,
    reliability_plot,
    risk_plot,
    roc_plot,
)

__all__ = [
    "Believed",
    "Calibration",
    "Domain",
    "Doubt",
    "Doubts",
    "Hearing",
    "clips_to_fit_on",
    "diagrams_of",
    "doubts_of",
    "draw",
    "hear_tested",
    "reliability_plot",
    "risk_plot",
    "roc_plot",
    "synthetic_sounds",
]
