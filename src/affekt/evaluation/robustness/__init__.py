"""Figures under conditions that should matter little: noise, codecs, levels, other rates."""

from affekt.evaluation.robustness.conditions import (
    Condition,
    conditions,
)
from affekt.evaluation.robustness.measure import (
    ConditionFigures,
    Robustness,
    measure_robustness,
    sample,
)

__all__ = [
    "Condition",
    "ConditionFigures",
    "Robustness",
    "conditions",
    "measure_robustness",
    "sample",
]
