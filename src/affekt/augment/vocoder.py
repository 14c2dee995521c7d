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
from affekt.features import hann_window

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
    advances = expected + _wrap(np.diff(phases, axis=0) - expected)
    positions = np.arange(0.0, spectrum.shape[0] - 1, rate)
    lefts = positions.astype(np.intp)
    shares = (positions - lefts).astype(np.float32)[:, None]
    read = (np.float32(1.0) - shares) * magnitudes[lefts] + shares * magnitudes[lefts + 1]
    peaks = _peak_of_each_bin(read)
    # Only the phases depend on the frame before; all else is done for all frames at once.
    locked = np.empty(read.shape)
    phase = phases[0]
    for index, left in enumerate(lefts):
        rotation = phase - phases[left]
        phase = locked[index] = phases[left] + rotation[peaks[index]]
        phase = phase + advances[left]
    angles = _wrap(locked).astype(np.float32)
    result = np.empty(read.shape, dtype=np.complex64)
    np.multiply(read, np.cos(angles), out=result.real)
    np.multiply(read, np.sin(angles), out=result.imag)
    return result


def _wrap(phases: NDArray[np.float64]) -> NDArray[np.float64]:
    """Take whole turns off, so that -pi to pi is left."""
    turn = 2.0 * np.pi
    wrapped: NDArray[np.float64] = phases - turn * np.round(phases / turn)
    return wrapped


def _peak_of_each_bin(magnitudes: NDArray[np.floating]) -> NDArray[np.intp]:
    """Return for each bin of each frame the index of the nearest spectral peak, `[frames, bins]`.

    Halfway between two peaks the lower one counts; a frame without a peak gives each bin itself.
    """
    inner = magnitudes[:, 2:-2]
    is_peak = np.zeros(magnitudes.shape, dtype=bool)
    is_peak[:, 2:-2] = (
        (inner > magnitudes[:, 1:-3])
        & (inner > magnitudes[:, 3:-1])
        & (inner > magnitudes[:, :-4])
        & (inner > magnitudes[:, 4:])
    )
    # Of each frame without a peak, the first bin stands in until the end.
    has_peak = is_peak.any(axis=1)
    is_peak[~has_peak, 0] = True
    bins = magnitudes.shape[1]
    places = np.flatnonzero(is_peak)
    frames = places // bins
    borders = (places[1:] + places[:-1]) // 2 + 1
    borders = np.where(frames[1:] == frames[:-1], borders, frames[1:] * bins)
    counts = np.diff(borders, prepend=0, append=is_peak.size)
    nearest: NDArray[np.intp] = np.repeat(places % bins, counts).reshape(magnitudes.shape)
    nearest[~has_peak] = np.arange(bins)
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
