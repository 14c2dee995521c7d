"""Finding recordings that sound alike among many, by their fingerprints.

Windows about the peaks of the level become vectors, which are compared with all others; what is
close is then compared over all that two recordings share. Copies at another pitch or pace are
looked for by changing the windows of each recording likewise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.audit.fingerprint import (
    BINS_AN_OCTAVE,
    HOP_S,
    MAX_SHIFT_BINS,
    Fingerprint,
    FloatArray,
    partials,
    smoothed,
    window_frames,
    window_places,
)

Progress = Callable[[int, int], None]


class Change(NamedTuple):
    """How a copy is read to sound like its original: pace (below 0 backwards), and bands up."""

    pace: float = 1.0
    shift_bins: int = 0


SAME = Change()
# One direction each: whoever is not the copy is the original.
CHANGES: tuple[Change, ...] = (
    *(Change(1.0, bins) for bins in range(1, MAX_SHIFT_BINS + 1)),
    *(Change(0.97**step) for step in range(1, 9)),
    *(Change(2.0 ** (-bins / BINS_AN_OCTAVE), bins) for bins in range(1, 6)),
    Change(-1.0),
)
# Raised when other recordings are found alike: part of what the cache is asked for.
VERSION = 2
# Values of a window's vector: enough to tell a likeness of 0.85 from one of 0.75.
_DIMENSIONS = 64
_ALIKE = 0.85
_ALIKE_OVERALL = 0.78
# Of a changed copy the loudest windows are compared, with those of recordings as long as theirs.
_CHANGED_WINDOWS = 2
_CHANGED_ALIKE = 0.70
_CHANGED_OVERALL = 0.70
_LENGTH_TOLERANCE = 1.12
# Less in common is no evidence; of what is changed, this share of the longer.
MIN_SHARED_S = 0.5
_CHANGED_SHARE = 0.75
_TILE = 4096
_PATCHES = 512
# How much better the best alignment may be than the first look.
_GLANCE = 0.08
_GLANCED_FRAMES = 24
# Levels of smeared and filtered copies rise and fall with those of their originals, each band told
# from its mean; those of one phrase that a voice says often hardly do.
_LEVELS_ALIKE = 0.58
_LOOKS = 2
# What smoothing adds to the likeness of most.
_SMOOTHED_GAIN = 0.05
_MOVES = (-0.5, 0.0, 0.5)
_PACES = (0.99, 1.0, 1.01)


class Likeness(NamedTuple):
    """Two recordings that sound alike.

    Attributes:
        first, second: their places; the second is read with the change to sound like the first.
        change: that change.
        offset_s: time in the first minus time in the second, where they are aligned.
        likeness: correlation of their partials over all that they share, up to 1.
        shared_s: seconds they share.
    """

    first: int
    second: int
    change: Change
    offset_s: float
    likeness: float
    shared_s: float


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    vectors: FloatArray  # [windows, dimensions], of length 1
    owners: npt.NDArray[np.int64]
    places: FloatArray


def find_likenesses(
    prints: Sequence[Fingerprint], *, progress: Progress | None = None
) -> list[Likeness]:
    """Return every two recordings that sound alike, each pair once.

    Args:
        prints: of the recordings.
        progress: called with steps done and in all.
    """
    lines = _Lines.of(prints)
    places = [window_places(item.levels) for item in prints]
    durations_s = np.array([item.duration_s for item in prints])
    steps = 3 + len(CHANGES)
    tell = progress or (lambda done, total: None)  # noqa: ARG005
    windows = _vectors(lines, places, SAME)
    tell(1, steps)
    close = _close(windows, windows, _ALIKE)
    found = _compare(lines, None, close, windows, windows, SAME)
    tell(2, steps)
    # Vocoders and rooms smear what sounds over tens of milliseconds.
    lines, levels = lines.smoothed(), _Lines.of(prints, of_levels=True)
    gain = dict.fromkeys(found, _SMOOTHED_GAIN)

    def look(changed: _Windows, plain: _Windows, change: Change) -> None:
        pace = abs(change.pace)
        close = _close_in_length(changed, plain, durations_s, pace)
        alike = _compare(lines, levels, close, changed, plain, change)
        for pair, item in alike.items():
            if pair not in found or found[pair].likeness + gain.get(pair, 0.0) < item.likeness:
                found[pair] = item
                gain.pop(pair, None)

    # A filter changes which windows are loudest, so all are compared.
    plain = _ordered(_vectors(lines, places, SAME), durations_s)
    look(plain, plain, SAME)
    tell(3, steps)
    loudest = [item[:_CHANGED_WINDOWS] for item in places]
    plain = _ordered(_vectors(lines, loudest, SAME), durations_s)
    for step, change in enumerate(CHANGES, start=4):
        changed = _ordered(_vectors(lines, loudest, change), durations_s)
        look(changed, plain, change)
        tell(step, steps)
    return [
        item._replace(
            offset_s=item.offset_s
            + (prints[item.first].start - prints[item.second].start / item.change.pace) * HOP_S
        )
        for item in found.values()
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Lines:
    """Partials or levels of all recordings one below the other, a row of zeros first."""

    values: npt.NDArray[np.int8]  # [1 + frames, bands], 100 is the whole range of levels
    starts: npt.NDArray[np.int64]  # row of each recording's first frame
    lengths: npt.NDArray[np.int64]

    @classmethod
    def of(cls, prints: Sequence[Fingerprint], *, of_levels: bool = False) -> _Lines:
        lengths = np.array([len(item.levels) for item in prints], np.int64)
        bands = max((item.levels.shape[1] for item in prints), default=0)
        values = np.zeros((1 + int(lengths.sum()), bands), np.int8)
        starts = 1 + np.cumsum(lengths) - lengths
        for item, start in zip(prints, starts, strict=True):
            if len(item.levels):
                shown = item.levels / np.float32(255.0) if of_levels else partials(item.levels)
                values[start : start + len(item.levels)] = np.rint(100.0 * shown).astype(np.int8)
        return cls(values, starts, lengths)

    def smoothed(self) -> _Lines:
        """Return each recording smoothed in time."""
        values = np.zeros_like(self.values)
        for start, length in zip(self.starts, self.lengths, strict=True):
            if length:
                rows = slice(start, start + length)
                values[rows] = np.rint(smoothed(self.values[rows].astype(np.float32)))
        return _Lines(values, self.starts, self.lengths)

    def read(
        self,
        owners: npt.NDArray[np.int64] | int,
        frames: npt.NDArray[np.floating],
        shift_bins: int = 0,
    ) -> FloatArray:
        """Read between frames, bands moved; outside a recording nothing stands out.

        Args:
            owners: the recordings, `[n]` or one.
            frames: where to read each, `[n, frames]`.
            shift_bins: bands up.

        Returns:
            `[n, frames, bands - 2 * MAX_SHIFT_BINS]`.
        """
        starts = np.reshape(self.starts[owners], (-1, 1))
        lengths = np.reshape(self.lengths[owners], (-1, 1))
        whole = np.floor(frames).astype(np.int64)
        share = (frames - whole).astype(np.float32)[..., np.newaxis]
        inside = (frames >= 0) & (frames <= lengths - 1)
        row = np.where(inside, starts + whole, 0)
        below = np.where(inside, starts + np.minimum(whole + 1, lengths - 1), 0)
        bands = self._bands(shift_bins)
        here = self.values[row][..., bands].astype(np.float32)
        here += (self.values[below][..., bands] - here) * share
        return np.asarray(here, np.float32)

    def nearest(
        self,
        owners: npt.NDArray[np.int64],
        frames: npt.NDArray[np.floating],
        shift_bins: int = 0,
    ) -> FloatArray:
        """Read the frames of recordings that lie nearest, all of them inside."""
        rows = self.starts[owners, np.newaxis] + np.rint(frames).astype(np.int64)
        return np.asarray(self.values[rows][..., self._bands(shift_bins)], np.float32)

    def _bands(self, shift_bins: int) -> slice:
        bands = self.values.shape[1]
        return slice(MAX_SHIFT_BINS + shift_bins, bands - MAX_SHIFT_BINS + shift_bins)


def _vectors(lines: _Lines, places: Sequence[FloatArray], change: Change) -> _Windows:
    """Make the vectors of all windows, in pieces that memory holds."""
    owners = np.repeat(np.arange(len(places)), [len(item) for item in places])
    flat = np.concatenate([*places, np.zeros(0, np.float32)])
    vectors = np.zeros((len(flat), _DIMENSIONS), np.float32)
    for start in range(0, len(flat), _PATCHES):
        piece = slice(start, start + _PATCHES)
        read = lines.read(owners[piece], window_frames(flat[piece], change.pace), change.shift_bins)
        patches = read.reshape(len(read), -1)
        patches -= patches.mean(axis=1, keepdims=True)
        vectors[piece] = patches @ _projection(patches.shape[1])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return _Windows(vectors, owners, flat)


@cache
def _projection(size: int) -> FloatArray:
    """Random directions that keep angles (Johnson and Lindenstrauss 1984), always the same."""
    rng = np.random.default_rng(2024)
    return rng.standard_normal((size, _DIMENSIONS), dtype=np.float32)


Close = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]


def _close(one: _Windows, other: _Windows, alike: float) -> Iterator[Close]:
    """Yield places of windows that are close, of different recordings, each pair once."""
    for start in range(0, len(one.vectors), _TILE):
        rows = one.vectors[start : start + _TILE]
        for begin in range(start, len(other.vectors), _TILE):
            row, column = _above(rows @ other.vectors[begin : begin + _TILE].T, alike)
            row, column = row + start, column + begin
            kept = one.owners[row] < other.owners[column]
            yield row[kept], column[kept]


def _above(values: FloatArray, least: float) -> Close:
    """Return rows and columns of the few values that are large."""
    # On a flat array, several times as fast as on two axes.
    places = np.flatnonzero((values > least).ravel())
    row, column = np.divmod(places, max(values.shape[1], 1))
    return row, column


def _ordered(windows: _Windows, durations_s: npt.NDArray[np.float64]) -> _Windows:
    order = np.argsort(durations_s[windows.owners], kind="stable")
    return _Windows(windows.vectors[order], windows.owners[order], windows.places[order])


def _close_in_length(
    changed: _Windows, plain: _Windows, durations_s: npt.NDArray[np.float64], pace: float
) -> Iterator[Close]:
    """Yield what is close among recordings that the change makes equally long."""
    lengths_s = durations_s[plain.owners]
    wanted_s = durations_s[changed.owners] / pace
    for start in range(0, len(changed.vectors), _TILE // 4):
        rows = slice(start, start + _TILE // 4)
        if not wanted_s[rows].size:
            return
        low = np.searchsorted(lengths_s, wanted_s[rows].min() / _LENGTH_TOLERANCE)
        high = np.searchsorted(lengths_s, wanted_s[rows].max() * _LENGTH_TOLERANCE)
        row, column = _above(changed.vectors[rows] @ plain.vectors[low:high].T, _CHANGED_ALIKE)
        row, column = row + start, column + low
        kept = changed.owners[row] != plain.owners[column]
        yield row[kept], column[kept]


def _compare(
    lines: _Lines,
    levels: _Lines | None,
    close: Iterator[Close],
    seconds: _Windows,
    firsts: _Windows,
    change: Change,
) -> dict[tuple[int, int], Likeness]:
    """Compare over all they share the recordings that have a close window; the best alignment.

    Args:
        lines: partials of all, smoothed or not.
        levels: levels of all, which must be alike too, where partials are smoothed.
        close: which windows are close.
        seconds: windows of recordings read with the change.
        firsts: windows as they are.
        change: the change.
    """
    found: dict[tuple[int, int], Likeness] = {}
    least = _ALIKE_OVERALL if levels is None else _CHANGED_OVERALL
    for rows, columns in close:
        second, first = seconds.owners[rows], firsts.owners[columns]
        origin = firsts.places[columns].astype(np.float64) - seconds.places[rows] / change.pace
        keys = np.stack([first, second, np.rint(origin / 2.0).astype(np.int64)])
        _, tried = np.unique(keys, axis=1, return_index=True)
        tried.sort()
        share = 0.0 if levels is None else _CHANGED_SHARE
        seen = _glance(lines, first[tried], second[tried], change, origin[tried], share=share)
        best = tried[np.argsort(-seen, kind="stable")][: int((seen >= least - _GLANCE).sum())]
        if levels is not None:
            near = _glance(levels, first[best], second[best], change, origin[best], by_band=True)
            best = best[near >= _LEVELS_ALIKE]
        looked: Counter[tuple[int, int]] = Counter()
        for at in best:
            pair = (min(first[at], second[at]), max(first[at], second[at]))
            looked[pair] += 1
            if looked[pair] > _LOOKS or (change == SAME and pair in found):
                continue
            alike = _overall(
                lines, int(first[at]), int(second[at]), change, float(origin[at]), least
            )
            if alike and (pair not in found or found[pair].likeness < alike.likeness):
                found[pair] = alike
    return found


def _glance(
    lines: _Lines,
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    change: Change,
    origin: npt.NDArray[np.float64],
    *,
    share: float = 0.0,
    by_band: bool = False,
) -> FloatArray:
    """Correlate a few frames of what many pairs share; -1 where that is too little.

    With `by_band`, each band is told from its mean.
    """
    one, other = lines.lengths[first], lines.lengths[second]
    begin, end = _shared(one, other, change.pace, origin)
    seen = np.full(len(first), -1.0, np.float32)
    least = np.maximum(MIN_SHARED_S / HOP_S, share * np.maximum(one, other / abs(change.pace)))
    long = np.flatnonzero(end - begin >= least)
    spread = np.linspace(0.0, 1.0, _GLANCED_FRAMES)
    for start in range(0, len(long), _PATCHES):
        at = long[start : start + _PATCHES]
        frames = np.rint(begin[at, None] + spread * (end[at] - begin[at] - 1)[:, None])
        mine = lines.nearest(first[at], frames)
        yours = lines.nearest(
            second[at], (frames - origin[at, None]) * change.pace, change.shift_bins
        )
        if by_band:
            mine -= mine.mean(axis=1, keepdims=True)
            yours -= yours.mean(axis=1, keepdims=True)
        seen[at] = _correlations(mine.reshape(len(at), -1), yours.reshape(len(at), -1))
    return seen


def _overall(
    lines: _Lines, first: int, second: int, change: Change, origin: float, least: float
) -> Likeness | None:
    """Correlate all that two recordings share, at the best of nearby alignments and paces."""
    best: Likeness | None = None
    lengths = lines.lengths[[first]], lines.lengths[[second]]
    for pace in [change.pace * fine for fine in _PACES] if change != SAME else [1.0]:
        begin, end = (int(at[0]) for at in _shared(*lengths, pace, np.array([origin])))
        if (end - begin) * HOP_S < MIN_SHARED_S:
            continue
        frames = np.arange(begin, end, dtype=np.float64)[np.newaxis]
        mine = lines.read(first, frames).reshape(1, -1)
        for move in _MOVES:
            yours = lines.read(second, (frames - origin + move) * pace, change.shift_bins)
            likeness = float(_correlations(mine, yours.reshape(1, -1))[0])
            if likeness >= (best.likeness if best else least):
                best = Likeness(
                    first,
                    second,
                    change._replace(pace=pace),
                    (origin - move) * HOP_S,
                    likeness,
                    (end - begin) * HOP_S,
                )
    return best


def _shared(
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    pace: float,
    origin: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the frames of the first, from and to, at which the second sounds as well.

    Args:
        first: how many frames recordings have.
        second: likewise, of the others.
        pace: frame `f` of the first is frame `(f - origin) * pace` of the second.
        origin: see the pace.
    """
    last = origin + (second - 1) / pace
    low, high = np.minimum(origin, last), np.maximum(origin, last)
    begin = np.maximum(0, np.ceil(low).astype(np.int64))
    return begin, np.minimum(first, np.floor(high).astype(np.int64) + 1)


def _correlations(one: FloatArray, other: FloatArray) -> FloatArray:
    """Correlate rows with rows."""
    a = one - one.mean(axis=1, keepdims=True)
    b = other - other.mean(axis=1, keepdims=True)
    energy = np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b)
    return np.asarray(np.einsum("ij,ij->i", a, b) / np.maximum(np.sqrt(energy), 1e-9))
