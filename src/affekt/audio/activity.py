"""Sound or no sound: which parts of a long recording are worth listening to.

Plain energy of short frames against a threshold that follows the recording's own noise floor.
It tells sound from background, not speech from other sounds. An offset of the microphone and the
hum of the mains count as nothing, however strong they are.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio.signal import Signal, rechunk

FRAME_S = 0.03
# What is analysed at once; the noise floor is that of all spans so far.
_SPAN_FRAMES = 1000
# Below this (dBFS, RMS of a frame) there is nothing, whatever the noise floor.
_NOTHING_DB = -80
# Loudest minus floor: where it is less, the recording is all sound, or has no floor to tell from.
_MIN_RANGE_DB = 15.0
# The threshold lies this share of the range above the floor, within these bounds.
_RANGE_SHARE = 0.3
_MIN_ABOVE_FLOOR_DB = 6.0
_MAX_ABOVE_FLOOR_DB = 12.0
_FLOOR_QUANTILE = 0.1
# What is left of a level must be so much of a frame, or it is forgotten.
_COUNTS = 0.5
_MAINS_HZ = (50.0, 60.0)
# Pauses within speech are kept, clicks are not, and soft onsets and endings are included.
_GAP_S = 0.3
_MIN_SOUND_S = 0.09
_PADDING_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Progress:
    """What is known after another span; places are samples from the recording's beginning.

    Attributes:
        signal: the span itself; empty at the end.
        ended: stretches of sound that are over.
        growing: beginning, and end so far, of the stretch that may go on.
    """

    signal: Signal
    ended: list[tuple[int, int]]
    growing: tuple[int, int] | None


def activity(signal: Signal, sampling_rate: int) -> list[tuple[float, float]]:
    """Return the parts with sound.

    Args:
        signal: [samples] mono.
        sampling_rate: in Hz.

    Returns:
        (start, end) in seconds, in order, at least 0.1 s apart; pauses up to 0.3 s belong to the
        sound around them, sounds under 0.09 s (clicks) are left out.
    """
    return [
        (start / sampling_rate, end / sampling_rate)
        for progress in follow_activity([signal], sampling_rate)
        for start, end in progress.ended
    ]


def follow_activity(blocks: Iterable[Signal], sampling_rate: int) -> Iterator[Progress]:
    """Find the parts with sound while a recording is being read, in flat memory.

    The result does not depend on the length of the blocks.

    Args:
        blocks: consecutive pieces of the signal, [samples] each.
        sampling_rate: in Hz.
    """
    frame = round(FRAME_S * sampling_rate)
    gap, shortest, padding = (
        round(seconds * sampling_rate) for seconds in (_GAP_S, _MIN_SOUND_S, _PADDING_S)
    )
    floor = NoiseFloor()
    total = 0
    stretch: tuple[int, int] | None = None

    def padded(start: int, end: int) -> list[tuple[int, int]]:
        if end - start < shortest:
            return []
        return [(max(0, start - padding), min(total, end + padding))]

    for span in rechunk(blocks, _SPAN_FRAMES * frame):
        levels = signal_levels_db(span, frame, sampling_rate)
        floor.update(levels)
        runs = _runs(levels >= floor.threshold_db)
        ended: list[tuple[int, int]] = []
        begin, total = total, total + span.size
        for first, last in runs:
            start, end = begin + first * frame, min(begin + last * frame, total)
            if stretch is not None and start - stretch[1] > gap:
                ended += padded(*stretch)
                stretch = None
            stretch = (start if stretch is None else stretch[0], end)
        if stretch is not None and total - stretch[1] > gap:
            ended += padded(*stretch)
            stretch = None
        growing = None
        if stretch is not None and stretch[1] - stretch[0] >= shortest:
            growing = (max(0, stretch[0] - padding), stretch[1])
        yield Progress(signal=span, ended=ended, growing=growing)
    if stretch is not None:
        nothing = np.empty(0, dtype=np.float32)
        yield Progress(signal=nothing, ended=padded(*stretch), growing=None)


class NoiseFloor:
    """Levels of all frames so far, counted in whole decibels from `nothing_db` to 0 and above.

    Args:
        unknown_db: threshold as long as the levels are too much alike to tell a floor.
        nothing_db: fainter frames are not counted.
        most_above_db: the threshold lies at most so far above the floor.
        kept: of the counts, at each update; below 1, what is long ago weighs less and less.
    """

    def __init__(
        self,
        *,
        unknown_db: float = _NOTHING_DB,
        nothing_db: int = _NOTHING_DB,
        most_above_db: float = _MAX_ABOVE_FLOOR_DB,
        kept: float = 1.0,
    ) -> None:
        self._unknown_db = unknown_db
        self._nothing_db = nothing_db
        self._most_above_db = most_above_db
        self._kept = kept
        self._counts = np.zeros(-nothing_db + 1)

    def update(self, levels_db: npt.NDArray[np.float64]) -> None:
        """Take in the levels of the next frames."""
        sounding = levels_db[levels_db >= self._nothing_db]
        bins = np.floor(sounding).astype(np.int64) - self._nothing_db
        self._counts *= self._kept
        self._counts += np.bincount(
            np.minimum(bins, self._counts.size - 1), minlength=self._counts.size
        )

    @property
    def threshold_db(self) -> float:
        """Level from which a frame counts as sound, by all frames so far."""
        seen = np.cumsum(self._counts)
        loudest = np.flatnonzero(self._counts >= _COUNTS)
        if not loudest.size:
            return self._nothing_db
        floor = int(np.searchsorted(seen, _FLOOR_QUANTILE * seen[-1]))
        range_db = float(loudest[-1] - floor)
        if range_db < _MIN_RANGE_DB:
            return self._unknown_db
        above_db = min(max(_RANGE_SHARE * range_db, _MIN_ABOVE_FLOOR_DB), self._most_above_db)
        return floor + self._nothing_db + above_db


def levels_db(frames: Signal, sampling_rate: int) -> npt.NDArray[np.float64]:
    """Return the RMS level of each frame in dBFS, -120 at least.

    A constant offset, and sines of 50 and 60 Hz of any phase, are taken out of each frame before.
    Nothing above 125 Hz loses as much as 2 dB in frames of 20 ms or more.

    Args:
        frames: `[frames, samples]`, of 20 ms or so.
        sampling_rate: in Hz.
    """
    basis = _steady(frames.shape[1], sampling_rate)
    rest = frames - (frames @ basis) @ basis.T
    power = np.einsum("ij,ij->i", rest, rest, dtype=np.float32) / frames.shape[1]
    levels: npt.NDArray[np.float64] = 10 * np.log10(np.maximum(power, 1e-12).astype(np.float64))
    return levels


@functools.lru_cache(maxsize=8)
def _steady(samples: int, sampling_rate: int) -> npt.NDArray[np.float32]:
    """Return an orthonormal basis `[samples, 5]` of what an offset and the mains can add."""
    times_s = np.arange(samples) / sampling_rate
    waves = [wave(2 * np.pi * hz * times_s) for hz in _MAINS_HZ for wave in (np.cos, np.sin)]
    basis: npt.NDArray[np.float32] = np.linalg.qr(np.stack([np.ones(samples), *waves], axis=1))[
        0
    ].astype(np.float32)
    return basis


def fill_frame(signal: Signal, frame: int) -> Signal:
    """Return a signal mirrored at its end until it fills a frame: no step that would be sound."""
    return np.pad(signal, (0, frame - signal.size), mode="symmetric")


def signal_levels_db(signal: Signal, frame: int, sampling_rate: int) -> npt.NDArray[np.float64]:
    """Return the level of each frame of a signal; a shorter one at the end counts as well.

    Args:
        signal: `[samples]` mono.
        frame: samples a frame, 20 ms or so.
        sampling_rate: in Hz.
    """
    whole = signal.size - signal.size % frame
    if whole < signal.size:
        signal = np.concatenate((signal[:whole], fill_frame(signal[whole:], frame)))
    return levels_db(signal.reshape(-1, frame), sampling_rate)


def _runs(active: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return (first, last + 1) of each run of true values."""
    edges = np.flatnonzero(np.diff(active, prepend=False, append=False))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]
