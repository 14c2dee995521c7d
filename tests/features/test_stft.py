from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt.features.stft import Stft, power_to_db

RATE_HZ = 16000
RTOL = 1e-3
SPECTRUM_ATOL = 1e-4
MEL_ATOL = 1e-5
DB_ATOL = 1e-3
# Fourier length and hop of every named set, and an odd one.
SETTINGS = [(2048, 512), (1023, 512), (1024, 256), (401, 160)]


@pytest.mark.parametrize(("n_fft", "hop_length"), SETTINGS)
def test_the_spectrum_is_librosas(sound, n_fft, hop_length):
    stft = Stft(sound, n_fft=n_fft, hop_length=hop_length)
    expected = np.abs(librosa.stft(sound, n_fft=n_fft, hop_length=hop_length).T)
    assert stft.magnitude.dtype == np.float32
    assert stft.magnitude.shape == (stft.n_frames, 1 + n_fft // 2)
    np.testing.assert_allclose(stft.magnitude, expected, rtol=RTOL, atol=SPECTRUM_ATOL)
    np.testing.assert_allclose(stft.power, expected**2, rtol=RTOL, atol=SPECTRUM_ATOL)


@pytest.mark.parametrize(("n_fft", "n_mels"), [(2048, 128), (2048, 40), (1023, 512)])
def test_the_mel_spectrogram_is_librosas(sound, n_fft, n_mels):
    mel = Stft(sound, n_fft=n_fft).mel(n_mels)
    expected = librosa.feature.melspectrogram(y=sound, sr=RATE_HZ, n_fft=n_fft, n_mels=n_mels).T
    assert mel.dtype == np.float32
    np.testing.assert_allclose(mel, expected, rtol=RTOL, atol=MEL_ATOL)


@pytest.mark.parametrize("ref", [1.0, 1e-3, 0.0])
@pytest.mark.parametrize("range_db", [80.0, 30.0])
def test_decibels_are_librosas(sound, ref, range_db):
    mel = Stft(sound).mel()
    decibels = power_to_db(mel, ref=ref, range_db=range_db)
    assert decibels.dtype == np.float32
    expected = librosa.power_to_db(mel, ref=ref, top_db=range_db)
    np.testing.assert_allclose(decibels, expected, rtol=RTOL, atol=DB_ATOL)


def test_silence_is_finite():
    stft = Stft(np.zeros(3000, dtype=np.float32))
    assert not stft.mel().any()
    np.testing.assert_allclose(power_to_db(stft.mel()), np.full((6, 128), -100.0), rtol=1e-6)


def test_a_spectrum_is_computed_once(speech):
    stft = Stft(speech)
    assert stft.magnitude is stft.magnitude
    assert stft.power is stft.power
    assert stft.mel(40) is stft.mel(40)
    assert stft.mel(40) is not stft.mel(41)


@given(st.integers(1, 5000), st.sampled_from(SETTINGS))
def test_any_length_gives_the_frames_it_should(samples, setting):
    n_fft, hop_length = setting
    stft = Stft(np.ones(samples, dtype=np.float32), n_fft=n_fft, hop_length=hop_length)
    assert stft.magnitude.shape == (stft.n_frames, 1 + n_fft // 2)


@given(st.floats(1e-3, 10.0))
def test_power_grows_with_the_square_of_the_gain(gain):
    signal = np.random.default_rng(0).standard_normal(3000).astype(np.float32)
    louder = Stft(np.float32(gain) * signal).mel()
    np.testing.assert_allclose(louder, gain**2 * Stft(signal).mel(), rtol=1e-4)


@pytest.mark.parametrize("shape", [(0,), (2, 100), ()])
def test_what_is_no_mono_signal_is_refused(shape):
    with pytest.raises(ValueError, match="mono"):
        Stft(np.zeros(shape, dtype=np.float32))
