"""A phase vocoder: change the duration of a sound and keep its pitch.

Source: Laroche and Dolson, "Improved phase vocoder time-scale modification of audio", IEEE
Transactions on Speech and Audio Processing 7(3), 1999, with their identity phase locking: the
bins around a spectral peak keep their phases relative to it, which avoids a reverberant sound.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from affekt.augment.base import Array
from affekt.features.spectra import hann_window

_WINDOW_S = 0.064
_OVERLAP = 4

Spectrum = NDArray[np.complex64]


def stretch(signal: Array, sampling_rate: int, *, rate: float) -> Array:
    """Make a sound shorter (rate above 1) or longer (below 1) at the same pitch.

    Args:
        signal: mono `[samples]`, float32.
        sampling_rate: in Hz.
        rate: 0.25 to 4; 2 is half as long.

    Returns:
        `round(samples / rate)` samples, float32.

    Raises:
        ValueError: the rate is out of range.
    """
    if not 0.25 <= rate <= 4.0:
        raise ValueError(f"rate is {rate}, and must lie between 0.25 and 4")
    window = 2 ** round(math.log2(_WINDOW_S * sampling_rate))
    hop = window // _OVERLAP
    stretched = _retime(_analyse(signal, window, hop), rate, hop)
    return _synthesise(stretched, window, hop, round(signal.size / rate))


def _analyse(signal: Array, window: int, hop: int) -> Spectrum:
    """Return centred frames, `[frames, bins]`, one more than the signal fills."""
    frames = 2 + -(-signal.size // hop)
    padded = np.zeros((frames - 1) * hop + window, dtype=np.float32)
    padded[window // 2 : window // 2 + signal.size] = signal
    views = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    return np.fft.rfft(views * hann_window(window), axis=-1).astype(np.complex64)


def _retime(spectrum: Spectrum, rate: float, hop: int) -> Spectrum:
    """Read the frames at `rate`, with phases that continue from frame to frame."""
    magnitudes, phases = np.abs(spectrum), np.angle(spectrum)
    bins = spectrum.shape[1]
    expected = 2.0 * np.pi * hop * np.arange(bins) / (2 * (bins - 1))
    positions = np.arange(0.0, spectrum.shape[0] - 1, rate)
    result = np.empty((positions.size, bins), dtype=np.complex64)
    phase = phases[0]
    for index, position in enumerate(positions):
        left = int(position)
        share = position - left
        magnitude = (1.0 - share) * magnitudes[left] + share * magnitudes[left + 1]
        rotation = phase - phases[left]
        phase = phases[left] + rotation[_peak_of_each_bin(magnitude)]
        result[index] = magnitude * np.exp(1j * phase)
        deviation = phases[left + 1] - phases[left] - expected
        deviation -= 2.0 * np.pi * np.round(deviation / (2.0 * np.pi))
        phase = phase + expected + deviation
    return result


def _peak_of_each_bin(magnitude: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return for each bin the index of the nearest spectral peak, itself where there is none."""
    inner = magnitude[2:-2]
    is_peak = (
        (inner > magnitude[1:-3])
        & (inner > magnitude[3:-1])
        & (inner > magnitude[:-4])
        & (inner > magnitude[4:])
    )
    peaks = np.flatnonzero(is_peak) + 2
    bins = np.arange(magnitude.size)
    if peaks.size == 0:
        return bins
    borders = (peaks[1:] + peaks[:-1]) / 2.0
    nearest: NDArray[np.intp] = peaks[np.searchsorted(borders, bins)]
    return nearest


def _synthesise(spectrum: Spectrum, window: int, hop: int, samples: int) -> Array:
    """Overlap and add windowed frames, and divide by the overlapped squared windows."""
    frames = np.fft.irfft(spectrum, window, axis=-1) * hann_window(window)
    total = np.zeros((frames.shape[0] - 1) * hop + window)
    weight = np.zeros_like(total)
    square = hann_window(window).astype(np.float64) ** 2
    for index, frame in enumerate(frames):
        total[index * hop : index * hop + window] += frame
        weight[index * hop : index * hop + window] += square
    result = np.zeros(samples, dtype=np.float32)
    body = (total / np.maximum(weight, 1e-3))[window // 2 :][:samples]
    result[: body.size] = body
    return result
