"""Figures of groups of people and clips, differences between them, and people who listened."""

from affekt.evaluation.people.differences import (
    MARGIN,
    MIN_SPEAKERS,
    GroupDifference,
    PredictionStability,
    group_differences,
    prediction_stability,
)
from affekt.evaluation.people.groups import (
    ALL_CORPORA,
    UNKNOWN,
    GroupFigures,
    group_figures,
)
from affekt.evaluation.people.listeners import (
    AGREED,
    ListenerFigures,
    Listeners,
    beside_listeners,
)

__all__ = [
    "AGREED",
    "ALL_CORPORA",
    "MARGIN",
    "MIN_SPEAKERS",
    "UNKNOWN",
    "GroupDifference",
    "GroupFigures",
    "ListenerFigures",
    "Listeners",
    "PredictionStability",
    "beside_listeners",
    "group_differences",
    "group_figures",
    "prediction_stability",
]
