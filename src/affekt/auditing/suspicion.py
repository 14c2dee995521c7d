"""How likely a copy is that runs along its original as a vocoder lets it.

A logistic regression on measures of the alignment, their squares and their products.
`benchmarks/fit_copies.py --write` fits it and writes `suspicion.json`.
"""

from __future__ import annotations

import json
import math
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.auditing.alignment import MOST_ALIKE, NOT_ALONG, Alignment
from affekt.auditing.matching import MIN_SHARED_S

FloatArray = npt.NDArray[np.float64]
FILE = "suspicion.json"
# What could not be more exact.
_LEAST_WANDER_S, _LEAST_BEND_BINS, _LEAST_MOSTLY_BINS = 0.0005, 0.02, 0.01
# Beyond as many standard deviations of what it was fitted on, nothing is known.
_KNOWN = 3.0


class Weights(NamedTuple):
    """What was fitted.

    Attributes:
        mean, scale: of each measure.
        linear: of each standardised measure.
        products: of each two of them, a square matrix.
        bias: log odds where all are zero.
        least: suspicion from which on a pair is reported.
    """

    mean: list[float]
    scale: list[float]
    linear: list[float]
    products: list[list[float]]
    bias: float
    least: float


@cache
def weights() -> Weights:
    """Return what was fitted."""
    text = resources.files("affekt.auditing").joinpath(FILE).read_text(encoding="utf-8")
    return Weights(**json.loads(text))


def measures(found: Alignment) -> FloatArray:
    """Return an alignment on scales on which differences mean as much everywhere.

    Correlations become Fisher's z, distances and lengths logarithms.
    """
    correlations = np.clip(found[:4], -MOST_ALIKE, MOST_ALIKE)
    return np.array(
        [
            *np.arctanh(correlations),
            math.log(found.wander_s + _LEAST_WANDER_S),
            math.log(found.bend_bins + _LEAST_BEND_BINS),
            math.log(found.mostly_bend_bins + _LEAST_MOSTLY_BINS),
            found.uneven,
            math.log(max(found.shared_s, MIN_SHARED_S)),
            found.share,
            found.interval_bins,
        ]
    )


def standardised(values: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Return measures in standard deviations from the mean, none of them far out."""
    return np.clip((values - mean) / scale, -_KNOWN, _KNOWN)


def suspicion(found: Alignment) -> float:
    """Return how likely one recording is a copy of the other, 0 to 1."""
    if found == NOT_ALONG:
        return 0.0
    fitted = weights()
    values = standardised(measures(found), np.array(fitted.mean), np.array(fitted.scale))
    total = fitted.bias + values @ np.array(fitted.linear)
    total += values @ np.array(fitted.products) @ values
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, float(total)))))
