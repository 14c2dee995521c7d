"""Spectral contrast: how far peaks stand above valleys, octave by octave."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from affekt.features.spectra import FloatArray
from affekt.features.stft import Stft, power_to_db

_FMIN_HZ = 200.0
_N_OCTAVES = 6
N_BANDS = 1 + _N_OCTAVES
# Share of a band's bins that make its peak and its valley.
_SHARE = 0.02


def spectral_contrast(stft: Stft) -> FloatArray:
    """Level of the peaks less that of the valleys in seven bands, dB, `[frames, 7]`.

    The bands are 0 to 200 Hz and six octaves above. A band's peak is the mean of its strongest 2 %
    of magnitudes (at least one), its valley that of the weakest; each of the two planes goes
    through decibels with a range of 80 dB below its maximum, and the valley is subtracted. This is
    `librosa.feature.spectral_contrast`.

    Source: D.-N. Jiang et al., "Music type classification by spectral contrast feature" (ICME
    2002).

    Raises:
        ValueError: the sampling rate is below 12.8 kHz, so that an octave is missing.
    """
    peaks, valleys = [], []
    for bins, n_extreme in _bands(stft.sampling_rate_hz, stft.n_fft):
        ordered = np.sort(stft.magnitude[:, bins], axis=1)
        valleys.append(ordered[:, :n_extreme].mean(axis=1))
        peaks.append(ordered[:, -n_extreme:].mean(axis=1))
    return power_to_db(np.stack(peaks, axis=1)) - power_to_db(np.stack(valleys, axis=1))


@lru_cache(maxsize=8)
def _bands(sampling_rate_hz: int, n_fft: int) -> tuple[tuple[slice, int], ...]:
    """Return the bins of each band and how many of them make an extreme."""
    edges_hz = np.concatenate(([0.0], _FMIN_HZ * 2.0 ** np.arange(_N_OCTAVES + 1)))
    if edges_hz[-2] >= sampling_rate_hz / 2:
        raise ValueError(f"spectral contrast needs at least {2 * edges_hz[-2]:g} Hz")
    bins_hz = np.fft.rfftfreq(n_fft, 1.0 / sampling_rate_hz)
    bands = []
    for band, (low_hz, high_hz) in enumerate(pairwise(edges_hz)):
        inside = np.flatnonzero((bins_hz >= low_hz) & (bins_hz <= high_hz))
        # As the reference has it: one bin is shared with the band below, the last band reaches to
        # the end, and the others leave their last bin out (after it was counted).
        start = int(inside[0]) - (band > 0)
        stop = bins_hz.size if band == _N_OCTAVES else int(inside[-1]) + 1
        n_extreme = max(1, int(np.rint(_SHARE * (stop - start))))
        bands.append((slice(start, stop - (band < _N_OCTAVES)), n_extreme))
    return tuple(bands)
