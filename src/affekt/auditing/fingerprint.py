"""What a recording sounds like, small enough to be kept: which partials sound when.

A fingerprint is the level in narrow bands, spaced logarithmically, over time. It survives other
codecs, rates, gains, noise and cuts; a change of pitch moves it along the bands, a change of pace
stretches it in time. Partials of a voice draw other lines in each reading of a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal

FloatArray = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint8]

HOP_S = 0.025
BINS_AN_OCTAVE = 24
# A pitch may be moved by four semitones and still be compared on telephone bandwidth.
MAX_SHIFT_BINS = 8
_N_FFT = 1024
_HOP = round(HOP_S * SAMPLING_RATE_HZ)
_LOWEST_HZ, _HIGHEST_HZ = 160.0, 3800.0
_FLOOR_DB = 30.0
# Levels are told from their neighbours half an octave around: what remains are the partials.
_AROUND_BINS = 25
_BLOCK_FRAMES = 4096
# How a vocoder smears a sound over 75 ms.
SMEARED = (1 / 12, 3 / 12, 4 / 12, 3 / 12, 1 / 12)

# A window of sound that is looked for elsewhere: 0.8 s about a peak of the level.
_HALF_FRAMES, _STEP_FRAMES = 16, 2
_WINDOWS_A_SECOND = 2.0
_LEAST_WINDOWS = 3
_APART_FRAMES = 10
_SMOOTH_FRAMES = 7


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """Partials of a recording between its first and last sounding frame.

    Attributes:
        levels: uint8 `[frames, bands]`, 0 at 30 dB below the loudest, 255 at the loudest.
        start: frames before the first.
    """

    levels: Levels
    start: int

    @property
    def duration_s(self) -> float:
        """Seconds from the first sounding frame to the last."""
        return len(self.levels) * HOP_S


def fingerprint(signal: Signal) -> Fingerprint:
    """Take the fingerprint of mono float32 at 16 kHz; a silent one has no frames."""
    half = _N_FFT // 2
    padded = np.pad(signal, half)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)[::_HOP]
    power = np.concatenate(
        [
            np.square(np.abs(np.fft.rfft(frames[at : at + _BLOCK_FRAMES] * _window(), axis=1)))
            @ _filters()
            for at in range(0, len(frames), _BLOCK_FRAMES)
        ]
    )
    loudest = float(power.max())
    if loudest <= 0.0:
        return Fingerprint(np.zeros((0, _filters().shape[1]), np.uint8), 0)
    level_db = 10.0 * np.log10(np.maximum(power / loudest, 10.0 ** (-_FLOOR_DB / 10.0)))
    levels = np.rint((level_db / _FLOOR_DB + 1.0) * 255.0).astype(np.uint8)
    sounding = np.flatnonzero(levels.any(axis=1))
    first, last = int(sounding[0]), int(sounding[-1]) + 1
    return Fingerprint(levels[first:last], first)


def partials(levels: Levels) -> FloatArray:
    """Return how far each band stands out from its neighbours, `[frames, bands]`."""
    values = levels.astype(np.float32) / 255.0
    half = _AROUND_BINS // 2
    padded = np.pad(values, ((0, 0), (half + 1, half)), mode="edge")
    total = np.cumsum(padded, axis=1, dtype=np.float32)
    around = (total[:, _AROUND_BINS:] - total[:, :-_AROUND_BINS]) / _AROUND_BINS
    return np.asarray(values - around, np.float32)


def smoothed(values: npt.NDArray[np.number]) -> FloatArray:
    """Average `[frames, bands]` over 75 ms of time, as a vocoder smears it."""
    half = len(SMEARED) // 2
    padded = np.pad(values, ((half, half), (0, 0)), mode="edge")
    total = np.zeros(values.shape, np.float32)
    for at, weight in enumerate(SMEARED):
        total += np.float32(weight) * padded[at : at + len(values)]
    return total


def window_places(levels: Levels) -> FloatArray:
    """Return where windows are centred, loudest first, in frames and fractions of them.

    They are peaks of the level, which lie where they lie however a copy was cut or shifted.
    """
    if len(levels) < _HALF_FRAMES:
        return np.zeros(0, np.float32)
    total = levels.sum(axis=1, dtype=np.float64)
    shape = np.hanning(_SMOOTH_FRAMES + 2)[1:-1]
    level = np.convolve(total, shape / shape.sum(), mode="same")
    inner = level[1:-1]
    peaks = 1 + np.flatnonzero((inner >= level[:-2]) & (inner > level[2:]))
    wanted = max(_LEAST_WINDOWS, round(_WINDOWS_A_SECOND * len(levels) * HOP_S))
    chosen: list[float] = []
    for peak in peaks[np.argsort(-level[peaks], kind="stable")]:
        if any(abs(peak - other) < _APART_FRAMES for other in chosen):
            continue
        before, here, after = level[peak - 1 : peak + 2]
        bend = before - 2.0 * here + after
        chosen.append(peak + (0.5 * (before - after) / bend if bend < 0.0 else 0.0))
        if len(chosen) == wanted:
            break
    return np.array(chosen, np.float32)


def window_frames(places: npt.NDArray[np.floating], pace: float = 1.0) -> npt.NDArray[np.float64]:
    """Return the frames of windows about places, read at another pace, `[places, frames]`."""
    steps = np.arange(-_HALF_FRAMES, _HALF_FRAMES + 1, _STEP_FRAMES)
    return np.asarray(places, np.float64)[:, np.newaxis] + steps * pace


@cache
def _window() -> FloatArray:
    return np.hanning(_N_FFT + 1)[:_N_FFT].astype(np.float32)


@cache
def _filters() -> FloatArray:
    """Triangles on a logarithmic axis, `[n_fft // 2 + 1, bands]`."""
    count = int(np.log2(_HIGHEST_HZ / _LOWEST_HZ) * BINS_AN_OCTAVE) + 1
    centres_hz = _LOWEST_HZ * 2.0 ** (np.arange(-1, count + 1) / BINS_AN_OCTAVE)
    bins_hz = np.arange(_N_FFT // 2 + 1) * SAMPLING_RATE_HZ / _N_FFT
    low, centre, high = centres_hz[:-2], centres_hz[1:-1], centres_hz[2:]
    rising = (bins_hz[:, np.newaxis] - low) / (centre - low)
    falling = (high - bins_hz[:, np.newaxis]) / (high - centre)
    filters = np.clip(np.minimum(rising, falling), 0.0, None)
    # Where bands are narrower than the spectrum's bins, each takes the nearest one.
    empty = np.flatnonzero(~filters.any(axis=0))
    filters[np.abs(bins_hz[:, np.newaxis] - centre[empty]).argmin(axis=0), empty] = 1.0
    return filters.astype(np.float32)
