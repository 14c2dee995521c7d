"""Mel-frequency cepstral coefficients, librosa's and those of the textbook pipeline."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from affekt.audio import pre_emphasis
from affekt.features.spectra import FloatArray, mel_filters
from affekt.features.stft import Stft, power_to_db

_FRAME_MS = 30
_HOP_MS = 15
_N_FFT = 512
_N_MELS = 40
_FLOOR = 1e-10


@lru_cache(maxsize=16)
def dct_matrix(n_bands: int, n_coefficients: int) -> FloatArray:
    """Orthonormal DCT-II, `[n_bands, n_coefficients]`: `bands @ matrix` gives coefficients.

    `sqrt(2 / N) cos(pi k (2 n + 1) / (2 N))`, the column of `k = 0` divided by `sqrt(2)`.
    """
    bands = np.arange(n_bands)[:, None]
    matrix = np.cos(np.pi * np.arange(n_coefficients) * (2 * bands + 1) / (2 * n_bands))
    matrix *= np.sqrt(2.0 / n_bands)
    matrix[:, 0] /= np.sqrt(2.0)
    cosines = matrix.astype(np.float32)
    cosines.setflags(write=False)
    return cosines


def mfcc(stft: Stft, n_mfcc: int = 20, *, n_mels: int = 128) -> FloatArray:
    """MFCC as `librosa.feature.mfcc` computes them, `[frames, n_mfcc]`.

    The DCT-II of the mel spectrogram in decibels, its range cut 80 dB below the clip's maximum.
    """
    return power_to_db(stft.mel(n_mels)) @ dct_matrix(n_mels, n_mfcc)


def textbook_mfcc(
    signal: FloatArray, sampling_rate_hz: int = 16000, *, n_mfcc: int = 13
) -> FloatArray:
    """MFCC by the textbook's steps, `[frames, n_mfcc]`.

    Pre-emphasis with 0.97; frames of 30 ms every 15 ms, the last one filled up with zeros; Hamming
    window; Fourier transform over 512 points (more where a frame is longer); power; 40 triangular
    mel filters from 0 Hz to half the sampling rate; natural logarithm, of 1e-10 where there is
    less; orthonormal DCT-II.

    Args:
        signal: float32 mono `[samples]`, at least one sample.
        sampling_rate_hz: of the signal.
        n_mfcc: coefficients kept, from the zeroth.

    Source: S. Davis and P. Mermelstein, "Comparison of parametric representations for monosyllabic
    word recognition", IEEE TASSP 28 (1980), with the settings usual today.
    """
    length = sampling_rate_hz * _FRAME_MS // 1000
    hop = sampling_rate_hz * _HOP_MS // 1000
    n_frames = 1 + max(0, -(-(signal.size - length) // hop))
    padded = np.zeros((n_frames - 1) * hop + length, dtype=np.float32)
    padded[: signal.size] = pre_emphasis(np.asarray(signal, dtype=np.float32))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[::hop]
    n_fft = max(_N_FFT, length)
    spectrum = np.fft.rfft(frames * np.hamming(length).astype(np.float32), n=n_fft, axis=-1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32, copy=False)
    bands = power @ _textbook_filters(sampling_rate_hz, n_fft).T
    coefficients: FloatArray = np.log(np.maximum(bands, np.float32(_FLOOR))) @ dct_matrix(
        _N_MELS, n_mfcc
    )
    return coefficients


@lru_cache(maxsize=4)
def _textbook_filters(sampling_rate_hz: int, n_fft: int) -> FloatArray:
    return mel_filters(
        sampling_rate_hz=sampling_rate_hz,
        n_fft=n_fft,
        n_mels=_N_MELS,
        fmin_hz=0.0,
        fmax_hz=sampling_rate_hz / 2,
    )
