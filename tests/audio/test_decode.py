"""Whole recordings, blocks of them, stretches of them, and arrays."""

import io
import subprocess
import sys
import tracemalloc
import wave

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from affekt.audio import SAMPLING_RATE_HZ, decode, decode_blocks, from_array
from affekt.errors import AudioError

few = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def test_the_sampling_rate_is_16_khz():
    assert SAMPLING_RATE_HZ == 16000


def test_decoding_equals_mean_then_soxr(tone, encode):
    frames = np.stack([tone(1.0, 44100), tone(1.0, 44100, hz=700)], axis=1)
    expected = soxr.resample(frames.mean(axis=1), 44100, 16000)
    decoded = decode(encode(frames, 44100, ("WAV", "FLOAT"))).signal
    np.testing.assert_allclose(decoded, expected, atol=1e-6)


def test_another_rate_can_be_asked_for(tone, encode):
    audio = decode(encode(tone(1.0)), sampling_rate_hz=8000)
    assert (audio.sampling_rate_hz, audio.signal.size) == (8000, 8000)


def test_a_channel_can_be_chosen_instead_of_the_mean(tone, encode):
    left, right = tone(0.5), tone(0.5, hz=700)
    data = encode(np.stack([left, right], axis=1), 16000, ("WAV", "FLOAT"))
    np.testing.assert_array_equal(decode(data, channel=0).signal, left)
    np.testing.assert_array_equal(decode(data, channel=1).signal, right)
    np.testing.assert_allclose(decode(data).signal, (left + right) / 2, atol=1e-7)


@pytest.mark.parametrize("channel", [2, -1])
def test_a_channel_that_is_not_there_is_refused(channel, tone, encode):
    with pytest.raises(AudioError, match=r"no channel -?\d: the recording has 2 channels \(0 to 1"):
        decode(encode(tone(0.5, channels=2)), channel=channel)


def test_a_silent_channel_is_reported_from_silence(tone, encode):
    frames = np.stack([tone(0.5), np.zeros(8000)], axis=1)
    with pytest.raises(AudioError, match="the wrong one was taken; choose another with channel"):
        decode(encode(frames), channel=1)


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (np.zeros(0), "holds no samples"),
        (np.zeros(16000), "is silent"),
        (np.full(1500, 0.3), "at least 0.1 s is needed"),
        (np.r_[np.full(12000, 0.3), np.nan], r"the sample at 0\.750 s \(12000\) is nan"),
        (np.r_[np.full(12000, 0.3), 1e300], r"the sample at 0\.750 s \(12000\) is inf"),
        (np.r_[np.full(12000, 0.3), -2e19], r"the sample at 0\.750 s \(12000\) is -2e\+19, far"),
    ],
    ids=["empty", "silent", "short", "nan", "overflow", "absurd"],
)
def test_the_gate_stands_before_every_file(frames, message, encode):
    data = encode(frames, 16000, ("WAV", "DOUBLE"))
    with pytest.raises(AudioError, match=message):
        decode(data)
    with pytest.raises(AudioError, match=message), decode_blocks(data, block_s=0.2) as reader:
        list(reader)


@pytest.mark.parametrize("rate", [500, 400000])
def test_a_file_with_an_impossible_rate_is_refused(rate, tmp_path):
    path = tmp_path / "clip.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, rate, 0, "NONE", ""))
        file.writeframes(bytes(200000))
    with pytest.raises(AudioError, match=f"a sampling rate of {rate} Hz is outside"):
        decode(path)


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize("block_s", [0.05, 0.31, 1.0, 30.0])
def test_blocks_joined_are_the_whole(rate, block_s, soundfile_kind, tone, encode):
    rate = 48000 if soundfile_kind[1] == "OPUS" and rate == 44100 else rate
    data = encode(tone(1.7, rate), rate, soundfile_kind)
    with decode_blocks(data, block_s=block_s) as reader:
        blocks = list(reader)
        assert reader.source_rate_hz == rate
        assert reader.source_channels == 1
    assert all(block.size == round(block_s * 16000) for block in blocks[:-1])
    assert all(block.dtype == np.float32 for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks), decode(data).signal)


@few
@given(samples=st.integers(4410, 20000), rate=st.sampled_from([8000, 11025, 22050, 44100]))
def test_the_duration_is_kept_at_any_rate(samples, rate, tone, encode):
    audio = decode(encode(tone(1.0, 20000)[:samples], rate))
    assert audio.duration_s == samples / rate
    assert audio.signal.size == pytest.approx(samples * 16000 / rate, abs=1)


@few
@given(start=st.floats(0, 4.8), length=st.floats(0.11, 5), kind=st.integers(0, 3))
def test_a_stretch_is_a_slice_of_the_whole(start, length, kind, tone, encode):
    kinds = [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS")]
    data = encode(tone(5.0, 22050), 22050, kinds[kind])
    whole = decode(data).signal
    stretch = decode(data, start_s=start, end_s=start + length).signal
    expected = whole[round(start * 16000) : round((start + length) * 16000)]
    np.testing.assert_allclose(stretch, expected, atol=1e-6)


@pytest.mark.parametrize("start_s", [1.0, 3.21, 7.5])
@pytest.mark.parametrize("channels", [1, 2])
def test_reading_from_the_middle_gives_the_same_bits(
    start_s, channels, soundfile_kind, tone, encode
):
    data = encode(tone(9.0, channels=channels), 16000, soundfile_kind)
    expected = decode(data).signal[round(start_s * 16000) :][:16000]
    stretch = decode(data, start_s=start_s, end_s=start_s + 1.0).signal
    np.testing.assert_array_equal(stretch, expected)


class Counting(io.BytesIO):
    """Knows how much was read of it."""

    count = 0

    def read(self, size=-1):
        data = super().read(size)
        self.count += len(data)
        return data


@pytest.mark.parametrize("kind", [("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS")])
def test_a_late_stretch_is_reached_without_what_is_before_it(kind, tone, encode):
    data = encode(tone(60.0), 16000, kind)
    file = Counting(data)
    decode(file, start_s=58.0, end_s=59.0)
    assert file.count < 0.8 * len(data)


def test_a_stretch_behind_damage_in_a_flac_file_is_where_it_was(tone, encode):
    signal = np.round(tone(9.0) * 32768).astype(np.int16)
    data = bytearray(encode(signal, 16000, ("FLAC", "PCM_16")))
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    stretch = decode(bytes(data), start_s=7.0, end_s=8.0).signal
    np.testing.assert_array_equal(stretch, signal[7 * 16000 : 8 * 16000] / np.float32(32768))


def test_a_stretch_is_open_at_either_end(tone, encode):
    data = encode(tone(5.0))
    whole = decode(data).signal
    np.testing.assert_array_equal(decode(data, start_s=3.5).signal, whole[56000:])
    np.testing.assert_array_equal(decode(data, end_s=1.5).signal, whole[:24000])
    assert decode(data, start_s=3.5).duration_s == 1.5


@pytest.mark.parametrize(
    ("start_s", "end_s", "message"),
    [
        (5.0, None, "ends before 5 s: give a start within the recording"),
        (99.0, 100.0, "ends before 99 s"),
        (-1.0, None, "is impossible"),
        (2.0, 2.0, "is impossible: give a start of at least 0 and an end after it"),
        (2.0, 2.05, "from 2 s: lasts 0.050 s, and at least 0.1 s is needed"),
    ],
)
def test_a_stretch_outside_the_recording_is_refused(start_s, end_s, message, tone, encode):
    with pytest.raises(AudioError, match=message):
        decode(encode(tone(5.0)), start_s=start_s, end_s=end_s)


def test_a_stretch_that_ends_beyond_the_recording_says_so(tone, encode):
    audio = decode(encode(tone(5.0)), start_s=3.25, end_s=12.0)
    assert audio.duration_s == 1.75
    assert audio.warnings == (
        "The stretch was to end at 12 s, and the recording ends at 5.00 s: what was read counts.",
    )
    assert decode(encode(tone(5.0)), start_s=3.25, end_s=5.02).warnings == ()


def test_a_damaged_value_late_in_a_long_file_is_placed_right(tone, encode):
    signal = tone(9.0)
    signal[7 * 16000] = np.nan
    with pytest.raises(AudioError, match=r"the sample at 7\.000 s"):
        decode(encode(signal, 16000, ("WAV", "FLOAT")), start_s=6.5)


def test_a_thousand_channels_are_never_held_for_a_second(tmp_path):
    path = tmp_path / "array.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1024)
        file.setsampwidth(1)
        file.setframerate(48_000)
        second = np.random.default_rng(0).integers(96, 160, 48_000, dtype=np.uint8)
        file.writeframes(np.repeat(second, 1024).tobytes())
    tracemalloc.start()
    try:
        with decode_blocks(path, refuse_calls=True) as reader:
            assert sum(block.size for block in reader) == 16_000
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 48 * 2**20  # all samples of the second as floats take 188 MiB


def test_blocks_of_a_long_file_need_flat_memory(tmp_path):
    """Ten minutes of 44.1 kHz stereo are 100 MB on disk and 38 MB as the final signal."""
    path = tmp_path / "long.wav"
    second = np.random.default_rng(0).integers(-9000, 9000, (44100, 2)).astype("<i2").tobytes()
    with wave.open(str(path), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        for _ in range(600):
            file.writeframes(second)
    tracemalloc.start()
    try:
        with decode_blocks(path, block_s=10.0) as reader:
            samples = sum(block.size for block in reader)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert samples == 600 * 16000
    assert peak_bytes < 8e6


def test_a_block_needs_a_length():
    with pytest.raises(ValueError, match="block_s must hold at least one sample"):
        decode_blocks(b"", block_s=0)


def test_an_array_passes_the_same_gate(tone):
    audio = from_array(tone(0.5), 16000)
    np.testing.assert_array_equal(audio.signal, tone(0.5))
    assert (audio.duration_s, audio.source_rate_hz, audio.source_channels) == (0.5, 16000, 1)
    with pytest.raises(AudioError, match="<array>: is silent"):
        from_array(np.zeros(16000), 16000)


def test_an_array_and_its_file_give_the_same_signal(tone, encode):
    frames = np.round(tone(0.5, 44100, channels=2) * 32767).astype(np.int16)
    np.testing.assert_array_equal(
        from_array(frames, 44100).signal, decode(encode(frames, 44100)).signal
    )


def test_a_list_is_an_array_too():
    assert from_array([0.1, -0.1] * 8000, 16000).duration_s == 1.0


def test_an_array_keeps_its_channel(tone):
    frames = np.stack([tone(0.5), tone(0.5, hz=700)], axis=1)
    np.testing.assert_array_equal(from_array(frames, 16000, channel=1).signal, frames[:, 1])
    with pytest.raises(AudioError, match="there is no channel 2"):
        from_array(frames, 16000, channel=2)


@pytest.mark.parametrize("shape", [(2, 16000), (1, 2, 8000), (16000, 0), ()])
def test_an_array_of_another_shape_is_refused(shape):
    with pytest.raises(AudioError, match=r"expected \[samples\] or \[samples, channels\]"):
        from_array(np.ones(shape), 16000)


def test_an_array_of_unscaled_floats_gets_a_warning(tone):
    assert "divide them by their full scale" in from_array(tone(0.5) * 32767, 16000).warnings[0]


def test_an_array_that_no_recording_can_be_is_refused(tone):
    with pytest.raises(
        AudioError, match=r"<array>: the sample at 0\.\d+ s \(\d+\) is .*e\+1\d, far"
    ):
        from_array(tone(0.5) * 1e20, 16000)
    with pytest.raises(AudioError, match=r"is inf, not a finite number"):
        from_array(tone(0.5).astype(np.float64) * 1e200, 16000)


def test_the_channel_of_a_damaged_value_is_named_though_the_others_cancel_it(tone, encode):
    frames = tone(0.5, channels=2)
    frames[800] = [3e12, -3e12]
    with pytest.raises(AudioError, match=r"\(800\) in channel 0 is 3e\+12, far beyond full scale"):
        from_array(frames, 16000)
    data = encode(frames, 16000, ("WAV", "FLOAT"))
    with pytest.raises(AudioError, match=r"at 0\.050 s \(800\) in channel 0 is 3e\+12"):
        decode(data)


@pytest.mark.parametrize("gain_db", [6, 20, 40])
def test_a_float_recording_far_above_full_scale_is_still_a_recording(gain_db, tone, encode):
    data = encode(tone(0.5) * 10 ** (gain_db / 20), 16000, ("WAV", "FLOAT"))
    assert np.abs(decode(data).signal).max() > 1.0


def test_integers_of_32_bits_stored_as_floats_are_still_read(tone):
    assert "divide them" in from_array(np.r_[tone(0.5), -1.0] * 2.0**31, 16000).warnings[0]


def test_importing_is_light():
    script = "import affekt.audio, sys; print([m for m in ('av', 'torch') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_rate_of_an_array_is_a_plain_number(tone):
    assert type(from_array(tone(0.5), np.int64(16000)).source_rate_hz) is int


def test_an_interrupt_while_the_library_reads_is_not_lost(tmp_path):
    """It comes in the library's own call for more bytes, and ended there, as if the file did."""
    path = tmp_path / "long.wav"
    soundfile.write(path, np.full(16_000 * 60, 0.1), 16_000)

    class Interrupted(io.FileIO):
        calls = 0

        def read(self, size=-1):
            Interrupted.calls += 1
            if Interrupted.calls == 40:
                raise KeyboardInterrupt
            return super().read(size)

    with Interrupted(path) as stream, pytest.raises(KeyboardInterrupt):
        decode(stream)
    assert Interrupted.calls == 40
