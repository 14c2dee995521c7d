"""How closely graded answers follow what people said."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from affekt.metrics.intervals import Floats, Interval, draw_counts, stretched_interval

_LEAST_VARIANCE = 1e-12  # of numbers that differ by rounding alone


def pearson(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> float | None:
    """Return Pearson's correlation; None where one of them does not vary.

    Args:
        first: `[clips]`; a clip that is NaN in either is passed over.
        second: `[clips]`, likewise.
    """
    known = ~(np.isnan(first) | np.isnan(second))
    value = float(_correlations(_sums(first[known], second[known])[np.newaxis])[0])
    return None if np.isnan(value) else value


def pearson_interval(
    first: npt.NDArray[np.floating],
    second: npt.NDArray[np.floating],
    speakers: Sequence[Hashable],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 1000,
) -> Interval | None:
    """Return the interval of Pearson's correlation, clustered as `confusion_intervals` does.

    Args:
        first: `[clips]`; a clip that is NaN in either is passed over.
        second: `[clips]`, likewise.
        speakers: `[clips]`, who spoke.
        rng: draws the speakers.
        level: how often such intervals shall hold the truth, between 0 and 1.
        resamples: number of draws.

    Returns:
        None where fewer than two speakers have clips, where the correlation is not defined, and
        where the interval would be too narrow to mean anything.
    """
    known = ~(np.isnan(first) | np.isnan(second))
    rows: dict[Hashable, list[int]] = {}
    for row in np.flatnonzero(known).tolist():
        rows.setdefault(speakers[row], []).append(row)
    figure = pearson(first, second)
    if len(rows) < 2 or figure is None:
        return None
    sums = np.stack([_sums(first[of], second[of]) for of in rows.values()])
    drawn = _correlations(draw_counts(len(sums), rng, resamples) @ sums)
    return stretched_interval(
        figure, drawn[~np.isnan(drawn)], level=level, speakers=len(sums), least=-1.0
    )


def _sums(first: npt.NDArray[np.floating], second: npt.NDArray[np.floating]) -> Floats:
    """Return number, sums, sums of squares and of products, `[6]`, about the middle of a unit."""
    x, y = first.astype(np.float64) - 0.5, second.astype(np.float64) - 0.5
    return np.array([x.size, x.sum(), y.sum(), (x * x).sum(), (y * y).sum(), (x * y).sum()])


def _correlations(sums: Floats) -> Floats:
    """Return the correlation of each row of sums `[n, 6]`; NaN where one does not vary."""
    count, x, y, xx, yy, xy = sums.T
    spreads = count * xx - x * x, count * yy - y * y
    varies = (np.minimum(*spreads) > _LEAST_VARIANCE * count**2) & (count > 1)
    found: Floats = np.full(len(sums), np.nan)
    found[varies] = (count * xy - x * y)[varies] / np.sqrt(spreads[0] * spreads[1])[varies]
    return found
