from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.features.chroma import chroma, chroma_filters, estimate_tuning, spectral_peaks
from affekt.features.stft import Stft

RATE_HZ = 16000
RTOL = 1e-3
CHROMA_ATOL = 1e-4
PITCH_ATOL_HZ = 1e-2


def tone(frequency_hz, samples=16000):
    phase = 2.0 * np.pi * frequency_hz * np.arange(samples) / RATE_HZ
    return (0.5 * np.sin(phase)).astype(np.float32)


def test_chroma_is_librosas(sound):
    values = chroma(Stft(sound))
    assert values.dtype == np.float32
    expected = librosa.feature.chroma_stft(y=sound, sr=RATE_HZ).T
    np.testing.assert_allclose(values, expected, rtol=RTOL, atol=CHROMA_ATOL)


def test_chroma_of_the_magnitude_is_librosas(sound):
    stft = Stft(sound)
    magnitude = np.abs(librosa.stft(sound))
    expected = librosa.feature.chroma_stft(S=magnitude, sr=RATE_HZ).T
    np.testing.assert_allclose(chroma(stft, stft.magnitude), expected, rtol=RTOL, atol=CHROMA_ATOL)


def test_the_tuning_is_librosas(sound):
    stft = Stft(sound)
    magnitude = np.abs(librosa.stft(sound))
    expected = librosa.estimate_tuning(S=magnitude, sr=RATE_HZ)
    assert estimate_tuning(stft, stft.magnitude) == pytest.approx(expected, abs=1e-9)


def test_peaks_are_librosas(sound):
    stft = Stft(sound)
    pitches, strengths = librosa.piptrack(S=np.abs(librosa.stft(sound)), sr=RATE_HZ)
    found = pitches.T > 0
    pitches_hz, heights = spectral_peaks(stft, stft.magnitude)
    np.testing.assert_allclose(pitches_hz, pitches.T[found], rtol=RTOL, atol=PITCH_ATOL_HZ)
    np.testing.assert_allclose(heights, strengths.T[found], rtol=RTOL, atol=1e-5)


@pytest.mark.parametrize("tuning", [-0.5, -0.13, 0.0, 0.49])
@pytest.mark.parametrize(("rate_hz", "n_fft"), [(16000, 2048), (22050, 1024)])
def test_the_filters_are_librosas(tuning, rate_hz, n_fft):
    expected = librosa.filters.chroma(sr=rate_hz, n_fft=n_fft, tuning=tuning).T
    filters = chroma_filters(rate_hz, n_fft, tuning)
    np.testing.assert_allclose(filters, expected, rtol=RTOL, atol=1e-6)


@pytest.mark.parametrize(("frequency_hz", "pitch_class"), [(261.63, 0), (440.0, 9), (987.77, 11)])
def test_a_tone_lights_its_own_pitch_class(frequency_hz, pitch_class):
    values = chroma(Stft(tone(frequency_hz)))
    assert (values.argmax(axis=1) == pitch_class).all()


@settings(deadline=None)
@given(st.floats(-0.45, 0.45), st.sampled_from([220.0, 440.0, 880.0]))
def test_a_mistuned_tone_is_found_to_the_bin(deviation, note_hz):
    stft = Stft(tone(note_hz * 2.0 ** (deviation / 12)))
    assert estimate_tuning(stft, stft.magnitude) == pytest.approx(deviation, abs=0.1)


@given(st.floats(1e-3, 10.0))
@settings(deadline=None, max_examples=20)
def test_gain_is_of_no_account(gain):
    signal = tone(300.0, 4000) + tone(521.0, 4000)
    np.testing.assert_allclose(
        chroma(Stft(np.float32(gain) * signal)), chroma(Stft(signal)), atol=1e-3
    )


def test_silence_has_no_chroma_and_no_tuning():
    stft = Stft(np.zeros(4000, dtype=np.float32))
    assert not chroma(stft).any()
    assert estimate_tuning(stft, stft.power) == 0.0
