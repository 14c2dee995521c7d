from __future__ import annotations

import librosa
import numpy as np
import pytest

from affekt.features.contrast import spectral_contrast
from affekt.features.stft import Stft

RATE_HZ = 16000
RTOL = 1e-3
CONTRAST_ATOL_DB = 1e-2


@pytest.mark.parametrize("n_fft", [2048, 1024])
def test_contrast_is_librosas(sound, n_fft):
    contrast = spectral_contrast(Stft(sound, n_fft=n_fft))
    expected = librosa.feature.spectral_contrast(y=sound, sr=RATE_HZ, n_fft=n_fft).T
    assert contrast.dtype == np.float32
    np.testing.assert_allclose(contrast, expected, rtol=RTOL, atol=CONTRAST_ATOL_DB)


def test_a_tone_stands_out_in_its_own_octave():
    phase = 2.0 * np.pi * 1000.0 * np.arange(16000) / RATE_HZ
    hiss = 1e-3 * np.random.default_rng(0).standard_normal(16000)
    signal = (0.5 * np.sin(phase) + hiss).astype(np.float32)
    # 800 to 1600 Hz is the fourth band: 0 to 200, 200 to 400, 400 to 800, then this one.
    assert spectral_contrast(Stft(signal)).mean(axis=0).argmax() == 3


def test_silence_has_no_contrast():
    assert not spectral_contrast(Stft(np.zeros(4000, dtype=np.float32))).any()


def test_a_rate_without_the_upper_octaves_is_refused():
    with pytest.raises(ValueError, match="12800"):
        spectral_contrast(Stft(np.ones(100, dtype=np.float32), sampling_rate_hz=8000))
