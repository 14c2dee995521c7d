"""Single features as means over time: what the sets of one feature alone are made of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from affekt.features.cepstra import mfcc
from affekt.features.chroma import N_CHROMA, chroma
from affekt.features.contrast import N_BANDS, spectral_contrast
from affekt.features.descriptors import frame_energy, rms, zero_crossing_rate
from affekt.features.spectra import FloatArray
from affekt.features.stft import Stft


class SingleFeature(NamedTuple):
    """One feature, and how its values of all frames are had.

    Attributes:
        name: of the set.
        column: what its columns are called, before their number.
        size: values a frame.
        description: what the mean over time is taken of.
        frames: gives the values, `[frames]` or `[frames, size]`.
    """

    name: str
    column: str
    size: int
    description: str
    frames: Callable[[Stft], FloatArray]

    def mean(self, signal: FloatArray) -> FloatArray:
        """Return the mean over time of a mono signal at 16 kHz, `[size]`."""
        return np.atleast_1d(self.frames(Stft(signal)).mean(axis=0))


def _chroma(stft: Stft) -> FloatArray:
    return chroma(stft, stft.magnitude)


def _magnitude(stft: Stft) -> FloatArray:
    return stft.magnitude


_FRAMES = "over frames of 2048 samples, hop 512"
_STFT = "Fourier length 2048, hop 512, Hann window"

SINGLE_FEATURES = (
    SingleFeature(
        "zcr",
        "zcr",
        1,
        f"the zero-crossing rate, the share of samples at which the sign changes, {_FRAMES}",
        zero_crossing_rate,
    ),
    SingleFeature("rms", "rms", 1, f"the root mean square, {_FRAMES}", rms),
    SingleFeature(
        "energy",
        "energy",
        1,
        f"the frame energy, the sum of squares over the frame length, {_FRAMES}",
        frame_energy,
    ),
    SingleFeature(
        "chroma",
        "chroma",
        N_CHROMA,
        f"chroma of the magnitude with the tuning estimated, C first, a frame's largest 1; {_STFT}",
        _chroma,
    ),
    *(
        SingleFeature(
            f"mfcc-{count}",
            "mfcc",
            count,
            f"{count} MFCC: DCT-II of 128 mel bands in dB, cut 80 dB below the clip's maximum; "
            + _STFT,
            partial(mfcc, n_mfcc=count),
        )
        for count in (13, 20, 40)
    ),
    SingleFeature(
        "mel-128",
        "mel",
        128,
        f"the mel spectrogram, the output of 128 mel filters (power, no logarithm); {_STFT}",
        Stft.mel,
    ),
    SingleFeature(
        "spectrum-1025",
        "spectrum",
        1025,
        f"the linear spectrogram (magnitude), a bin every 7.8125 Hz from 0 Hz to 8 kHz; {_STFT}",
        _magnitude,
    ),
    SingleFeature(
        "contrast",
        "contrast",
        N_BANDS,
        f"the spectral contrast in dB, from 0 to 200 Hz and in six octaves above; {_STFT}",
        spectral_contrast,
    ),
)
