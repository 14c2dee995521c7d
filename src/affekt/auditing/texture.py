"""Whether one recording is another at a different pitch or pace: the texture of their spectra.

A change of pitch or pace loses the phases and keeps, moved, which bins of the spectrum sound when,
down to the grain of breath and noise. Other readings share the coarse lines alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal, resample
from affekt.auditing.fingerprint import BINS_AN_OCTAVE
from affekt.auditing.matching import Likeness

_N_FFT, _HOP = 1024, 128
_LOWEST, _HIGHEST = 250 * _N_FFT // SAMPLING_RATE_HZ, 3500 * _N_FFT // SAMPLING_RATE_HZ
# Levels are told from their neighbours: 72 ms, 78 Hz around.
_AROUND = (9, 5)
# Stretches of 0.2 s find their own place within 0.1 s, as no pace is even to the last.
_STRETCH, _SEARCH = 25, 12
# Quarters of a fingerprint's band.
_FINE_BINS = (-0.5, -0.25, 0.0, 0.25, 0.5)
# Weaker stretches are skipped, relative to the peak.
_SOUNDING = 0.03
_RANGE = 1e-3

FloatArray = npt.NDArray[np.floating]


def texture_correlation(first: Signal, second: Signal, alike: Likeness) -> float:
    """Correlate the texture of two mono signals at 16 kHz, the second changed to be the first.

    Returns:
        The median over stretches, at the best of nearby pitches; 0 where nothing is shared.
    """
    begins = np.arange(0, first.size, _HOP)
    mine = _texture(first, begins.astype(np.float64))
    loud = _SOUNDING * float(np.abs(first).max())
    starts = [
        start
        for start in range(0, len(begins) - _STRETCH + 1, _STRETCH)
        if np.abs(first[begins[start] : begins[start] + _STRETCH * _HOP]).max() >= loud
    ]
    stretches = [(int(begins[start]), mine[start : start + _STRETCH]) for start in starts]
    return max(_at(stretches, second, alike, alike.change.shift_bins + bins) for bins in _FINE_BINS)


def _at(
    stretches: Sequence[tuple[int, FloatArray]], second: Signal, alike: Likeness, bins: float
) -> float:
    # Read slower by the factor, the second has the first's pitch.
    factor = 2.0 ** (bins / BINS_AN_OCTAVE)
    lower = resample(second, SAMPLING_RATE_HZ, round(SAMPLING_RATE_HZ * factor))
    pace = alike.change.pace * factor
    around = np.arange(-_SEARCH, _STRETCH + _SEARCH)
    found = []
    for begin, mine in stretches:
        there = (begin - alike.offset_s * SAMPLING_RATE_HZ) * pace
        if there >= 0 and there + _STRETCH * _HOP * pace <= lower.size:
            found.append(_best(mine, _texture(lower, there + around * _HOP * pace)))
    return float(np.median(found)) if found else 0.0


def _best(mine: FloatArray, yours: FloatArray) -> float:
    energy = float(np.square(mine).sum())
    return max(
        float((mine * part).sum() / np.sqrt(energy * np.square(part).sum() + 1e-9))
        for part in (yours[at : at + _STRETCH] for at in range(len(yours) - _STRETCH + 1))
    )


def _texture(signal: Signal, centres: FloatArray) -> FloatArray:
    """Return levels of the bins above those around them, `[centres, bins]`."""
    padded = np.pad(signal, _N_FFT)
    begins = np.rint(centres).astype(np.int64) + _N_FFT // 2
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)
    frames = frames[np.clip(begins, 0, len(frames) - 1)]
    window = np.hanning(_N_FFT + 1)[:_N_FFT].astype(np.float32)
    magnitude = np.abs(np.fft.rfft(frames * window, axis=1))
    floor = max(float(magnitude.max()) * _RANGE, 1e-12)
    level = np.log10(np.maximum(magnitude, floor))[:, _LOWEST:_HIGHEST]
    return np.asarray(level - _mean_around(_mean_around(level, _AROUND[0]).T, _AROUND[1]).T)


def _mean_around(values: FloatArray, length: int) -> FloatArray:
    """Average each row with those around it."""
    half = length // 2
    padded = np.pad(values, ((half + 1, half), (0, 0)), mode="edge")
    total = np.cumsum(padded, axis=0, dtype=np.float64)
    return np.asarray((total[length:] - total[:-length]) / length)
