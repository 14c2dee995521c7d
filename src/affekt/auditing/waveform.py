"""Whether two recordings are one: the correlation of their waveforms.

Two readings of a sentence may draw like fingerprints; the phases of their waves are unrelated.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal

# What telephones, low rates and codecs leave.
_LOWEST_HZ, _HIGHEST_HZ = 300.0, 3400.0
# Alignments are looked for this far around the one that the fingerprints suggest.
_SEARCH_S = 0.06
# Between samples: at 3400 Hz half a sample turns the phase by 38 degrees.
_BETWEEN = np.arange(-0.75, 1.0, 0.25)
# Samples of the frames in which what differs is measured.
_FRAME = 400


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
    """Correlate two mono signals at 16 kHz near an alignment, in the band all copies keep.

    Waves are compared by their slope, so that low partials do not speak for all.
    """
    size = 1 << int(np.ceil(np.log2(first.size + second.size)))
    one, other = _spectrum(first, size), _spectrum(second, size)
    cross = one * np.conj(other)
    product = np.fft.irfft(cross, size)
    middle, reach = offset_s * SAMPLING_RATE_HZ, _SEARCH_S * SAMPLING_RATE_HZ
    lags = np.arange(int(middle - reach), int(middle + reach) + 1)
    near = int(lags[np.abs(product[lags % size]).argmax()])
    turns = 2j * np.pi * np.arange(cross.size) / size
    best = max(
        near + _BETWEEN, key=lambda place: abs(float((cross * np.exp(turns * place)).real.sum()))
    )
    lag = round(best)
    begin, end = max(0, lag), min(first.size, second.size + lag)
    if end <= begin:
        return NOTHING
    # The second is moved to the first, in fractions of a sample.
    moved = other * np.exp(-turns * best)
    mine = np.fft.irfft(one, size)[begin:end]
    yours = np.fft.irfft(moved, size)[begin:end]
    energy, other_energy = _energy(mine), _energy(yours)
    if energy <= 0.0 or other_energy <= 0.0:
        return NOTHING
    value = float(mine @ yours / np.sqrt(energy * other_energy))
    return Correlation(
        value=value,
        offset_s=float(best) / SAMPLING_RATE_HZ,
        gain_db=float(10.0 * np.log10(other_energy / energy)),
        shared_s=(end - begin) / SAMPLING_RATE_HZ,
        steadiness=_steadiness(mine, yours, value * np.sqrt(other_energy / energy)),
    )


def whitened_peak(first: Signal, second: Signal) -> float:
    """Correlate two mono signals at 16 kHz with all partials equally strong.

    A room, a telephone or another filter moves the phases of a copy little from one partial to the
    next: one delay stands out. Those of another reading are unrelated, and none does.

    Source: Knapp and Carter, "The generalized correlation method for estimation of time delay",
    IEEE Transactions on Acoustics, Speech, and Signal Processing 24(4), 1976 (PHAT).

    Returns:
        The largest value over the root mean square of all.
    """
    size = 1 << int(np.ceil(np.log2(first.size + second.size)))
    cross = _spectrum(first, size) * np.conj(_spectrum(second, size))
    strength = np.abs(cross)
    white = np.divide(cross, strength, out=np.zeros_like(cross), where=strength > 0.0)
    product = np.fft.irfft(white, size)
    level = float(np.sqrt(np.mean(np.square(product))))
    return float(np.abs(product).max()) / level if level > 0.0 else 0.0


def _spectrum(signal: Signal, size: int) -> npt.NDArray[np.complex64]:
    spectrum = np.fft.rfft(signal, size)
    frequency_hz = np.arange(spectrum.size) * SAMPLING_RATE_HZ / size
    slope = np.where(
        (frequency_hz >= _LOWEST_HZ) & (frequency_hz <= _HIGHEST_HZ), frequency_hz, 0.0
    )
    return np.asarray(spectrum * (slope / _HIGHEST_HZ), np.complex64)


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
