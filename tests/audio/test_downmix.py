"""One signal from several channels: none is lost, none is attenuated."""

import numpy as np
import pytest

from affekt.audio import decode, decode_blocks, from_array, to_mono
from affekt.audio.downmix import Downmix

RATE = 16000


@pytest.fixture
def voice():
    """Noise with the spectrum and the syllables of speech, `[3 s]`."""
    generator = np.random.default_rng(0)
    spectrum = np.fft.rfft(generator.standard_normal(3 * RATE))
    hz = np.fft.rfftfreq(3 * RATE, 1 / RATE)
    shaped = np.fft.irfft(spectrum * np.where(hz < 80, 0, 1 / (1 + (hz / 500) ** 1.5)))
    syllables = 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(3 * RATE) / RATE)
    signal = shaped * syllables
    return (0.3 * signal / np.abs(signal).max()).astype(np.float32)


def level_db(signal):
    return 10 * np.log10(np.mean(np.square(signal, dtype=np.float64)))


def stacked(*channels):
    return np.stack(channels, axis=1).astype(np.float32)


def test_channels_with_sound_of_their_own_give_their_plain_mean():
    generator = np.random.default_rng(1)
    frames = 0.1 * generator.standard_normal((3 * RATE, 3)).astype(np.float32)
    expected = (frames[:, 0] + frames[:, 1] + frames[:, 2]) / np.float32(3)
    audio = from_array(frames, RATE)
    np.testing.assert_array_equal(audio.signal, expected)
    assert audio.warnings == ()


def test_one_channel_is_taken_as_it_is(voice):
    frames = stacked(voice, -voice)
    np.testing.assert_array_equal(to_mono(frames, RATE, 1), -voice)
    assert from_array(frames, RATE, channel=0).warnings == ()


@pytest.mark.parametrize("gain", [1.0, 0.98, 0.9, 0.5])
@pytest.mark.parametrize("delay", [0, 1, 2])
def test_opposite_phase_does_not_cancel(voice, gain, delay):
    other = -gain * np.roll(voice, delay)
    audio = from_array(stacked(voice, other), RATE)
    assert abs(level_db(audio.signal) - level_db((voice - other) / 2)) < 0.01
    assert level_db(audio.signal) > level_db(voice) - 4
    assert audio.warnings == (
        "Channel 1 has the opposite phase of the others (wrongly wired?): turned over before the "
        "mean was taken.",
    )


def test_opposite_phase_is_found_beside_noise_an_offset_and_hum(voice):
    generator = np.random.default_rng(2)
    time = np.arange(voice.size) / RATE
    hum = 0.1 * np.sin(2 * np.pi * 50 * time)
    noise = 0.003 * generator.standard_normal((2, voice.size))
    audio = from_array(stacked(voice + hum + 0.1 + noise[0], -voice + hum + noise[1]), RATE)
    assert "Channel 1 has the opposite phase" in audio.warnings[0]
    assert np.corrcoef(audio.signal, voice)[0, 1] > 0.95


def test_hum_in_opposite_phase_does_not_turn_speech_over(voice):
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(voice.size) / RATE)
    audio = from_array(stacked(voice + hum, voice - hum), RATE)
    np.testing.assert_allclose(audio.signal, voice, atol=1e-6)
    assert audio.warnings == ()


@pytest.mark.parametrize(("channels", "live"), [(2, 0), (2, 1), (6, 2), (12, 7)])
@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_a_dead_channel_takes_nothing_away(voice, channels, live, noise):
    frames = noise * np.random.default_rng(3).standard_normal((voice.size, channels))
    frames[:, live] += voice
    audio = from_array(frames.astype(np.float32), RATE)
    assert abs(level_db(audio.signal) - level_db(voice)) < 0.1
    assert "next to nothing beside the loudest: not counted in the mean." in audio.warnings[0]
    if noise == 0.0:
        np.testing.assert_array_equal(audio.signal, voice)


def test_the_warning_names_the_channels(voice):
    nothing = np.zeros_like(voice)
    frames = stacked(nothing, nothing, voice, nothing, nothing, nothing)
    assert from_array(frames, RATE).warnings[0].startswith("Channels 0, 1, 3, 4 and 5 have next to")
    frames = stacked(nothing, voice)
    assert from_array(frames, RATE).warnings[0].startswith("Channel 0 has next to nothing")


def test_an_offset_alone_is_no_sound(voice):
    audio = from_array(stacked(voice, np.full_like(voice, 0.05)), RATE)
    assert audio.warnings[0].startswith("Channel 1 has next to nothing")


def test_who_speaks_late_is_not_lost(voice):
    """The second channel wakes up after all that is looked at before the first sample."""
    nothing = np.zeros(15 * RATE, dtype=np.float32)
    first = np.concatenate([*[voice] * 5, nothing])
    second = np.concatenate([nothing, *[voice[::-1]] * 5])
    mono = to_mono(stacked(first, second), RATE)
    np.testing.assert_array_equal(mono[: 15 * RATE], first[: 15 * RATE])
    np.testing.assert_allclose(mono[20 * RATE :], second[20 * RATE :] / 2, atol=1e-6)


@pytest.mark.parametrize("rate", [RATE, 44100])
def test_blocks_joined_are_the_whole_and_the_array(voice, rate, encode):
    signal = np.concatenate([voice] * 9)
    frames = stacked(signal, -0.9 * signal, np.zeros_like(signal))
    data = encode(frames, rate, ("WAV", "FLOAT"))
    with decode_blocks(data, block_s=0.7) as reader:
        joined = np.concatenate(list(reader))
    whole = decode(data)
    np.testing.assert_array_equal(joined, whole.signal)
    np.testing.assert_allclose(from_array(frames, rate).signal, whole.signal, atol=1e-6)
    assert reader.warnings == list(whole.warnings) == list(from_array(frames, rate).warnings)


@pytest.mark.parametrize("start_s", [1.0, 3.25, 12.5])
def test_a_stretch_is_a_slice_of_the_whole(voice, start_s, encode):
    signal = np.concatenate([voice] * 9)
    data = encode(stacked(signal, -0.9 * signal), RATE)
    expected = decode(data).signal[round(start_s * RATE) :][:RATE]
    stretch = decode(data, start_s=start_s, end_s=start_s + 1.0).signal
    np.testing.assert_array_equal(stretch, expected)


def test_pieces_of_any_length_give_the_same_samples(voice):
    frames = stacked(voice, -voice)
    mix = Downmix(RATE, 2, channel=None)
    pieces = [piece for part in np.array_split(frames, 17) for piece in mix.push(part)]
    mono = np.concatenate([*pieces, *mix.finish()])
    np.testing.assert_array_equal(mono, to_mono(frames, RATE))


def test_silence_is_a_mean_like_any_other():
    frames = np.zeros((RATE, 2), dtype=np.float32)
    assert to_mono(frames, RATE).tolist() == [0.0] * RATE
    assert Downmix(RATE, 2, channel=None).warnings() == []
