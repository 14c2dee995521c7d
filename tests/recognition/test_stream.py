"""A stream gives what the whole file gives, however its samples arrive."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt import Recognizer
from affekt.errors import AudioError, ConfigError
from affekt.recognition import StreamRecognizer
from affekt.recognition.stream import StreamListener

RATE = 16_000


@pytest.fixture(scope="module")
def recognizer(tone_bundle):
    return Recognizer.load(tone_bundle)


def tone(frequency_hz, duration_s, *, level=0.3):
    times_s = np.arange(round(duration_s * RATE)) / RATE
    return (level * np.sin(2 * np.pi * frequency_hz * times_s)).astype(np.float32)


def pause(duration_s):
    noise = np.random.default_rng(0).standard_normal(round(duration_s * RATE))
    return (1e-4 * noise).astype(np.float32)


def recording():
    return np.concatenate([pause(1.5), tone(400, 2.3), pause(4.0), tone(900, 3.1), pause(0.37)])


def moments(recognizer, signal, sizes):
    stream = StreamRecognizer(recognizer)
    found, place = [], 0
    for size in sizes:
        found += stream.push(signal[place : place + size])
        place += size
    found += stream.push(signal[place:])
    return found + stream.finish()


def test_an_answer_comes_every_hop_over_the_window_that_ends_there(recognizer):
    found = moments(recognizer, recording(), [])
    ends = [item.end_s for item in found]
    assert ends == [*range(1, 12), pytest.approx(11.27)]
    assert [item.start_s for item in found[:4]] == [0.0, 0.0, 0.0, 1.0]
    assert all(item.end_s - item.start_s == pytest.approx(3.0) for item in found[3:])


def test_an_answer_comes_as_soon_as_its_last_sample_is_there(recognizer):
    stream = StreamRecognizer(recognizer)
    assert stream.push(recording()[: RATE - 1]) == []
    assert len(stream.push(recording()[RATE - 1 : RATE])) == 1


def test_where_nobody_speaks_there_is_no_emotion(recognizer):
    found = moments(recognizer, recording(), [])
    assert found[0].emotion is None
    assert found[0].predictions == ()
    assert found[6].speech_share < 0.1
    assert found[3].emotion == recognizer(recording()[1 * RATE : 4 * RATE], RATE).emotion


@pytest.mark.parametrize("length", [3.5, 5.0, 6.02, 6.7123, 9.99])
def test_every_window_holds_the_sound_it_names(length):
    heard = []

    class Listening:
        def probabilities(self, signal):
            heard.append(signal.copy())
            return np.array([1.0])

    signal = np.random.default_rng(1).normal(0, 0.2, round(length * RATE)).astype(np.float32)
    listener = StreamListener(Listening(), window_s=3.0, hop_s=1.0, voice="energy")
    windows = listener.push(signal) + listener.finish()
    assert windows[-1].end_s == pytest.approx(length, abs=1 / RATE)
    for window, sound in zip(windows, heard, strict=True):
        place = slice(round(window.start_s * RATE), round(window.end_s * RATE))
        np.testing.assert_array_equal(sound, signal[place])


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(0, 40_000), max_size=12))
def test_the_answers_do_not_depend_on_how_the_samples_arrive(recognizer, sizes):
    signal = recording()
    assert moments(recognizer, signal, sizes) == moments(recognizer, signal, [])


def test_single_samples_are_chunks_too(recognizer):
    signal = recording()[: RATE + 50]
    assert moments(recognizer, signal, [1] * len(signal)) == moments(recognizer, signal, [])


def test_an_empty_stream_ends_without_an_answer(recognizer):
    stream = StreamRecognizer(recognizer)
    assert stream.push(np.empty(0, dtype=np.float32)) == []
    assert stream.finish() == []


def test_a_threshold_of_ones_own_decides_what_is_uncertain(recognizer):
    stream = StreamRecognizer(recognizer, threshold=1.0)
    found = stream.push(recording())
    assert all(item.uncertain for item in found if item.emotion is not None)


def test_a_purpose_is_stamped_on_every_answer(recognizer):
    stream = StreamRecognizer(recognizer, purpose="medical")
    found = [*stream.push(recording()), *stream.finish()]
    assert {item.purpose for item in found} == {"medical"}
    stream = StreamRecognizer(recognizer, purpose="research", consented=True)
    assert {item.purpose for item in stream.push(recording())} == {"research with consent"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hop_s": 0.0}, "hop_s must lie in 0.1 to 30"),
        ({"window_s": 0.5}, "window_s in hop_s to 30"),
        ({"hop_s": 0.99}, "multiple of 0.02"),
        ({"threshold": 1.5}, "threshold must lie in 0 to 1"),
        ({"voice": "webrct"}, "did you mean 'webrtc'"),
        ({"purpose": "medicine"}, "did you mean 'medical'"),
    ],
)
def test_impossible_settings_are_refused(recognizer, options, message):
    with pytest.raises(ConfigError, match=message):
        StreamRecognizer(recognizer, **options)


@pytest.mark.parametrize("samples", [np.zeros((2, 2)), np.array([np.nan])])
def test_what_is_no_sound_is_refused(recognizer, samples):
    with pytest.raises(AudioError, match="finite numbers"):
        StreamRecognizer(recognizer).push(samples)
