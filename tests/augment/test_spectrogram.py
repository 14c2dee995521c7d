"""Log-mel augmentations on arrays small enough to compute by hand."""

from __future__ import annotations

import math

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.augment.spectrogram import (
    Babble,
    FilterResponse,
    Gain,
    Noise,
    Pitch,
    Shift,
    Speed,
    smooth_curve,
)
from affekt.features.spectra import LogMelConfig, log_mel

FIVE = np.array([[0.0], [1.0], [2.0], [3.0], [4.0]], dtype=np.float32)


def test_gain_of_10_db_adds_ln_10():
    louder = Gain().apply(FIVE, {"gain_db": 10.0})
    np.testing.assert_allclose(
        louder[:, 0], [2.302585, 3.302585, 4.302585, 5.302585, 6.302585], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("fill", "frames", "expected"),
    [
        ("floor", 2, [0, 0, 0, 1, 2]),
        ("floor", -2, [2, 3, 4, 0, 0]),
        ("floor", 5, [0, 0, 0, 0, 0]),
        ("wrap", 2, [3, 4, 0, 1, 2]),
        ("wrap", -1, [1, 2, 3, 4, 0]),
        ("floor", 0, [0, 1, 2, 3, 4]),
    ],
)
def test_shift_moves_frames_and_fills_the_free_end(fill, frames, expected):
    shifted = Shift(fill=fill).apply(FIVE, {"frames": frames})
    assert shifted[:, 0].tolist() == expected


def test_speed_interpolates_between_frames():
    slower = Speed().apply(FIVE, {"factor": 0.5})
    np.testing.assert_allclose(slower[:, 0], [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4], atol=1e-6)
    faster = Speed().apply(FIVE, {"factor": 2.0})
    assert faster[:, 0].tolist() == [0, 2]


def test_pitch_moves_bands_by_the_ratio_of_their_frequencies():
    # Below 1 kHz the mel scale is linear, so that five bands between the edges 0 and
    # 600 Hz put the centres at 100, 200, 300, 400 and 500 Hz.
    octave = Pitch(fmin_hz=0.0, fmax_hz=600.0)
    clip = np.array([[10.0, 20.0, 30.0, 40.0, 50.0]], dtype=np.float32)
    # Up: the band at 300 Hz shows what was at 150 Hz; below 100 Hz the edge stays.
    up = octave.apply(clip, {"semitones": 12.0})
    np.testing.assert_allclose(up[0], [10, 10, 15, 20, 25], rtol=1e-6)
    down = octave.apply(clip, {"semitones": -12.0})
    np.testing.assert_allclose(down[0], [20, 40, 50, 50, 50], rtol=1e-6)


def test_filter_response_adds_one_curve_to_every_frame():
    clip = np.zeros((2, 5), dtype=np.float32)
    filtered = FilterResponse().apply(clip, {"response_db": [0.0, 10.0, -10.0]})
    ln10 = math.log(10.0)
    np.testing.assert_allclose(filtered[0], [0, ln10 / 2, ln10, 0, -ln10], atol=1e-6)
    np.testing.assert_array_equal(filtered[0], filtered[1])


def test_smooth_curve_passes_through_its_points_without_overshoot():
    points = [3.0, -2.0, 4.0, 4.0]
    curve = smooth_curve(points, 31)
    assert curve[[0, 10, 20, 30]].tolist() == points
    assert curve.min() == -2.0
    assert curve.max() == 4.0


@settings(max_examples=40, deadline=None)
@given(
    snr_db=st.floats(-20.0, 40.0),
    tilt_db=st.floats(-40.0, 20.0),
    level=st.floats(-8.0, 5.0),
    frames=st.integers(1, 50),
    seed=st.integers(0, 2**32 - 1),
)
def test_noise_reaches_its_ratio(snr_db, tilt_db, level, frames, seed):
    clip = np.random.default_rng(seed).normal(level, 2.0, (frames, 20)).astype(np.float32)
    draw = {"snr_db": snr_db, "tilt_db": tilt_db, "colour_db": [2.0, -3.0, 1.0], "seed": seed}
    noisy = Noise().apply(clip, draw)
    signal = np.exp(clip.astype(np.float64))
    noise = np.exp(noisy.astype(np.float64)) - signal
    assert 10 * math.log10(signal.mean() / noise.mean()) == pytest.approx(snr_db, abs=0.5)


def test_noise_never_takes_power_away(log_mels, rng):
    noise = Noise(snr_db=(0.0, 0.0))
    assert (noise(log_mels, rng) >= log_mels - 1e-6).all()


def test_noise_follows_its_tilt():
    silence = np.full((2000, 40), -20.0, dtype=np.float32)
    flat = {"snr_db": -60.0, "tilt_db": 0.0, "colour_db": [0.0, 0.0], "seed": 1}
    level_db = 10 / math.log(10) * np.log(np.exp(Noise().apply(silence, flat)).mean(axis=0))
    tilted = Noise().apply(silence, flat | {"tilt_db": -30.0})
    tilted_db = 10 / math.log(10) * np.log(np.exp(tilted).mean(axis=0))
    assert np.ptp(level_db) < 0.6
    assert tilted_db[0] - tilted_db[-1] == pytest.approx(30.0, abs=0.6)


def test_noise_fluctuates_as_white_noise_does_through_the_front_end():
    config = LogMelConfig()
    white = np.random.default_rng(2).standard_normal(30 * 16000).astype(np.float32)
    real = np.exp(log_mel(white, config))
    silence = np.full_like(real, -20.0)
    draw = {"snr_db": -60.0, "tilt_db": 0.0, "colour_db": [0.0, 0.0], "seed": 1}
    ours = np.exp(Noise(fmin_hz=config.fmin_hz, fmax_hz=config.fmax_hz).apply(silence, draw))
    real_deviation = real.std(axis=0) / real.mean(axis=0)
    our_deviation = ours.std(axis=0) / ours.mean(axis=0)
    np.testing.assert_allclose(our_deviation, real_deviation, atol=0.15)


@settings(max_examples=30, deadline=None)
@given(frames=st.integers(1, 300), factor=st.floats(0.25, 4.0))
def test_speed_divides_the_length_and_invents_no_value(frames, factor):
    clip = np.random.default_rng(frames).normal(size=(frames, 12)).astype(np.float32)
    changed = Speed().apply(clip, {"factor": factor})
    assert changed.shape == (max(1, round(frames / factor)), 12)
    assert changed.min() >= clip.min() - 1e-5
    assert changed.max() <= clip.max() + 1e-5


@settings(max_examples=30, deadline=None)
@given(frames=st.integers(1, 100), share=st.floats(-1.0, 1.0))
def test_shift_keeps_the_length_and_stays_within_its_share(frames, share):
    clip = np.arange(frames, dtype=np.float32)[:, None]
    shift = Shift(share=(min(share, 0.0), max(share, 0.0)))
    draw = shift.draw(np.random.default_rng(0), clip.shape)
    assert abs(draw["frames"]) <= round(abs(share) * frames)
    assert shift.apply(clip, draw).shape == clip.shape


def test_a_tone_lands_in_the_band_that_speed_and_pitch_say():
    config = LogMelConfig()
    time_s = np.arange(16000) / 16000

    def spectrum(frequency_hz):
        return log_mel(np.sin(2 * np.pi * frequency_hz * time_s).astype(np.float32), config)

    clip, expected = spectrum(1000.0), int(spectrum(1250.0)[30].argmax())
    edges = {"fmin_hz": config.fmin_hz, "fmax_hz": config.fmax_hz}
    faster = Speed(**edges).apply(clip, {"factor": 1.25})
    higher = Pitch(**edges).apply(clip, {"semitones": 12 * math.log2(1.25)})
    assert abs(int(faster[25].argmax()) - expected) <= 1
    assert abs(int(higher[30].argmax()) - expected) <= 1


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (Noise, {"snr_db": (20.0, 5.0)}, "snr_db"),
        (Noise, {"snr_db": (5.0,)}, "two numbers"),
        (Noise, {"colour_points": 1}, "colour_points"),
        (Noise, {"colour_db": float("nan")}, "colour_db"),
        (Speed, {"factor": (0.0, 1.0)}, "factor"),
        (Speed, {"fmin_hz": 8000.0}, "fmax_hz"),
        (Pitch, {"semitones": (-30.0, 0.0)}, "semitones"),
        (Shift, {"share": (0.0, 1.5)}, "share"),
        (Shift, {"fill": "zero"}, "'floor' or 'wrap'"),
        (Gain, {"gain_db": (0.0, float("inf"))}, "gain_db"),
        (FilterResponse, {"depth_db": -1.0}, "depth_db"),
    ],
)
def test_impossible_settings_are_refused_by_name(kind, values, message):
    with pytest.raises(ValueError, match=message):
        kind(**values)


# Babble


def test_babble_adds_the_mel_power_of_other_clips_at_the_ratio():
    clip = np.log(np.array([[1.0], [3.0]], dtype=np.float32))
    voice = np.log(np.array([[1.0], [2.0], [3.0]], dtype=np.float32))
    behind = Babble(talkers=1, voices=[voice])
    mixed = behind.apply(clip, {"snr_db": 10.0, "voices": [0], "begin": [0.4]})
    # Frames 1 and 2 of the voice, whose mean is 2.5, brought to a tenth of the clip's mean of 2.
    np.testing.assert_allclose(np.exp(mixed[:, 0]), [1.0 + 0.16, 3.0 + 0.24], rtol=1e-5)


def test_babble_of_real_waveforms_is_close_to_babble_of_their_log_mels():
    config = LogMelConfig()
    rng = np.random.default_rng(3)
    voices = [librosa.chirp(fmin=low, fmax=4 * low, sr=16_000, length=16_000) for low in (200, 700)]
    voices = [(v + 0.1 * rng.standard_normal(v.size)).astype(np.float32) for v in voices]
    summed = log_mel(voices[0] + voices[1], config)
    one, other = (log_mel(voice, config) for voice in voices)
    ratio = np.exp(one).mean() / np.exp(other).mean()
    draw = {"snr_db": 10 * np.log10(ratio), "voices": [0], "begin": [0.0]}
    mixed = Babble(talkers=1, voices=[other]).apply(one, draw)
    assert np.abs(mixed - summed).mean() < 0.5
    assert np.abs(mixed.mean(axis=1) - summed.mean(axis=1)).max() < 0.3


def test_babble_draws_clips_by_their_number():
    draw = Babble(voices=[FIVE] * 7).draw(np.random.default_rng(0), FIVE.shape)
    assert len(draw["voices"]) == len(draw["begin"]) == 6
    assert set(draw["voices"]) <= set(range(7))
