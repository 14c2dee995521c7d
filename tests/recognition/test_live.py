"""Raw samples as they come, at any rate and in any pieces."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soxr

from affekt.errors import AudioError, ConfigError
from affekt.recognition.live import Backlog, Tally, raw_samples
from affekt.records import Moment


def tone(rate_hz, duration_s=1.0):
    return (
        0.3 * np.sin(2 * np.pi * 440 * np.arange(round(duration_s * rate_hz)) / rate_hz)
    ).astype(np.float32)


def listen(data, rate_hz, sample_format="f32le", channels=1):
    chunks = raw_samples(
        io.BytesIO(data),
        sampling_rate_hz=rate_hz,
        sample_format=sample_format,
        channels=channels,
    )
    return np.concatenate(list(chunks))


def test_samples_at_the_rate_of_the_model_pass_as_they_are():
    signal = tone(16_000)
    np.testing.assert_array_equal(listen(signal.astype("<f4").tobytes(), 16_000), signal)


def test_integers_are_scaled_to_full_scale():
    signal = tone(16_000)
    found = listen((signal * 32767).astype("<i2").tobytes(), 16_000, "s16le")
    np.testing.assert_allclose(found, signal, atol=1e-4)


def test_another_rate_is_resampled_without_a_seam():
    signal = tone(44_100)
    found = listen(signal.astype("<f4").tobytes(), 44_100)
    whole = soxr.resample(signal, 44_100, 16_000)
    assert found.size == whole.size
    np.testing.assert_allclose(found, whole, atol=1e-5)


def test_channels_are_averaged():
    pair = np.stack([tone(16_000), -tone(16_000)], axis=1)
    assert np.abs(listen(pair.astype("<f4").tobytes(), 16_000, channels=2)).max() < 1e-7


def test_half_a_sample_at_the_end_is_left_out():
    signal = tone(16_000)
    assert listen(signal.astype("<f4").tobytes() + b"\x00\x00", 16_000).size == signal.size


@pytest.mark.parametrize(
    ("rate_hz", "sample_format", "channels", "message"),
    [
        (10, "f32le", 1, "10 Hz is outside"),
        (16_000, "f32le", 0, "1 to 64 channels"),
        (16_000, "s16be", 1, "did you mean 's16le'"),
    ],
)
def test_impossible_streams_are_refused(rate_hz, sample_format, channels, message):
    with pytest.raises((AudioError, ConfigError), match=message):
        listen(b"", rate_hz, sample_format, channels)


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(AudioError, match="--sample-format"):
        listen(np.full(100, np.nan, dtype="<f4").tobytes(), 16_000)


def test_the_summary_counts_each_second_once():
    def moment(end_s, emotion, *, uncertain=False, out_of_domain=None):
        return Moment(
            start_s=max(0.0, end_s - 3),
            end_s=end_s,
            model="tones 1.2",
            speech_share=1.0,
            emotion=emotion,
            confidence=None if emotion is None else 0.5,
            uncertain=uncertain,
            predictions=(),
            out_of_domain=out_of_domain,
        )

    moments = [
        moment(1.0, None),
        moment(2.0, "sad"),
        moment(3.0, "sad"),
        moment(3.5, "happy", uncertain=True),
        moment(5.0, None, uncertain=True, out_of_domain=True),
    ]
    tally = Tally()
    for item in moments:
        tally.add(item)
    assert list(tally.seconds().items()) == [
        *(("sad", 2.0), ("not speech", 1.5), ("silence", 1.0), ("uncertain", 0.5))
    ]
    assert tally.total_s == 5.0


def test_nothing_is_read_ahead():
    stream = io.BytesIO(bytes(16_000 * 4 * 60))
    chunks = raw_samples(stream, sampling_rate_hz=16_000, sample_format="f32le")
    next(chunks)
    assert stream.tell() < 16_000 * 4


def test_what_waits_comes_at_once_and_in_order():
    backlog = Backlog(16_000)
    for block in np.split(tone(16_000), 10):
        backlog.put(block)
    found, dropped_s = backlog.get()
    np.testing.assert_array_equal(found, tone(16_000))
    assert dropped_s == 0.0


def test_a_backlog_that_grows_too_long_is_dropped_and_reported_once():
    backlog = Backlog(16_000)
    second = np.zeros(16_000, dtype=np.float32)
    for _ in range(10):
        backlog.put(second)
    for number in (1, 2):
        backlog.put(second + number)
    found, dropped_s = backlog.get()
    np.testing.assert_array_equal(found, np.repeat([1, 2], 16_000))
    assert dropped_s == 10.0
    backlog.put(second)
    assert backlog.get()[1] == 0.0


def test_the_backlog_is_waited_for_in_another_thread():
    backlog = Backlog(16_000)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(backlog.get)
        backlog.put(tone(16_000))
        assert found.result(timeout=10)[0].size == 16_000
