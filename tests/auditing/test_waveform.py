"""Waves compared at 8 kHz, against scipy on the whole signals at 16 kHz."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from affekt.auditing.waveform import Sound, correlate, whitened_peak

RATE_HZ = 16_000


@pytest.fixture
def noise():
    return np.random.default_rng(0).standard_normal(24_000).astype(np.float32)


def by_slope(signal):
    """Keep 300 to 3400 Hz of a signal, the higher the louder, in one transform of 2 ** 17."""
    spectrum = np.fft.rfft(signal, 1 << 17)
    frequency_hz = np.fft.rfftfreq(1 << 17, 1 / RATE_HZ)
    inside = (frequency_hz >= 300.0) & (frequency_hz <= 3400.0)
    return np.fft.irfft(spectrum * frequency_hz * inside)[: signal.size]


@pytest.mark.parametrize("lag", [0, 1, 37, -400, 9000, -9001])
def test_a_copy_is_found_at_its_delay(noise, lag):
    copy = -0.5 * noise[max(0, lag) :]
    copy = np.concatenate([np.zeros(max(0, -lag), np.float32), copy])
    found = correlate(Sound(noise).band, Sound(copy).band, offset_s=lag / RATE_HZ + 0.02)
    assert found.value == pytest.approx(-1.0, abs=0.005)
    assert found.offset_s == pytest.approx(lag / RATE_HZ, abs=0.5 / RATE_HZ)
    assert found.gain_db == pytest.approx(-6.02, abs=0.1)
    assert found.shared_s == pytest.approx((noise.size - max(0, lag)) / RATE_HZ, abs=0.001)


def test_noise_on_a_copy_lowers_the_correlation_as_at_16_khz(noise):
    copy = noise + np.random.default_rng(1).standard_normal(noise.size).astype(np.float32)
    one, other = by_slope(noise), by_slope(copy)
    expected = one @ other / np.sqrt((one @ one) * (other @ other))
    found = correlate(Sound(noise).band, Sound(copy).band, offset_s=0.0)
    assert found.value == pytest.approx(expected, abs=0.002)
    assert found.steadiness == pytest.approx(1.0, abs=0.2)


def test_one_delay_stands_out_behind_a_filter_alone(noise):
    room = np.random.default_rng(2).standard_normal(1600) * np.exp(-np.arange(1600) / 300.0)
    room[0] = 10.0
    heard = scipy.signal.fftconvolve(noise, room)[: noise.size].astype(np.float32)
    other = np.random.default_rng(3).standard_normal(noise.size).astype(np.float32)
    assert whitened_peak(Sound(noise).band, Sound(heard).band) > 60.0
    assert whitened_peak(Sound(noise).band, Sound(other).band) < 10.0
