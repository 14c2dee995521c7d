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
_UPSAMPLING = 4


class Correlation(NamedTuple):
    """How far two waveforms agree.

    Attributes:
        value: normalised correlation over what both share; negative where one is turned over.
        offset_s: time in the first minus time in the second.
        gain_db: level of the second above that of the first.
        shared_s: seconds both share.
    """

    value: float
    offset_s: float
    gain_db: float
    shared_s: float


def correlate(first: Signal, second: Signal, *, offset_s: float) -> Correlation:
    """Correlate two mono signals at 16 kHz near an alignment, in the band all copies keep.

    Waves are compared by their slope, so that low partials do not speak for all.
    """
    size = 1 << int(np.ceil(np.log2(first.size + second.size)))
    one, other = _spectrum(first, size), _spectrum(second, size)
    product = np.fft.irfft(one * np.conj(other), size * _UPSAMPLING) * _UPSAMPLING
    middle = offset_s * SAMPLING_RATE_HZ * _UPSAMPLING
    reach = _SEARCH_S * SAMPLING_RATE_HZ * _UPSAMPLING
    lags = np.arange(int(middle - reach), int(middle + reach) + 1)
    best = int(lags[np.abs(product[lags % product.size]).argmax()])
    lag = round(best / _UPSAMPLING)
    begin, end = max(0, lag), min(first.size, second.size + lag)
    if end <= begin:
        return Correlation(0.0, offset_s, 0.0, 0.0)
    mine = _energy(np.fft.irfft(one, size)[begin:end])
    yours = _energy(np.fft.irfft(other, size)[begin - lag : end - lag])
    if mine <= 0.0 or yours <= 0.0:
        return Correlation(0.0, offset_s, 0.0, 0.0)
    return Correlation(
        value=float(np.clip(product[best % product.size] / np.sqrt(mine * yours), -1.0, 1.0)),
        offset_s=best / (SAMPLING_RATE_HZ * _UPSAMPLING),
        gain_db=float(10.0 * np.log10(yours / mine)),
        shared_s=(end - begin) / SAMPLING_RATE_HZ,
    )


def _spectrum(signal: Signal, size: int) -> npt.NDArray[np.complex64]:
    spectrum = np.fft.rfft(signal, size)
    frequency_hz = np.arange(spectrum.size) * SAMPLING_RATE_HZ / size
    slope = np.where(
        (frequency_hz >= _LOWEST_HZ) & (frequency_hz <= _HIGHEST_HZ), frequency_hz, 0.0
    )
    return np.asarray(spectrum * (slope / _HIGHEST_HZ), np.complex64)


def _energy(values: npt.NDArray[np.floating]) -> float:
    return float(np.square(values, dtype=np.float64).sum())
