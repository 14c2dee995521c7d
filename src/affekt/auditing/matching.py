"""Finding recordings that sound alike among many, by their fingerprints.

Windows about the peaks of the level become vectors, which are compared with all others; what is
close is then compared over all that two recordings share. Copies at another pitch or pace are
looked for by changing the windows of each recording likewise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.auditing.fingerprint import (
    BINS_AN_OCTAVE,
    HOP_S,
    MAX_SHIFT_BINS,
    Fingerprint,
    FloatArray,
    window_frames,
    window_places,
)
from affekt.auditing.lines import Lines, correlations
from affekt.parallel import run_in_processes

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
VERSION = 4
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
_ROWS = 512
_PATCHES = 128
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
_PACES = (1.0, 0.99, 1.01)
# How much better the best of nearby paces may be than the one looked for.
_FINE = 0.05
_LEVELS_ALIKE_OVERALL = 0.66
# What is smoothed is read at every other frame.
_EVERY = 2
# Candidates that one process compares at a time, and of these, at once.
_COMPARED = 4096
# So few recordings are compared before another process has started.
FEW = 100
_BATCH = 64


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


def find_likenesses(
    prints: Sequence[Fingerprint], *, workers: int = 1, progress: Progress | None = None
) -> list[Likeness]:
    """Return every two recordings that sound alike, each pair once.

    Args:
        prints: of the recordings.
        workers: processes.
        progress: called with steps done and in all.
    """
    if not any(len(item.levels) for item in prints):
        return []
    tell = progress or (lambda done, total: None)  # noqa: ARG005
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            return _find(prints, Path(folder), workers, tell)
        finally:
            _opened.cache_clear()
            _unchanged.cache_clear()


def _find(
    prints: Sequence[Fingerprint], folder: Path, workers: int, tell: Progress
) -> list[Likeness]:
    _Sounds.write(prints, folder)
    workers = workers if len(prints) > FEW else 1
    looks = [_Look(folder, change, smooth) for change, smooth in _LOOKED_FOR]
    steps = len(looks) + 2
    tell(1, steps)
    glanced = {}
    for look, candidates in run_in_processes(_glance_at, looks, workers=workers):
        glanced[look] = candidates
        tell(1 + len(glanced), steps)
    found: dict[tuple[int, int], Likeness] = {}
    for smooth in (False, True):
        best = _best([glanced[look] for look in looks if look.smooth == smooth])
        parts = [
            (folder, smooth, best[at : at + _COMPARED]) for at in range(0, len(best), _COMPARED)
        ]
        gain = _SMOOTHED_GAIN if smooth else 0.0
        alike: dict[tuple[int, int], Likeness] = {}
        for part in run_in_processes(_compare, parts, workers=min(workers, len(parts))):
            for item in part:
                pair = (min(item[:2]), max(item[:2]))
                if pair not in alike or alike[pair].likeness < item.likeness:
                    alike[pair] = item
        found |= {
            pair: item
            for pair, item in alike.items()
            if pair not in found or found[pair].likeness + gain < item.likeness
        }
    tell(steps, steps)
    return [
        item._replace(
            offset_s=item.offset_s
            + (prints[item.first].start - prints[item.second].start / item.change.pace) * HOP_S
        )
        for _, item in sorted(found.items())
    ]


class _Look(NamedTuple):
    """What one process looks for: copies by one change, in lines as they are or smoothed."""

    folder: Path
    change: Change
    smooth: bool


# Those that take longest come first.
_LOOKED_FOR = ((SAME, False), (SAME, True), *((change, True) for change in CHANGES))


@dataclass(frozen=True, slots=True, eq=False)
class _Sounds:
    """What is compared of all recordings, in files that several processes read.

    Attributes:
        lines: partials.
        smooth: likewise, smoothed: vocoders and rooms smear over tens of milliseconds.
        levels: levels.
        places: of each recording's windows, loudest first.
        durations_s: of each.
    """

    lines: Lines
    smooth: Lines
    levels: Lines
    places: list[FloatArray]
    durations_s: npt.NDArray[np.float64]

    @classmethod
    def write(cls, prints: Sequence[Fingerprint], folder: Path) -> None:
        """Write what `_opened` opens."""
        lines = Lines.of(prints)
        lines.save(folder / "lines.npy")
        lines.smoothed().save(folder / "smooth.npy")
        Lines.of(prints, of_levels=True).save(folder / "levels.npy")
        places = [window_places(item.levels) for item in prints]
        np.savez(
            folder / "recordings.npz",
            starts=lines.starts,
            lengths=lines.lengths,
            places=np.concatenate([*places, np.zeros(0, np.float32)]),
            windows=np.array([len(item) for item in places], np.int64),
        )


@lru_cache(maxsize=1)
def _opened(folder: Path) -> _Sounds:
    with np.load(folder / "recordings.npz") as kept:
        known = {name: kept[name] for name in kept.files}
    empty = Lines(np.zeros((0, 0), np.int8), known["starts"], known["lengths"])
    lines, smooth, levels = (
        empty.load(folder / f"{name}.npy") for name in ("lines", "smooth", "levels")
    )
    places = np.split(known["places"], np.cumsum(known["windows"])[:-1])
    return _Sounds(lines, smooth, levels, places, known["lengths"] * HOP_S)


@lru_cache(maxsize=1)
def _unchanged(folder: Path) -> _Windows:
    sounds = _opened(folder)
    windows = _vectors(sounds.smooth, _loudest(sounds.places), SAME)
    return _ordered(windows, sounds.durations_s)


def _loudest(places: Sequence[FloatArray]) -> list[FloatArray]:
    return [item[:_CHANGED_WINDOWS] for item in places]


def _glance_at(look: _Look) -> tuple[_Look, _Candidates]:
    """Return what may be alike by one change."""
    sounds, change = _opened(look.folder), look.change
    if not look.smooth:
        windows = _vectors(sounds.lines, sounds.places, change)
        close = _close(windows, windows, _ALIKE)
        return look, _best(_candidates(sounds.lines, close, windows, windows, change))
    # A filter changes which windows are loudest, so all are compared where nothing else changed.
    places = sounds.places if change == SAME else _loudest(sounds.places)
    windows = _ordered(_vectors(sounds.smooth, places, change), sounds.durations_s)
    plain = windows if change == SAME else _unchanged(look.folder)
    close = _close_in_length(windows, plain, sounds.durations_s, abs(change.pace))
    found = _candidates(sounds.smooth, close, windows, plain, change, levels=sounds.levels)
    return look, _best(found)


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    vectors: FloatArray  # [windows, dimensions], of length 1
    owners: npt.NDArray[np.int64]
    places: FloatArray


def _vectors(lines: Lines, places: Sequence[FloatArray], change: Change) -> _Windows:
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
    for start in range(0, len(one.vectors), _ROWS):
        rows = one.vectors[start : start + _ROWS]
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
    for start in range(0, len(changed.vectors), _ROWS):
        rows = slice(start, start + _ROWS)
        if not wanted_s[rows].size:
            return
        low = np.searchsorted(lengths_s, wanted_s[rows].min() / _LENGTH_TOLERANCE)
        high = np.searchsorted(lengths_s, wanted_s[rows].max() * _LENGTH_TOLERANCE)
        row, column = _above(changed.vectors[rows] @ plain.vectors[low:high].T, _CHANGED_ALIKE)
        row, column = row + start, column + low
        kept = changed.owners[row] != plain.owners[column]
        yield row[kept], column[kept]


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Alignments that are worth a closer look.

    Attributes:
        paces, shifts: the change of each, `[n]`.
        first, second: the recordings, `[n]`.
        origin: frame of the first at which the second begins, `[n]`.
        seen: likeness at a glance, `[n]`.
    """

    paces: npt.NDArray[np.float64]
    shifts: npt.NDArray[np.int64]
    first: npt.NDArray[np.int64]
    second: npt.NDArray[np.int64]
    origin: npt.NDArray[np.float64]
    seen: FloatArray

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, at: slice | npt.NDArray[np.int64]) -> _Candidates:
        return _Candidates(*(values[at] for values in self._columns()))

    def _columns(self) -> tuple[npt.NDArray[Any], ...]:
        return self.paces, self.shifts, self.first, self.second, self.origin, self.seen

    @classmethod
    def joined(cls, parts: Sequence[_Candidates]) -> _Candidates:
        """Put several one after the other."""
        if not parts:
            return cls(*(np.zeros(0, kind) for kind in "dqqqdf"))
        return cls(*map(np.concatenate, zip(*(part._columns() for part in parts), strict=True)))


def _best(parts: Iterable[_Candidates]) -> _Candidates:
    """Keep the best few candidates of each pair."""
    found = _Candidates.joined(list(parts))
    low, high = np.minimum(found.first, found.second), np.maximum(found.first, found.second)
    order = np.lexsort((-found.seen, high, low))
    low, high = low[order], high[order]
    new = (np.diff(low, prepend=-1) != 0) | (np.diff(high, prepend=-1) != 0)
    starts = np.maximum.accumulate(np.where(new, np.arange(len(order)), 0))
    return found[order[np.arange(len(order)) - starts < _LOOKS]]


def _candidates(
    lines: Lines,
    close: Iterator[Close],
    seconds: _Windows,
    firsts: _Windows,
    change: Change,
    *,
    levels: Lines | None = None,
) -> Iterator[_Candidates]:
    """Glance at the alignments of recordings that have a close window.

    Args:
        lines: partials of all, smoothed or not.
        close: which windows are close.
        seconds: windows of recordings read with the change.
        firsts: windows as they are.
        change: the change.
        levels: levels of all, which must be alike too, where partials are smoothed.
    """
    least = _ALIKE_OVERALL if levels is None else _CHANGED_OVERALL
    share = 0.0 if levels is None else _CHANGED_SHARE
    for rows, columns in close:
        second, first = seconds.owners[rows], firsts.owners[columns]
        origin = firsts.places[columns].astype(np.float64) - seconds.places[rows] / change.pace
        near = np.rint(origin / 2.0).astype(np.int64)
        near -= near.min(initial=0)
        keys = (first * len(lines.lengths) + second) * (near.max(initial=0) + 1) + near
        _, tried = np.unique(keys, return_index=True)
        tried.sort()
        seen = _glance(lines, first[tried], second[tried], change, origin[tried], share=share)
        kept = seen >= least - _GLANCE
        tried, seen = tried[kept], seen[kept]
        if levels is not None:
            alike = _glance(
                levels, first[tried], second[tried], change, origin[tried], by_band=True
            )
            kept = alike >= _LEVELS_ALIKE
            tried, seen = tried[kept], seen[kept]
        paces, shifts = np.full(len(tried), change.pace), np.full(len(tried), change.shift_bins)
        yield _Candidates(paces, shifts, first[tried], second[tried], origin[tried], seen)


def _compare(asked: tuple[Path, bool, _Candidates]) -> list[Likeness]:
    """Compare over all they share the recordings of candidates."""
    folder, smooth, found = asked
    sounds = _opened(folder)
    lines, levels = (sounds.smooth, sounds.levels) if smooth else (sounds.lines, None)
    alike = []
    changes = np.stack([found.paces, found.shifts], axis=1)
    for pace, bins in np.unique(changes, axis=0):
        change = Change(float(pace), int(bins))
        (those,) = np.nonzero((changes == change).all(axis=1))
        # Those of one batch are about as long.
        those = those[np.argsort(lines.lengths[found.first[those]], kind="stable")]
        for start in range(0, len(those), _BATCH):
            batch = found[those[start : start + _BATCH]]
            alike += _overall(lines, levels, batch, change)
    return alike


def _glance(
    lines: Lines,
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
        seen[at] = correlations(mine, yours, _GLANCED_FRAMES, by_band=by_band)
    return seen


def _overall(
    lines: Lines, levels: Lines | None, found: _Candidates, change: Change
) -> list[Likeness]:
    """Correlate all that pairs share, at the best of nearby alignments and paces."""
    least = _ALIKE_OVERALL if levels is None else _CHANGED_OVERALL
    every = _EVERY if levels else 1
    count = len(found)
    best, paces, origins = np.full(count, least), np.ones(count), found.origin.copy()
    shared, alike = np.zeros(count), np.zeros(count, bool)
    tried = np.arange(count)
    for pace in [change.pace * fine for fine in _PACES] if change != SAME else [1.0]:
        course = _Course.of(lines, found[tried], pace, every)
        long = course.shared * HOP_S >= MIN_SHARED_S
        mine = lines.nearest(found.first[tried], course.frames)
        values = np.stack(
            [
                correlations(
                    mine,
                    lines.read(found.second[tried], course.there(move), change.shift_bins),
                    np.maximum(course.counts, 1),
                )
                for move in _MOVES
            ]
        )
        move = values.argmax(axis=0)
        value = np.where(long, values.max(axis=0), least - _FINE)
        better = long & (value >= best[tried])
        at = tried[better]
        best[at], paces[at], alike[at] = value[better], pace, True
        origins[at] = found.origin[at] - np.array(_MOVES)[move[better]]
        shared[at] = course.shared[better]
        # What is far from alike is so at any pace.
        tried = tried[value >= least - _FINE]
        if not len(tried):
            break
    kept = np.flatnonzero(alike)
    if levels is not None:
        kept = kept[_levels_alike(levels, found[kept], paces[kept], origins[kept], change)]
    return [
        Likeness(
            int(found.first[at]),
            int(found.second[at]),
            change._replace(pace=float(paces[at])),
            float(origins[at]) * HOP_S,
            float(best[at]),
            float(shared[at]) * HOP_S,
        )
        for at in kept
    ]


def _levels_alike(
    levels: Lines,
    found: _Candidates,
    paces: npt.NDArray[np.float64],
    origins: npt.NDArray[np.float64],
    change: Change,
) -> npt.NDArray[np.bool_]:
    """Tell of which pairs the levels correlate along an alignment, each band from its mean."""
    moved = _Candidates(paces, found.shifts, found.first, found.second, origins, found.seen)
    course = _Course.of(levels, moved, paces, _EVERY)
    mine = levels.nearest(found.first, course.frames)
    yours = levels.read(found.second, course.there(0.0), change.shift_bins)
    values = correlations(mine, yours, np.maximum(course.counts, 1), by_band=True)
    return values >= _LEVELS_ALIKE_OVERALL


class _Course(NamedTuple):
    """Which frames of many pairs are compared.

    Attributes:
        frames: of the first of each, `[n, frames]`; -1 beyond the last.
        counts: how many, `[n]`.
        shared: how many both share, `[n]`.
        origin, pace: frame `f` of the first is frame `(f - origin) * pace` of the second.
    """

    frames: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]
    shared: npt.NDArray[np.int64]
    origin: npt.NDArray[np.float64]
    pace: npt.NDArray[np.float64] | float

    @classmethod
    def of(
        cls,
        lines: Lines,
        found: _Candidates,
        pace: npt.NDArray[np.float64] | float,
        every: int,
    ) -> _Course:
        lengths = lines.lengths[found.first], lines.lengths[found.second]
        begin, end = _shared(*lengths, pace, found.origin)
        shared = np.maximum(end - begin, 0)
        counts = -(-shared // every)
        steps = np.arange(counts.max(initial=0))
        frames = begin[:, np.newaxis] + every * steps.astype(np.float64)
        frames[steps >= counts[:, np.newaxis]] = -1.0
        return cls(frames, counts, shared, found.origin, pace)

    def there(self, move: float) -> npt.NDArray[np.float64]:
        """Return the frames of the second, read so much later; -1 beyond the last."""
        pace = np.reshape(self.pace, (-1, 1))
        there = (self.frames - self.origin[:, np.newaxis] + move) * pace
        return np.where(self.frames < 0.0, -1.0, there)


def _shared(
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    pace: npt.NDArray[np.float64] | float,
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
