from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from affekt.features.descriptors import frame_energy, rms, zero_crossing_rate
from affekt.features.stft import Stft

SETTINGS = [(2048, 512), (1024, 256), (480, 240), (400, 160), (1023, 512)]
RTOL = 1e-3
RMS_ATOL = 1e-7
ENERGY_ATOL = 1e-9


@pytest.mark.parametrize(("n_fft", "hop_length"), SETTINGS)
def test_zero_crossings_are_librosas_to_the_last_one(sound, n_fft, hop_length):
    stft = Stft(sound, n_fft=n_fft, hop_length=hop_length)
    expected = librosa.feature.zero_crossing_rate(sound, frame_length=n_fft, hop_length=hop_length)[
        0
    ]
    rate = zero_crossing_rate(stft)
    assert rate.dtype == np.float32
    np.testing.assert_array_equal(rate, expected.astype(np.float32))


@pytest.mark.parametrize(("n_fft", "hop_length"), SETTINGS)
def test_rms_is_librosas(sound, n_fft, hop_length):
    stft = Stft(sound, n_fft=n_fft, hop_length=hop_length)
    expected = librosa.feature.rms(y=sound, frame_length=n_fft, hop_length=hop_length)[0]
    assert rms(stft).dtype == np.float32
    np.testing.assert_allclose(rms(stft), expected, rtol=RTOL, atol=RMS_ATOL)


def test_energy_is_the_sum_of_squares_over_the_frame_length(sound):
    frames = librosa.util.frame(np.pad(sound, 1024), frame_length=2048, hop_length=512)
    expected = np.sum(frames.astype(np.float64) ** 2, axis=0) / 2048
    np.testing.assert_allclose(frame_energy(Stft(sound)), expected, rtol=RTOL, atol=ENERGY_ATOL)


def test_a_full_scale_tone_has_half_the_energy_of_a_square_and_crosses_twice_a_period():
    tone = np.sin(2.0 * np.pi * 1000.0 * np.arange(16000) / 16000 + 0.1).astype(np.float32)
    middle = slice(4, -4)
    np.testing.assert_allclose(frame_energy(Stft(tone))[middle], 0.5, rtol=1e-5)
    np.testing.assert_allclose(frame_energy(Stft(np.sign(tone)))[middle], 1.0, rtol=1e-5)
    np.testing.assert_allclose(zero_crossing_rate(Stft(tone))[middle], 1 / 8, atol=1e-3)


def test_silence_has_no_crossings_and_no_energy():
    stft = Stft(np.zeros(4000, dtype=np.float32))
    assert not zero_crossing_rate(stft).any()
    assert not rms(stft).any()


def test_samples_too_small_to_have_a_sign_count_as_zero():
    faint = np.tile([1e-11, -1e-11], 2000).astype(np.float32)
    assert not zero_crossing_rate(Stft(faint)).any()


@given(
    arrays.arrays(np.float32, st.integers(1, 3000), elements=st.floats(-1, 1, width=32)),
    st.floats(0.125, 8.0),
)
def test_gain_leaves_crossings_and_scales_rms(signal, gain):
    signal = np.where(np.abs(signal) < 1e-6, 0.0, signal).astype(np.float32)
    plain, louder = Stft(signal), Stft(np.float32(gain) * signal)
    np.testing.assert_array_equal(zero_crossing_rate(louder), zero_crossing_rate(plain))
    np.testing.assert_allclose(rms(louder), gain * rms(plain), rtol=1e-4)
