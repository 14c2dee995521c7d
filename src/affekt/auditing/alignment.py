"""How exactly one recording runs along another, by their fingerprints.

Vocoders smear the grain of a sound and keep its course: a copy at another pitch or pace has one
pace and one interval from beginning to end. A second reading wanders about both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.auditing.fingerprint import (
    HOP_S,
    MAX_SHIFT_BINS,
    Fingerprint,
    FloatArray,
    partials,
    smoothed,
)
from affekt.auditing.lines import correlation
from affekt.auditing.matching import Likeness

# Stretches of 0.5 s look for their own place within 0.1 s and one band, by halves.
_STRETCH, _STEP = 20, 8
# Less than 0.9 s may run alike by chance.
_LEAST = 36
_MOVES, _SHIFTS = np.arange(-8, 9), np.arange(-2, 3)
_NEAR = (-2, -1, 0, 1, 2)
_PACES = (-0.02, -0.01, 0.0, 0.01, 0.02)
_EDGE = MAX_SHIFT_BINS + 2

# Below, levels and energy are too far from those of a copy for a closer look.
_LEVELS, _ENERGY = 0.83, 0.88
# How much higher they may be half a band away, or a whole one.
_SHIFTED = 0.1
# A correlation that could not be higher.
MOST_ALIKE = 0.999
FloatArray64 = npt.NDArray[np.float64]


class Alignment(NamedTuple):
    """What tells a changed copy from another reading.

    Attributes:
        likeness: correlation of the partials, at the best pace, place and interval.
        levels: of the levels, each band told from its mean.
        energy: of the energy over time.
        local: the lower quartile of the stretches' own correlations.
        wander_s: how far most stretches' own places lie from where one pace puts them.
        bend_bins: how far the stretches' own intervals lie from one another.
        mostly_bend_bins: how far half of them lie from their median.
        uneven: how far the stretches' own correlations, as Fisher's z, lie from one another.
        shared_s: seconds compared.
        share: of the longer recording.
        interval_bins: how far the pitches are apart.
    """

    likeness: float
    levels: float
    energy: float
    local: float
    wander_s: float
    bend_bins: float
    mostly_bend_bins: float
    uneven: float
    shared_s: float
    share: float
    interval_bins: float


NOT_ALONG = Alignment(0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0)


def align(first: Fingerprint, second: Fingerprint, alike: Likeness) -> Alignment:
    """Compare two recordings along the change that a likeness names.

    Args:
        first: the fingerprint of one.
        second: that of the other.
        alike: their likeness, of a change that does not turn the second backwards.
    """
    pace, bins = alike.change
    course = _Course(pace, alike.offset_s / HOP_S - first.start + second.start / pace)
    frames = course.shared(len(first.levels), len(second.levels))
    if len(frames) < _LEAST:
        return NOT_ALONG
    both = smoothed(first.levels), smoothed(second.levels)
    levels, energy = _levels(*both, course, frames, bins)
    if levels < _LEVELS - _SHIFTED or energy < _ENERGY - _SHIFTED:
        return NOT_ALONG
    one, other = smoothed(partials(first.levels)), smoothed(partials(second.levels))
    shift = _best_shift(_plain(one, frames), _Grid.of(other, course, frames, bins))
    levels, energy = _levels(*both, course, frames, bins + shift / 2)
    if levels < _LEVELS or energy < _ENERGY:
        return NOT_ALONG
    course = _finest(one, other, course, bins, shift)
    frames = course.shared(len(one), len(other))
    if len(frames) < _LEAST:
        return NOT_ALONG
    grid = _Grid.of(other, course, frames, bins)
    mine = _plain(one, frames)
    levels, energy = _levels(*both, course, frames, bins + shift / 2)
    values, moves, bends = _stretches(mine, grid, shift)
    return Alignment(
        likeness=correlation(mine, grid.moved(0, shift)),
        levels=levels,
        energy=energy,
        local=float(np.quantile(values, 0.25)),
        wander_s=float(np.quantile(np.abs(moves - np.median(moves)), 0.75)) * HOP_S,
        bend_bins=float(np.std(bends)),
        mostly_bend_bins=float(np.median(np.abs(bends - np.median(bends)))),
        uneven=float(np.std(np.arctanh(np.clip(values, -MOST_ALIKE, MOST_ALIKE)))),
        shared_s=len(frames) * HOP_S,
        share=len(frames) / max(len(one), len(other) / pace),
        interval_bins=abs(bins + shift / 2),
    )


class _Course(NamedTuple):
    """Frame `f` of the first is frame `(f - origin) * pace` of the second."""

    pace: float
    origin: float

    def shared(self, first: int, second: int) -> FloatArray64:
        frames = np.arange(first, dtype=np.float64)
        there = self.there(frames)
        return frames[(there >= 0) & (there <= second - 1)]

    def there(self, frames: FloatArray64) -> FloatArray64:
        return (frames - self.origin) * self.pace

    def faster(self, factor: float, middle: float) -> _Course:
        """Change the pace about a frame of the first that stays where it is."""
        return _Course(self.pace * factor, middle - (middle - self.origin) / factor)


class _Grid(NamedTuple):
    """The second along a course, read at half frames and half bands of the first, and beyond."""

    # At even and odd half frames, of these at even and odd half bands.
    planes: tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]
    frames: int
    bands: int

    @classmethod
    def of(cls, other: FloatArray, course: _Course, frames: FloatArray64, bins: int) -> _Grid:
        reach = int(_MOVES[-1])
        halves = frames[0] + np.arange(-reach, 2 * len(frames) - 1 + reach) / 2.0
        low, high = _EDGE + bins - 2, other.shape[1] - _EDGE + bins + 2
        rows = _between(other, course.there(halves))[:, low:high]
        even, odd = ((part, 0.5 * (part[:, 1:] + part[:, :-1])) for part in (rows[::2], rows[1::2]))
        return cls((even, odd), len(frames), rows.shape[1] - 4)

    def moved(self, frames: int, bins: int) -> FloatArray:
        """Return it as many half frames later and half bands up."""
        begin, late = divmod(frames + int(_MOVES[-1]), 2)
        return self.rows(late, bins)[begin : begin + self.frames]

    def rows(self, late: int, bins: int) -> FloatArray:
        """Return all even half frames, or the odd ones, as many half bands up."""
        low, up = divmod(bins + 4, 2)
        return self.planes[late][up][:, low : low + self.bands]

    def fits(self, mine: FloatArray, moves: Sequence[int], shifts: Sequence[int]) -> FloatArray64:
        """Correlate with it as many half frames later and half bands up, `[moves, shifts]`."""
        mine = mine - mine.mean()
        own = np.vdot(mine, mine)
        values = np.empty((len(moves), len(shifts)))
        for at, move in enumerate(moves):
            for by, shift in enumerate(shifts):
                yours = self.moved(move, shift)
                energy = np.einsum("ij,ij", yours, yours) - yours.sum() ** 2 / yours.size
                values[at, by] = np.einsum("ij,ij", mine, yours) / max(np.sqrt(own * energy), 1e-9)
        return values


def _levels(
    first: FloatArray, second: FloatArray, course: _Course, frames: FloatArray64, bins: float
) -> tuple[float, float]:
    """Correlate the levels, each band told from its mean, and the energy over time."""
    mine = _plain(first, frames)
    low = int(np.floor(bins))
    rows = _between(second, course.there(frames))
    yours = rows[:, _EDGE + low : rows.shape[1] - _EDGE + low]
    if low != bins:
        yours = 0.5 * (yours + rows[:, _EDGE + low + 1 : rows.shape[1] - _EDGE + low + 1])
    levels = correlation(mine - mine.mean(axis=0), yours - yours.mean(axis=0))
    return levels, correlation(mine.mean(axis=1), yours.mean(axis=1))


def _best_shift(mine: FloatArray, grid: _Grid) -> int:
    """Return the best interval in half bands, near the one found before."""
    return int(_SHIFTS[grid.fits(mine, _NEAR, _SHIFTS.tolist()).max(axis=0).argmax()])


def _finest(one: FloatArray, other: FloatArray, course: _Course, bins: int, shift: int) -> _Course:
    """Look for the best pace and place near those found before."""
    middle = (len(one) - 1) / 2.0

    def look(fine: float) -> tuple[float, _Course]:
        tried = course.faster(1.0 + fine, middle)
        frames = tried.shared(len(one), len(other))
        if len(frames) < _STRETCH:
            return -1.0, tried
        mine, grid = _plain(one, frames), _Grid.of(other, tried, frames, bins)
        values = grid.fits(mine, _NEAR, [shift])
        best = values.argmax(axis=0)
        move = _NEAR[0] + float(_vertex(values, best)[0])
        return float(values.max()), _Course(tried.pace, tried.origin - move / 2.0)

    fits = np.array([[look(fine)[0]] for fine in _PACES])
    peak = float(_vertex(fits, fits.argmax(axis=0))[0])
    return look(float(np.interp(peak, range(len(_PACES)), _PACES)))[1]


def _stretches(
    mine: FloatArray, grid: _Grid, shift: int
) -> tuple[FloatArray64, FloatArray64, FloatArray64]:
    """Return the best correlation of each stretch, and how many frames and bands away it lies."""
    mine = mine - mine.mean()
    count = _STRETCH * mine.shape[1]
    own, here = _sums(np.einsum("ij,ij->i", mine, mine)), _sums(mine.sum(axis=1))
    own -= here**2 / count
    both = np.empty((len(_MOVES), len(_SHIFTS), len(mine)))
    there, its = np.empty_like(both), np.empty_like(both)
    for by, bins in enumerate((shift + _SHIFTS).tolist()):
        for late in (0, 1):
            rows = grid.rows(late, bins)
            total, energy = rows.sum(axis=1), np.einsum("ij,ij->i", rows, rows)
            for at in range(late, len(_MOVES), 2):
                part = slice(at // 2, at // 2 + len(mine))
                both[at, by] = np.einsum("ij,ij->i", mine, rows[part])
                there[at, by], its[at, by] = total[part], energy[part]
    there, its = _sums(there), _sums(its)
    its -= there**2 / count
    values = (_sums(both) - here * there / count) / np.sqrt(np.maximum(own * its, 1e-9))
    best = values.reshape(-1, len(own)).argmax(axis=0)
    moves, bends = np.unravel_index(best, values.shape[:2])
    each = np.arange(len(own))
    return (
        values[moves, bends, each],
        _vertex(values[:, bends, each], moves) / 2.0,
        _vertex(values[moves, :, each].T, bends) / 2.0,
    )


def _vertex(values: FloatArray64, best: npt.NDArray[np.integer]) -> FloatArray64:
    """Return where parabolas through the best values and their neighbours are highest."""
    inner = np.clip(best, 1, len(values) - 2)
    each = np.arange(values.shape[1])
    before, here, after = (values[inner + step, each] for step in (-1, 0, 1))
    bend = before - 2.0 * here + after
    part = 0.5 * (before - after) / np.minimum(bend, -1e-9)
    return np.asarray(np.where(best == inner, inner + part, best))


def _sums(values: npt.NDArray[np.floating]) -> FloatArray64:
    """Add up each stretch of the last axis."""
    total = np.zeros((*values.shape[:-1], values.shape[-1] + 1))
    np.cumsum(values, axis=-1, out=total[..., 1:])
    return np.asarray((total[..., _STRETCH:] - total[..., :-_STRETCH])[..., ::_STEP])


def _plain(values: FloatArray, frames: FloatArray64) -> FloatArray:
    """Read whole frames one after the other, without the outermost bands."""
    begin = int(frames[0])
    return values[begin : begin + len(frames), _EDGE:-_EDGE]


def _between(values: FloatArray, frames: FloatArray64) -> FloatArray:
    """Read between frames; beyond the ends, the last."""
    at = np.clip(frames, 0.0, len(values) - 1.0)
    whole = at.astype(np.int64)
    share = (at - whole).astype(np.float32)[:, np.newaxis]
    rows = values[whole]
    return np.asarray(rows + (values[np.minimum(whole + 1, len(values) - 1)] - rows) * share)
