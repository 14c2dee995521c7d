"""Whether one recording is another at a different pitch or pace: the texture of their spectra.

A change of pitch or pace loses the phases and keeps, moved, which bins of the spectrum sound when,
down to the grain of breath and noise. Other readings share the coarse lines alone.
"""

from __future__ import annotations

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
# Stretches that are compared at once.
_AT_ONCE = 64

FloatArray = npt.NDArray[np.floating]


def texture_correlation(first: Signal, second: Signal, alike: Likeness) -> float:
    """Correlate the texture of two mono signals at 16 kHz, the second changed to be the first.

    Returns:
        The median over stretches, at the best of nearby pitches; 0 where nothing is shared.
    """
    begins = np.arange(0, first.size, _HOP)
    mine = _texture(first, begins[np.newaxis].astype(np.float64))[0]
    loud = _SOUNDING * float(np.abs(first).max())
    starts = [
        start
        for start in range(0, len(begins) - _STRETCH + 1, _STRETCH)
        if np.abs(first[begins[start] : begins[start] + _STRETCH * _HOP]).max() >= loud
    ]
    if not starts:
        return 0.0
    stretches = np.stack([mine[start : start + _STRETCH] for start in starts])
    places = begins[starts]
    return max(
        _at(places, stretches, second, alike, alike.change.shift_bins + bins) for bins in _FINE_BINS
    )


def _at(
    begins: npt.NDArray[np.int64],
    stretches: FloatArray,
    second: Signal,
    alike: Likeness,
    bins: float,
) -> float:
    # Read slower by the factor, the second has the first's pitch.
    factor = 2.0 ** (bins / BINS_AN_OCTAVE)
    lower = resample(second, SAMPLING_RATE_HZ, round(SAMPLING_RATE_HZ * factor))
    pace = alike.change.pace * factor
    around = np.arange(-_SEARCH, _STRETCH + _SEARCH) * _HOP * pace
    there = (begins - alike.offset_s * SAMPLING_RATE_HZ) * pace
    (shared,) = np.nonzero((there >= 0) & (there + _STRETCH * _HOP * pace <= lower.size))
    found = [
        _best(stretches[part], _texture(lower, there[part, np.newaxis] + around))
        for part in (shared[at : at + _AT_ONCE] for at in range(0, len(shared), _AT_ONCE))
    ]
    return float(np.median(np.concatenate(found))) if found else 0.0


def _best(mine: FloatArray, yours: FloatArray) -> FloatArray:
    """Correlate stretches with longer ones, each at its best place."""
    both = mine @ yours.transpose(0, 2, 1)
    places = yours.shape[1] - _STRETCH + 1
    fits = np.sum([both[:, at, at : at + places] for at in range(_STRETCH)], axis=0)
    total = np.cumsum(np.einsum("nij,nij->ni", yours, yours), axis=1)
    energy = total[:, _STRETCH - 1 :].copy()
    energy[:, 1:] -= total[:, :-_STRETCH]
    energy *= np.einsum("nij,nij->n", mine, mine)[:, np.newaxis]
    return np.asarray((fits / np.sqrt(energy + 1e-9)).max(axis=1))


def _texture(signal: Signal, centres: FloatArray) -> FloatArray:
    """Return levels of the bins above those around them, `[stretches, centres, bins]`."""
    padded = np.pad(signal, _N_FFT)
    begins = np.rint(centres).astype(np.int64) + _N_FFT // 2
    frames = np.lib.stride_tricks.sliding_window_view(padded, _N_FFT)
    frames = frames[np.clip(begins, 0, len(frames) - 1)]
    window = np.hanning(_N_FFT + 1)[:_N_FFT].astype(np.float32)
    magnitude = np.abs(np.fft.rfft(frames * window, axis=2))
    floor = np.maximum(magnitude.max(axis=(1, 2), keepdims=True) * _RANGE, 1e-12)
    level = np.log10(np.maximum(magnitude, floor)[:, :, _LOWEST:_HIGHEST])
    around = _mean_around(_mean_around(level, _AROUND[0], axis=1), _AROUND[1], axis=2)
    return np.asarray(level - around)


def _mean_around(values: FloatArray, length: int, *, axis: int) -> FloatArray:
    """Average each value with those around it."""
    half = length // 2
    edges = [(0, 0)] * values.ndim
    edges[axis] = (half + 1, half)
    total = np.cumsum(np.pad(values, edges, mode="edge"), axis=axis, dtype=np.float64)
    total = np.moveaxis(total, axis, 0)
    return np.moveaxis((total[length:] - total[:-length]) / length, 0, axis)
