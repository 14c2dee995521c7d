from __future__ import annotations

import librosa
import numpy as np
import pytest
import scipy.fft
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.features.cepstra import dct_matrix, mfcc, textbook_mfcc
from affekt.features.stft import Stft

RATE_HZ = 16000
RTOL = 1e-3
# Coefficients are sums of 128 levels of about -100 to 50 dB: a hundredth is nothing.
MFCC_ATOL = 1e-2
TEXTBOOK_ATOL = 1e-3


@pytest.mark.parametrize("n_mfcc", [13, 20, 40])
def test_mfcc_are_librosas(sound, n_mfcc):
    coefficients = mfcc(Stft(sound), n_mfcc)
    expected = librosa.feature.mfcc(y=sound, sr=RATE_HZ, n_mfcc=n_mfcc).T
    assert coefficients.dtype == np.float32
    np.testing.assert_allclose(coefficients, expected, rtol=RTOL, atol=MFCC_ATOL)


def textbook_by_scipy_and_librosa(signal):
    """The same steps from other people's parts."""
    emphasised = librosa.effects.preemphasis(signal, coef=0.97, zi=[0.0]).astype(np.float64)
    n_frames = 1 + max(0, int(np.ceil((signal.size - 480) / 240)))
    padded = librosa.util.fix_length(emphasised, size=480 + 240 * (n_frames - 1))
    frames = librosa.util.frame(padded, frame_length=480, hop_length=240)
    power = np.abs(scipy.fft.rfft(np.hamming(480)[:, None] * frames, n=512, axis=0)) ** 2
    bands = librosa.filters.mel(sr=RATE_HZ, n_fft=512, n_mels=40) @ power
    return scipy.fft.dct(np.log(np.maximum(bands, 1e-10)), axis=0, norm="ortho")[:13].T


def test_the_textbook_steps_give_what_they_should(sound):
    coefficients = textbook_mfcc(sound)
    assert coefficients.dtype == np.float32
    np.testing.assert_allclose(
        coefficients, textbook_by_scipy_and_librosa(sound), rtol=RTOL, atol=TEXTBOOK_ATOL
    )


@settings(deadline=None)
@given(st.integers(1, 4000), st.sampled_from([8000, 16000, 44100]))
def test_the_textbook_frames_cover_every_sample(samples, rate_hz):
    signal = np.ones(samples, dtype=np.float32)
    coefficients = textbook_mfcc(signal, rate_hz)
    length, hop = 30 * rate_hz // 1000, 15 * rate_hz // 1000
    assert (len(coefficients) - 1) * hop + length >= samples
    assert len(coefficients) == 1 or (len(coefficients) - 2) * hop + length < samples
    assert np.isfinite(coefficients).all()


def test_gain_moves_the_first_coefficient_alone():
    signal = 0.1 * np.random.default_rng(0).standard_normal(8000).astype(np.float32)
    plain, louder = textbook_mfcc(signal), textbook_mfcc(2.0 * signal)
    np.testing.assert_allclose((louder - plain)[:, 0], np.sqrt(40) * np.log(4.0), rtol=1e-4)
    np.testing.assert_allclose(louder[:, 1:], plain[:, 1:], atol=1e-3)


@pytest.mark.parametrize("n_bands", [1, 2, 40, 128])
def test_the_cosines_are_orthonormal_and_scipys(n_bands):
    matrix = dct_matrix(n_bands, n_bands)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(n_bands), atol=1e-5)
    expected = scipy.fft.dct(np.eye(n_bands), axis=1, norm="ortho")
    np.testing.assert_allclose(matrix, expected, atol=1e-6)
