"""Waveform augmentations: by hand, against the definition, and against librosa."""

from __future__ import annotations

import math

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.augment import waveform
from affekt.augment.vocoder import stretch

RATE_HZ = 16000


def harmonics(duration_s=1.0, pitch_hz=220.0):
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    partials = [np.sin(2 * np.pi * pitch_hz * k * time_s) / k for k in range(1, 12)]
    return (0.3 * np.sum(partials, axis=0)).astype(np.float32)


def pitch_hz(signal):
    """Frequency of the strongest partial, to about 0.1 Hz."""
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(signal.size), 2**17))
    return spectrum.argmax() * RATE_HZ / 2**17


def centroid_hz(signal):
    return float(librosa.feature.spectral_centroid(y=signal, sr=RATE_HZ).mean())


def rms(signal):
    return math.sqrt(np.mean(np.square(signal, dtype=np.float64)))


@pytest.mark.parametrize(
    ("shift_s", "wrap", "expected"),
    [
        (0.002, False, [0, 0, 1, 2, 3]),
        (-0.001, False, [2, 3, 4, 5, 0]),
        (0.002, True, [4, 5, 1, 2, 3]),
        (0.0, False, [1, 2, 3, 4, 5]),
        (0.005, False, [0, 0, 0, 0, 0]),
    ],
)
def test_shift_by_hand_at_1_khz(shift_s, wrap, expected):
    signal = np.array([1, 2, 3, 4, 5], dtype=np.float32)
    assert waveform.shift(signal, 1000, shift_s=shift_s, wrap=wrap).tolist() == expected


@settings(max_examples=30, deadline=None)
@given(
    snr_db=st.floats(-10.0, 50.0),
    colour=st.sampled_from(waveform.COLOURS),
    samples=st.integers(100, 3000),
    seed=st.integers(0, 1000),
)
def test_noise_reaches_its_ratio(snr_db, colour, samples, seed):
    rng = np.random.default_rng(seed)
    signal = rng.normal(0.0, 0.1, samples).astype(np.float32)
    noisy = waveform.add_noise(signal, RATE_HZ, snr_db=snr_db, colour=colour, rng=rng)
    noise = noisy.astype(np.float64) - signal
    reached_db = 20 * math.log10(rms(signal) / rms(noise))
    assert reached_db == pytest.approx(snr_db, abs=0.5)


@pytest.mark.parametrize(("colour", "slope_db"), [("white", 0.0), ("pink", -3.0), ("brown", -6.0)])
def test_noise_falls_by_its_slope_an_octave(colour, slope_db, rng):
    noise = waveform.coloured_noise(2**17, RATE_HZ, colour=colour, rng=rng)
    power = np.abs(np.fft.rfft(noise)) ** 2
    frequency_hz = np.fft.rfftfreq(noise.size, 1 / RATE_HZ)

    def level_db(low_hz):
        octave = (frequency_hz >= low_hz) & (frequency_hz < 1.1 * low_hz)
        return 10 * math.log10(power[octave].mean())

    assert (level_db(3200) - level_db(200)) / 4 == pytest.approx(slope_db, abs=0.2)


def test_noise_on_silence_stays_silent(rng):
    silence = np.zeros(100, dtype=np.float32)
    assert not waveform.add_noise(silence, RATE_HZ, snr_db=0.0, colour="white", rng=rng).any()


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_speed_changes_duration_and_pitch_by_one_factor(factor):
    signal = harmonics()
    changed = waveform.change_speed(signal, RATE_HZ, factor=factor)
    assert changed.size == round(signal.size / factor)
    assert pitch_hz(changed) == pytest.approx(220.0 * factor, rel=2e-3)


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
def test_stretch_agrees_with_librosa(rate):
    signal = harmonics()
    ours = stretch(signal, RATE_HZ, rate=rate)
    theirs = librosa.effects.time_stretch(signal, rate=rate, n_fft=1024)
    assert ours.size == theirs.size
    assert pitch_hz(ours) == pytest.approx(pitch_hz(theirs), rel=2e-3)
    assert centroid_hz(ours) == pytest.approx(centroid_hz(theirs), rel=0.02)


@pytest.mark.parametrize("rate", [0.7, 1.4])
def test_stretch_keeps_the_level(rate):
    signal = harmonics()
    assert rms(stretch(signal, RATE_HZ, rate=rate)) == pytest.approx(rms(signal), rel=0.02)


def test_stretch_at_rate_1_is_the_signal_itself():
    signal = np.random.default_rng(0).normal(0.0, 0.1, 5000).astype(np.float32)
    np.testing.assert_allclose(stretch(signal, RATE_HZ, rate=1.0), signal, atol=1e-5)


def test_stretch_moves_a_click_in_proportion():
    signal = np.zeros(RATE_HZ, dtype=np.float32)
    signal[8000] = 1.0
    energy = stretch(signal, RATE_HZ, rate=0.5) ** 2
    centre = (energy * np.arange(energy.size)).sum() / energy.sum()
    assert centre == pytest.approx(16000, abs=300)


@settings(max_examples=25, deadline=None)
@given(samples=st.integers(1, 6000), rate=st.floats(0.25, 4.0))
def test_stretch_has_the_length_asked_for(samples, rate):
    signal = np.random.default_rng(samples).normal(size=samples).astype(np.float32)
    assert stretch(signal, RATE_HZ, rate=rate).size == round(samples / rate)


@pytest.mark.parametrize("semitones", [-12.0, -3.0, 4.0, 12.0])
def test_pitch_moves_frequencies_and_keeps_the_length(semitones):
    signal = harmonics()
    changed = waveform.change_pitch(signal, RATE_HZ, semitones=semitones)
    assert changed.size == signal.size
    assert pitch_hz(changed) == pytest.approx(220.0 * 2 ** (semitones / 12), rel=3e-3)


def test_pitch_agrees_with_librosa():
    signal = harmonics()
    ours = waveform.change_pitch(signal, RATE_HZ, semitones=4.0)
    theirs = librosa.effects.pitch_shift(signal, sr=RATE_HZ, n_steps=4.0, n_fft=1024)
    assert pitch_hz(ours) == pytest.approx(pitch_hz(theirs), rel=2e-3)
    assert centroid_hz(ours) == pytest.approx(centroid_hz(theirs), rel=0.05)


def test_stretch_out_of_range_is_refused():
    with pytest.raises(ValueError, match="rate is 5"):
        stretch(harmonics(0.1), RATE_HZ, rate=5.0)


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (waveform.Noise, {"snr_db": (9.0, 1.0)}, "snr_db"),
        (waveform.Noise, {"colours": ("white", "blue")}, "colours"),
        (waveform.Noise, {"colours": ()}, "colours"),
        (waveform.Shift, {"share": (-2.0, 0.0)}, "share"),
        (waveform.Speed, {"factor": (0.1, 1.0)}, "factor"),
        (waveform.Stretch, {"rate": (0.1, 1.0)}, "rate"),
        (waveform.Pitch, {"semitones": (0.0, 25.0)}, "semitones"),
        (waveform.Pitch, {"sampling_rate_hz": 0}, "sampling_rate_hz"),
    ],
)
def test_impossible_settings_are_refused_by_name(kind, values, message):
    with pytest.raises(ValueError, match=message):
        kind(**values)
