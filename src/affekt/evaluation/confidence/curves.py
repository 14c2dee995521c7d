"""Curves as points for JSON."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

MOST_POINTS = 100


def thinned(**axes: npt.NDArray[np.float64]) -> dict[str, list[float]]:
    """Return at most `MOST_POINTS` of the points of a curve, both ends among them.

    Args:
        axes: name to `[points]`, equally many of each.
    """
    points = len(next(iter(axes.values())))
    chosen = np.linspace(0, points - 1, min(points, MOST_POINTS)).round().astype(np.int64)
    return {name: values[chosen].tolist() for name, values in axes.items()}
