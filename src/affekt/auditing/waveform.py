"""Whether two recordings are one: the correlation of their waveforms.

Two readings of a sentence may draw like fingerprints; the phases of their waves are unrelated.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal

# What telephones, low rates and codecs leave, and the rate at which it is compared.
_LOWEST_HZ, _HIGHEST_HZ = 300.0, 3400.0
_RATE_HZ = SAMPLING_RATE_HZ // 2
# Alignments are looked for this far around the one that the fingerprints suggest.
_SEARCH_S = 0.06
# Between samples at 16 kHz: at 3400 Hz half of one turns the phase by 38 degrees.
_BETWEEN = np.arange(-0.75, 1.0, 0.25)
# Samples of the frames in which what differs is measured.
_FRAME = 200
# What the band rings beyond the end of a signal.
_RING = 256


class Sound:
    """A mono signal at 16 kHz, and its band that all copies keep.

    Args:
        signal: float32.
    """

    def __init__(self, signal: Signal) -> None:
        self.signal = signal

    @cached_property
    def band(self) -> Signal:
        """The band of a telephone at 8 kHz, by its slope: low partials do not speak for all."""
        size = 4 * _fast_size(-(-(self.signal.size + _RING) // 4))
        spectrum = np.fft.rfft(self.signal, size) * _slope(size)
        half = np.fft.irfft(spectrum[: size // 4 + 1], size // 2)
        return np.asarray(half[: -(-self.signal.size // 2)], np.float32)


class Correlation(NamedTuple):
    """How far two waveforms agree.

    Attributes:
        value: normalised correlation over what both share; negative where one is turned over.
        offset_s: time in the first minus time in the second.
        gain_db: level of the second above that of the first.
        shared_s: seconds both share.
        steadiness: power of what differs in the quieter half of the frames over that in the
            louder half; about 1 for added noise, far less for codecs.
    """

    value: float
    offset_s: float
    gain_db: float
    shared_s: float
    steadiness: float


NOTHING = Correlation(0.0, 0.0, 0.0, 0.0, 0.0)


def correlate(first: Signal, second: Signal, *, offset_s: float) -> Correlation:
    """Correlate the bands of two sounds near an alignment."""
    middle, reach = offset_s * SAMPLING_RATE_HZ, _SEARCH_S * SAMPLING_RATE_HZ
    lags = np.arange(int(middle - reach), int(middle + reach) + 1)
    # So long that nothing comes round from the other end at these lags.
    furthest = max(first.size - int(lags[0]) // 2, second.size + int(lags[-1]) // 2)
    size = _fast_size(max(first.size, second.size, furthest) + _RING)
    one, other = np.fft.rfft(first, size), np.fft.rfft(second, size)
    cross = one * np.conj(other)
    product = np.fft.irfft(cross, 2 * size)
    near = int(lags[np.abs(product[lags % (2 * size)]).argmax()])
    turns = np.arange(cross.size) * (np.pi / size)
    there = (cross * np.exp(1j * (turns * near))).astype(np.complex64)
    best = near + float(_BETWEEN[np.abs((_between(size) @ there).real).argmax()])
    lag = round(best / 2.0)
    begin, end = max(0, lag), min(first.size, second.size + lag)
    if end <= begin:
        return NOTHING
    # The second is moved to the first, in fractions of a sample.
    moved = (other * np.exp(-1j * (turns * best))).astype(np.complex64)
    mine, yours = first[begin:end], np.fft.irfft(moved, size)[begin:end]
    energy, other_energy = _energy(mine), _energy(yours)
    if energy <= 0.0 or other_energy <= 0.0:
        return NOTHING
    value = float(mine @ yours / np.sqrt(energy * other_energy))
    return Correlation(
        value=value,
        offset_s=best / SAMPLING_RATE_HZ,
        gain_db=float(10.0 * np.log10(other_energy / energy)),
        shared_s=(end - begin) / _RATE_HZ,
        steadiness=_steadiness(mine, yours, value * np.sqrt(other_energy / energy)),
    )


def whitened_peak(first: Signal, second: Signal) -> float:
    """Correlate the bands of two sounds with all partials equally strong.

    A room, a telephone or another filter moves the phases of a copy little from one partial to the
    next: one delay stands out. Those of another reading are unrelated, and none does.

    Source: Knapp and Carter, "The generalized correlation method for estimation of time delay",
    IEEE Transactions on Acoustics, Speech, and Signal Processing 24(4), 1976 (PHAT).

    Returns:
        The largest value over the root mean square of all.
    """
    size = 1 << int(np.ceil(np.log2(first.size + second.size)))
    cross = np.fft.rfft(first, size) * np.conj(np.fft.rfft(second, size))
    band = slice(*(round(edge_hz * size / _RATE_HZ) for edge_hz in (_LOWEST_HZ, _HIGHEST_HZ)))
    strength = np.abs(cross[band])
    white = np.zeros_like(cross)
    np.divide(cross[band], strength, out=white[band], where=strength > 0.0)
    # Between two samples at 8 kHz, the sound at 16 kHz has another.
    product = np.fft.irfft(white, 2 * size)
    level = float(np.sqrt(np.mean(np.square(product))))
    return float(np.abs(product).max()) / level if level > 0.0 else 0.0


def _fast_size(least: int) -> int:
    """Return a length that a Fourier transform is fast for."""
    power = 1 << max(least - 1, 1).bit_length()
    return min(size for size in (power * 5 // 8, power * 3 // 4, power) if size >= least)


@lru_cache(maxsize=32)
def _slope(size: int) -> npt.NDArray[np.float32]:
    frequency_hz = np.arange(size // 2 + 1) * SAMPLING_RATE_HZ / size
    inside = (frequency_hz >= _LOWEST_HZ) & (frequency_hz <= _HIGHEST_HZ)
    return np.where(inside, frequency_hz / _HIGHEST_HZ, 0.0).astype(np.float32)


@lru_cache(maxsize=32)
def _between(size: int) -> npt.NDArray[np.complex64]:
    """Return what turns the phases of a spectrum by parts of a sample at 16 kHz."""
    turns = np.arange(size // 2 + 1) * np.pi / size
    return np.asarray(np.exp(1j * _BETWEEN[:, np.newaxis] * turns), np.complex64)


def _steadiness(
    mine: npt.NDArray[np.floating], yours: npt.NDArray[np.floating], gain: float
) -> float:
    frames = mine.size // _FRAME
    if frames < 2:
        return 0.0
    size = frames * _FRAME
    level = np.square(mine[:size].reshape(frames, -1)).sum(axis=1)
    level = np.minimum(level * gain**2, np.square(yours[:size].reshape(frames, -1)).sum(axis=1))
    differing = np.square((yours - gain * mine)[:size].reshape(frames, -1)).sum(axis=1)
    differing = differing[np.argsort(level)]
    quiet, loud = differing[: frames // 2].mean(), differing[frames // 2 :].mean()
    return float(quiet / loud) if loud > 0.0 else 0.0


def _energy(values: npt.NDArray[np.floating]) -> float:
    return float(np.square(values, dtype=np.float64).sum())
