"""Raw samples at any rate and in any pieces."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st

from affekt.audio.pcm import PcmReader, StreamResampler
from affekt.errors import AffektError, AudioError, ConfigError


def tone(rate_hz: int, *, hz: float = 440.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(rate_hz) / rate_hz)).astype(np.float32)


def read(data: bytes, *, sizes: tuple[int, ...] = (), **settings: Any) -> np.ndarray:
    kept = {"sample_format": "f32le", "sampling_rate_hz": 16_000, **settings}
    reader = PcmReader(**kept)
    pieces = []
    for size in sizes:
        pieces.append(reader.push(data[:size]))
        data = data[size:]
    return np.concatenate([*pieces, reader.push(data), reader.finish()])


def test_integers_are_scaled_to_full_scale() -> None:
    values = np.array([-32768, 0, 16384], "<i2")
    found = read(values.tobytes(), sample_format="s16le")
    np.testing.assert_array_equal(found, np.float32([-1.0, 0.0, 0.5]))


@given(sizes=st.lists(st.integers(0, 5_000), max_size=20).map(tuple))
def test_a_chunk_may_end_within_a_sample(sizes: tuple[int, ...]) -> None:
    pair = np.stack([tone(22_050), tone(22_050, hz=300.0)], axis=1)
    data = pair.astype("<f4").tobytes()
    settings = {"sampling_rate_hz": 22_050, "channels": 2, "channel": 1}
    np.testing.assert_allclose(
        read(data, sizes=sizes, **settings), soxr.resample(pair[:, 1], 22_050, 16_000), atol=1e-5
    )


def test_without_a_channel_their_mean_is_read() -> None:
    pair = np.stack([tone(16_000), tone(16_000, hz=700.0)], axis=1)
    found = read(pair.astype("<f4").tobytes(), channels=2)
    np.testing.assert_allclose(found, pair.mean(axis=1), atol=1e-7)


def test_a_channel_that_cancels_the_other_is_turned_over_after_the_first_second() -> None:
    signal = np.concatenate([tone(16_000)] * 3)
    pair = np.stack([signal, -0.98 * signal], axis=1)
    found = read(pair.astype("<f4").tobytes(), channels=2)
    np.testing.assert_allclose(found[16_400:], 0.99 * signal[16_400:], atol=1e-6)


@given(sizes=st.lists(st.integers(1, 90_000), max_size=8).map(tuple))
def test_how_channels_are_mixed_does_not_hang_on_the_chunks(sizes: tuple[int, ...]) -> None:
    signal = np.concatenate([tone(8_000)] * 4)
    pair = np.stack([signal, -signal], axis=1).astype("<f4")
    settings = {"sampling_rate_hz": 8_000, "channels": 2}
    whole, pieces = read(pair.tobytes(), **settings), read(pair.tobytes(), sizes=sizes, **settings)
    np.testing.assert_allclose(pieces, whole, atol=1e-6)


def test_an_absurd_value_is_refused_with_its_place() -> None:
    with pytest.raises(AudioError, match=r"the stream: the sample at 0.000 s \(1\) is 2e\+19, far"):
        read(np.array([0, 2e19], "<f4").tobytes())


def test_a_sample_cut_short_at_the_end_is_left_out() -> None:
    assert read(tone(16_000).astype("<f4").tobytes() + b"\x00\x00").size == 16_000


def test_a_stream_at_16_khz_passes_the_resampler_as_it_is() -> None:
    resampler = StreamResampler(16_000)
    samples = tone(16_000)
    assert resampler.push(samples) is samples
    assert resampler.finish().size == 0


def test_a_value_that_is_no_number_is_refused_with_its_place() -> None:
    with pytest.raises(AudioError, match=r"the stream: the sample at 0.000 s \(2\) is nan"):
        read(np.array([0, 0, np.nan], "<f4").tobytes())


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"sample_format": "s16be"}, ConfigError, "did you mean 's16le'"),
        ({"channels": 0}, ConfigError, "1 to 64 channels"),
        ({"channels": 2, "channel": 2}, AudioError, "there is no channel 2"),
        ({"sampling_rate_hz": 10}, AudioError, "1000 to 384000 Hz"),
    ],
)
def test_impossible_streams_are_refused(
    settings: dict[str, Any], error: type[AffektError], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(b"", **settings)


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "OGG", "AIFF", "AU", "CAF", "RF64"])
@pytest.mark.parametrize("sizes", [(), (1,) * 20, (5, 6)])
def test_a_file_with_a_header_is_refused(kind: str, sizes: tuple[int, ...]) -> None:
    file = io.BytesIO()
    soundfile.write(file, tone(16_000), 16_000, format=kind)
    with pytest.raises(AudioError, match="raw samples are expected: decode it first"):
        read(file.getvalue(), sizes=sizes, sample_format="s16le")


@given(head=st.binary(min_size=14, max_size=40))
def test_samples_may_begin_with_the_sync_bits_of_mp3_and_aac(head: bytes) -> None:
    data = b"\xff\xfb" + head
    found = read(data, sample_format="s16le")
    np.testing.assert_array_equal(found, np.frombuffer(data[: len(data) // 2 * 2], "<i2") / 32768)
