"""What is measured in a recording, and what silence means."""

from __future__ import annotations

import math

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.audio.preprocess import trim
from affekt.errors import AudioError
from affekt.inspection.sound import Recording, measure, read_recording

RATE_HZ = 16_000


def recording(signal, rate_hz=RATE_HZ):
    frames = np.asarray(signal, dtype=np.float32)
    return Recording(frames=frames.reshape(len(frames), -1), sampling_rate_hz=rate_hz)


def sine(duration_s=1.0, peak=0.5, frequency_hz=250.0):
    times_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    return peak * np.sin(2 * np.pi * frequency_hz * times_s)


def test_a_sine_has_the_levels_of_the_textbook():
    sound = measure(recording(sine(peak=0.5)))
    assert sound.peak_dbfs == pytest.approx(20 * math.log10(0.5), abs=1e-3)
    assert sound.rms_dbfs == pytest.approx(20 * math.log10(0.5 / math.sqrt(2)), abs=1e-3)
    assert (sound.duration_s, sound.channels, sound.silent_share) == (1.0, 1, 0.0)


def test_a_square_wave_at_full_scale_has_zero_dbfs():
    sound = measure(recording(np.where(sine() >= 0.0, 1.0, -1.0)))
    assert (sound.peak_dbfs, sound.rms_dbfs) == (0.0, 0.0)
    assert sound.clipped_samples == RATE_HZ


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_a_clipped_sample_is_found_in_every_format(tmp_path, subtype):
    signal = 0.5 * sine()
    signal[[100, 200]] = 1.0, -1.0
    soundfile.write(tmp_path / "a.wav", signal, RATE_HZ, subtype=subtype)
    assert measure(read_recording(tmp_path / "a.wav")).clipped_samples == 2


def test_what_is_just_below_full_scale_is_not_clipped():
    assert measure(recording(sine(peak=0.999))).clipped_samples == 0


def test_clipping_in_one_of_two_channels_is_found(tmp_path):
    loud = np.clip(sine(peak=2.0), -1.0, 1.0)
    soundfile.write(tmp_path / "a.wav", np.stack([sine(peak=0.1), loud], axis=1), 44_100)
    sound = measure(read_recording(tmp_path / "a.wav"))
    assert (sound.channels, sound.sampling_rate_hz) == (2, 44_100)
    assert sound.clipped_samples == np.count_nonzero(np.abs(loud) >= 1.0)


@settings(deadline=None, max_examples=30)  # librosa compiles when it is first called
@given(
    before=st.integers(0, 20_000),
    after=st.integers(0, 20_000),
    noise=st.sampled_from([0.0, 1e-3, 1e-2]),
)
def test_silence_at_the_ends_is_what_trimming_takes_away(before, after, noise):
    rng = np.random.default_rng(before)
    signal = np.concatenate([np.zeros(before), sine(0.4), np.zeros(after)])
    signal = (signal + noise * rng.standard_normal(signal.size)).astype(np.float32)
    sound = measure(recording(signal))
    left, right = (round(s * RATE_HZ) for s in (sound.leading_s, sound.trailing_s))
    expected, bounds = librosa.effects.trim(signal, top_db=30)
    assert (left, signal.size - right) == tuple(bounds)
    assert trim(signal, RATE_HZ).size == expected.size == signal.size - left - right


def test_silence_within_counts_as_frames():
    gap = np.concatenate([sine(1.0), np.zeros(2 * RATE_HZ), sine(1.0)])
    sound = measure(recording(gap))
    assert (sound.leading_s, sound.trailing_s) == (0.0, 0.0)
    assert sound.silent_share == pytest.approx(0.5, abs=0.05)


def test_the_silence_of_a_chosen_channel_is_its_own():
    late = np.concatenate([np.zeros(RATE_HZ), sine(1.0)])
    stereo = np.stack([sine(2.0), late], axis=1)
    assert measure(recording(stereo), channel=0).leading_s == 0.0
    assert measure(recording(stereo), channel=1).leading_s == pytest.approx(0.95, abs=0.05)


@pytest.mark.parametrize("peak", [0.0, 9e-5])
def test_a_silent_recording_is_measured_and_called_silent(tmp_path, peak):
    soundfile.write(tmp_path / "a.wav", sine(peak=peak), RATE_HZ, subtype="FLOAT")
    sound = measure(read_recording(tmp_path / "a.wav"))
    assert sound.silent
    assert (sound.leading_s, sound.trailing_s, sound.silent_share) == (1.0, 1.0, 1.0)
    assert (sound.peak_dbfs == -math.inf) == (peak == 0.0)


def test_a_recording_too_short_to_be_recognised_is_measured(tmp_path):
    soundfile.write(tmp_path / "a.wav", sine(0.05), RATE_HZ)
    assert measure(read_recording(tmp_path / "a.wav")).duration_s == 0.05


def test_a_silent_channel_beside_a_loud_one_does_not_stop_the_reading(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.stack([sine(), np.zeros(RATE_HZ)], axis=1), RATE_HZ)
    assert read_recording(tmp_path / "a.wav").frames.shape == (RATE_HZ, 2)


def test_samples_come_as_they_lie_in_the_file(tmp_path):
    signal = np.stack([sine(), sine(frequency_hz=400.0)], axis=1).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", signal, 22_050, subtype="FLOAT")
    found = read_recording(tmp_path / "a.wav")
    assert found.sampling_rate_hz == 22_050
    np.testing.assert_array_equal(found.frames, signal)


def test_a_stretch_is_cut_out(tmp_path):
    signal = sine(2.0).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", signal, RATE_HZ, subtype="FLOAT")
    found = read_recording(tmp_path / "a.wav", start_s=0.5, end_s=1.25)
    np.testing.assert_array_equal(found.frames[:, 0], signal[8_000:20_000])


def test_a_stretch_outside_the_recording_is_refused(tmp_path):
    soundfile.write(tmp_path / "a.wav", sine(), RATE_HZ)
    with pytest.raises(AudioError, match="there is nothing from 3 s"):
        read_recording(tmp_path / "a.wav", start_s=3.0)


def test_a_value_that_is_not_finite_is_an_error(tmp_path):
    signal = sine()
    signal[9] = np.nan
    soundfile.write(tmp_path / "a.wav", signal, RATE_HZ, subtype="FLOAT")
    with pytest.raises(AudioError, match="not a finite number"):
        read_recording(tmp_path / "a.wav")


def test_a_missing_end_is_passed_on_as_a_warning(tmp_path):
    soundfile.write(tmp_path / "a.wav", sine(2.0), RATE_HZ)
    whole = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(whole[: len(whole) // 2])
    sound = measure(read_recording(tmp_path / "a.wav"))
    assert sound.duration_s == pytest.approx(1.0, abs=0.01)
    assert "The end is missing" in " ".join(sound.warnings)
