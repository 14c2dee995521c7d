"""How exactly one recording runs along another, by their fingerprints.

Vocoders smear the grain of a sound and keep its course: a copy at another pitch or pace has one
pace and one interval from beginning to end. A second reading wanders about both.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.audit.fingerprint import (
    HOP_S,
    MAX_SHIFT_BINS,
    Fingerprint,
    FloatArray,
    partials,
    smoothed,
)
from affekt.audit.matching import Likeness

# Stretches of 0.5 s look for their own place within 0.1 s and one band.
_STRETCH, _STEP = 20, 8
# Less than 0.9 s may run alike by chance.
_LEAST = 36
_MOVES = np.arange(-4.0, 4.25, 0.5)
_SHIFTS = (-1.0, -0.5, 0.0, 0.5, 1.0)
_NEAR = (-1.0, -0.5, 0.0, 0.5, 1.0)
_PACES = np.arange(-0.02, 0.0225, 0.005)

# Below, levels are too far from those of a copy for a closer look, which takes 20 ms.
_ROUGHLY = 0.65
FloatArray64 = npt.NDArray[np.float64]


class Alignment(NamedTuple):
    """What tells a changed copy from another reading.

    Attributes:
        likeness: correlation of the partials, at the best pace, place and interval.
        levels: of the levels, each band told from its mean.
        energy: of the energy over time.
        local: the lower quartile of the stretches' own correlations.
        wander_s: how far the stretches' own places lie from where one pace puts them.
        bend_bins: how far the stretches' own intervals lie from one another.
    """

    likeness: float
    levels: float
    energy: float
    local: float
    wander_s: float
    bend_bins: float


NOT_ALONG = Alignment(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def align(first: Fingerprint, second: Fingerprint, alike: Likeness) -> Alignment:
    """Compare two recordings along the change that a likeness names.

    Args:
        first: the fingerprint of one.
        second: that of the other.
        alike: their likeness, of a change that does not turn the second backwards.
    """
    pace, bins = alike.change
    course = _Course(pace, bins, alike.offset_s / HOP_S - first.start + second.start / pace)
    if _of_levels(first, second, course)[0] < _ROUGHLY:
        return NOT_ALONG
    one, other = smoothed(partials(first.levels)), smoothed(partials(second.levels))
    course = _finest(one, other, course)
    frames = course.shared(len(one), len(other))
    if len(frames) < _LEAST:
        return NOT_ALONG
    levels, energy = _of_levels(first, second, course)
    values, moves, bends = _stretches(one, other, course, frames)
    return Alignment(
        likeness=_correlation(_read(one, frames), course.read(other, frames)),
        levels=levels,
        energy=energy,
        local=float(np.quantile(values, 0.25)),
        wander_s=float(np.std(moves)) * HOP_S,
        bend_bins=float(np.std(bends)),
    )


class _Course(NamedTuple):
    """Frame `f` of the first is frame `(f - origin) * pace` of the second, bands moved."""

    pace: float
    bins: float
    origin: float

    def shared(self, first: int, second: int) -> FloatArray64:
        frames = np.arange(first, dtype=np.float64)
        there = (frames - self.origin) * self.pace
        return frames[(there >= 0) & (there <= second - 1)]

    def read(self, values: FloatArray, frames: FloatArray64) -> FloatArray:
        return _read(values, (frames - self.origin) * self.pace, self.bins)

    def faster(self, factor: float, middle: float) -> _Course:
        """Change the pace about a frame of the first that stays where it is."""
        return self._replace(
            pace=self.pace * factor, origin=middle - (middle - self.origin) / factor
        )

    def moved(self, frames: float, bins: float = 0.0) -> _Course:
        return self._replace(origin=self.origin - frames, bins=self.bins + bins)


def _of_levels(first: Fingerprint, second: Fingerprint, course: _Course) -> tuple[float, float]:
    """Correlate the levels, each band told from its mean, and the energy over time."""
    frames = course.shared(len(first.levels), len(second.levels))
    if not len(frames):
        return 0.0, 0.0
    mine = _read(smoothed(first.levels.astype(np.float32)), frames)
    yours = course.read(smoothed(second.levels.astype(np.float32)), frames)
    levels = _correlation(mine - mine.mean(axis=0), yours - yours.mean(axis=0))
    return levels, _correlation(mine.mean(axis=1), yours.mean(axis=1))


def _finest(one: FloatArray, other: FloatArray, course: _Course) -> _Course:
    """Look for the best interval, then for the best pace and place, near those found before."""

    def fits(tried: _Course) -> float:
        frames = tried.shared(len(one), len(other))
        if len(frames) < _STRETCH:
            return -1.0
        return _correlation(_read(one, frames), tried.read(other, frames))

    middle = (len(one) - 1) / 2.0
    course = max((course.moved(0.0, bins) for bins in _SHIFTS), key=fits)
    return max(
        (course.faster(1.0 + fine, middle).moved(move) for fine in _PACES for move in _NEAR),
        key=fits,
    )


def _stretches(
    one: FloatArray, other: FloatArray, course: _Course, frames: FloatArray64
) -> tuple[FloatArray64, FloatArray64, FloatArray64]:
    """Return the best correlation of each stretch, and how many frames and bands away it lies."""
    tried = [(move, bins) for bins in _SHIFTS for move in _MOVES]
    mine = _read(one, frames)
    mine -= mine.mean()
    found = []
    for move, bins in tried:
        yours = course.moved(move, bins).read(other, frames)
        products = (mine * yours, np.square(mine), np.square(yours), mine, yours)
        both, own, its, here, there = (_sums(values.sum(axis=1)) for values in products)
        count = _STRETCH * mine.shape[1]
        energy = (own - here**2 / count) * (its - there**2 / count)
        found.append((both - here * there / count) / np.sqrt(np.maximum(energy, 1e-9)))
    values = np.array(found)
    best = values.argmax(axis=0)
    places = np.array(tried)[best]
    return values.max(axis=0), places[:, 0], places[:, 1]


def _sums(values: FloatArray) -> FloatArray64:
    """Add up each stretch."""
    total = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
    return np.asarray((total[_STRETCH:] - total[:-_STRETCH])[::_STEP])


def _read(values: FloatArray, frames: npt.NDArray[np.floating], bins: float = 0.0) -> FloatArray:
    """Read between frames and between bands; beyond the ends, the last."""
    at = np.clip(frames, 0.0, len(values) - 1.0)
    whole = at.astype(np.int64)
    share = (at - whole).astype(np.float32)[:, np.newaxis]
    after = np.minimum(whole + 1, len(values) - 1)
    rows = values[whole] + (values[after] - values[whole]) * share
    low = int(np.floor(bins))
    part = np.float32(bins - low)
    edge = MAX_SHIFT_BINS + 2
    width = values.shape[1] - 2 * edge
    here = rows[:, edge + low : edge + low + width]
    if part:
        here = here + (rows[:, edge + low + 1 : edge + low + 1 + width] - here) * part
    return np.asarray(here, np.float32)


def _correlation(one: FloatArray, other: FloatArray) -> float:
    a, b = one.ravel() - one.mean(), other.ravel() - other.mean()
    return float(a @ b / max(float(np.sqrt((a @ a) * (b @ b))), 1e-9))
