from __future__ import annotations

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import chirp

from affekt.features.spectra import (
    LogMelConfig,
    hann_window,
    hz_to_mel,
    log_mel,
    mel_filterbank,
    mel_frequencies,
    mel_to_hz,
)

DEFAULT = LogMelConfig()
CONFIGS = [
    DEFAULT,
    LogMelConfig(window_length=400, hop_length=160, n_mels=40, fmin_hz=0.0, fmax_hz=8000.0),
    LogMelConfig(sampling_rate_hz=22050, window_length=2048, hop_length=512, n_mels=128),
]


def sounds(rate_hz):
    times_s = np.arange(rate_hz) / rate_hz
    noise = np.random.default_rng(0).standard_normal(rate_hz)
    return {
        "noise": 0.1 * noise,
        "chirp": 0.5 * chirp(times_s, 60.0, 1.0, 7000.0, method="logarithmic"),
        "quiet": 1e-4 * noise,
    }


@pytest.mark.parametrize("config", CONFIGS)
def test_the_filterbank_is_librosas(config):
    expected = librosa.filters.mel(
        sr=config.sampling_rate_hz,
        n_fft=config.window_length,
        n_mels=config.n_mels,
        fmin=config.fmin_hz,
        fmax=config.fmax_hz,
        htk=False,
        norm="slaney",
    )
    np.testing.assert_allclose(mel_filterbank(config), expected, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("sound", ["noise", "chirp", "quiet"])
@pytest.mark.parametrize("config", CONFIGS)
def test_log_mels_are_librosas_within_two_thousandths_of_a_decibel(config, sound):
    signal = sounds(config.sampling_rate_hz)[sound].astype(np.float32)
    power = librosa.feature.melspectrogram(
        y=signal,
        sr=config.sampling_rate_hz,
        n_fft=config.window_length,
        hop_length=config.hop_length,
        window="hann",
        center=True,
        pad_mode="constant",
        power=2.0,
        n_mels=config.n_mels,
        fmin=config.fmin_hz,
        fmax=config.fmax_hz,
    )
    expected_db = 10.0 * np.log10(power.T + config.floor)
    found_db = 10.0 / np.log(10.0) * log_mel(signal, config)
    assert np.abs(found_db - expected_db).max() < 0.002


def test_the_window_is_librosas():
    np.testing.assert_allclose(
        hann_window(640), librosa.filters.get_window("hann", 640, fftbins=True), atol=1e-7
    )


def test_a_tone_gives_these_numbers():
    times_s = np.arange(16000) / 16000
    bands = log_mel((0.5 * np.sin(2 * np.pi * 1000.0 * times_s)).astype(np.float32), DEFAULT)
    assert bands.shape == (63, 80)
    assert bands.dtype == np.float32
    assert bands[30].argmax() == 25  # centred on 986 Hz
    np.testing.assert_allclose(
        bands[30, 23:28], [-11.5129, 2.6266, 4.9427, 4.6387, 0.6502], atol=1e-3
    )


def test_silence_is_the_floor():
    np.testing.assert_allclose(log_mel(np.zeros(1000, np.float32), DEFAULT), np.log(1e-5))


def test_twice_the_amplitude_is_six_decibels_more():
    signal = sounds(16000)["noise"].astype(np.float32)
    config = LogMelConfig(floor=1e-12)
    difference = log_mel(2.0 * signal, config) - log_mel(signal, config)
    np.testing.assert_allclose(difference, 2.0 * np.log(2.0), atol=1e-3)


@pytest.mark.parametrize(("hz", "mel"), [(0.0, 0.0), (200.0, 3.0), (1000.0, 15.0), (6400.0, 42.0)])
def test_the_mel_scale_is_slaneys(hz, mel):
    assert hz_to_mel(hz) == pytest.approx(mel)
    assert mel_to_hz(mel) == pytest.approx(hz)


@settings(max_examples=50)
@given(st.floats(0.0, 24000.0))
def test_the_mel_scale_can_be_undone(hz):
    assert mel_to_hz(hz_to_mel(hz)) == pytest.approx(hz, rel=1e-9, abs=1e-9)


def test_the_centre_frequencies_are_librosas():
    expected = librosa.mel_frequencies(n_mels=82, fmin=50.0, fmax=7600.0)[1:-1]
    np.testing.assert_allclose(mel_frequencies(80, 50.0, 7600.0), expected)


@settings(max_examples=50, deadline=None)
@given(
    samples=st.integers(1, 6000),
    half_window=st.integers(30, 400),
    hop_share=st.floats(0.01, 1.0),
)
def test_there_is_a_frame_at_every_multiple_of_the_hop(samples, half_window, hop_share):
    window = 2 * half_window
    hop = max(1, round(window * hop_share))
    config = LogMelConfig(window_length=window, hop_length=hop, n_mels=8)
    signal = np.full(samples, 0.1, np.float32)
    assert log_mel(signal, config).shape == (1 + samples // hop, 8)


def test_a_frame_depends_on_its_own_window_alone():
    signal = sounds(16000)["noise"].astype(np.float32)
    changed = signal.copy()
    changed[8000:] = 0.0
    frames = np.flatnonzero((log_mel(signal, DEFAULT) != log_mel(changed, DEFAULT)).any(axis=1))
    centre, reach = 8000 / DEFAULT.hop_length, DEFAULT.window_length / 2 / DEFAULT.hop_length
    assert frames[0] == int(np.floor(centre - reach)) + 1


def test_the_hop_is_known_in_seconds():
    assert DEFAULT.frame_hop_s == 0.016


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"window_length": 641}, "even"),
        ({"window_length": 0}, "positive"),
        ({"hop_length": 0}, "hop_length"),
        ({"hop_length": 641}, "hop_length"),
        ({"fmin_hz": -1.0}, "fmin_hz"),
        ({"fmin_hz": 7600.0}, "fmin_hz"),
        ({"fmax_hz": 8001.0}, "sampling_rate_hz / 2"),
        ({"n_mels": 0}, "n_mels"),
        ({"floor": 0.0}, "floor"),
        ({"n_mels": 300}, "a band holds no Fourier bin"),
    ],
)
def test_settings_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        LogMelConfig(**changes)
