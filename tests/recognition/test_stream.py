"""A stream gives what the whole file gives, however its samples arrive."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt import Recognizer
from affekt.errors import AudioError, ConfigError
from affekt.recognition import Outputs, StreamRecognizer
from affekt.recognition.stream import WindowPredictor

RATE = 16_000


@pytest.fixture(scope="module")
def recognizer(tone_bundle):
    return Recognizer.load(tone_bundle)


@pytest.fixture(scope="module")
def novelty_recognizer(tones, tmp_path_factory):
    """Takes a mean amplitude from 0.32 on for no speech."""
    path = tmp_path_factory.mktemp("novelty") / "novelty.onnx"
    return Recognizer.load(tones.write_bundle(path, novelty=True, threshold=0.1))


def tone(frequency_hz, duration_s, *, level=0.3):
    """Two syllables a second: levels that never change are no speech."""
    times_s = np.arange(round(duration_s * RATE)) / RATE
    swell = 0.02 + 0.98 * np.cos(2 * np.pi * times_s) ** 4
    return (level * swell * np.sin(2 * np.pi * frequency_hz * times_s)).astype(np.float32)


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
    signals = []

    class Listening:
        def run(self, waveforms):
            signals.append(waveforms[0].copy())
            return Outputs(np.array([[1.0]]), novelty=np.array([[0.0]]))

    noise = np.random.default_rng(1).normal(0, 0.2, round(length * RATE)).astype(np.float32)
    signal = noise * tone(0.25, length, level=1.0)  # it swells and fades, as speech does
    listener = WindowPredictor(
        SimpleNamespace(bundle=Listening()), window_s=3.0, hop_s=1.0, vad="energy"
    )
    windows = listener.push(signal) + listener.finish()
    assert windows[-1].end_s == pytest.approx(length, abs=1 / RATE)
    for window, sound in zip(windows, signals, strict=True):
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
        ({"vad": "webrct"}, "did you mean 'webrtc'"),
        ({"purpose": "medicine"}, "did you mean 'medical'"),
    ],
)
def test_impossible_settings_are_refused(recognizer, options, message):
    with pytest.raises(ConfigError, match=message):
        StreamRecognizer(recognizer, **options)


@pytest.mark.parametrize("kind", ["u1", "i1", "i2", "i4"])
def test_integers_are_scaled_as_the_recognizer_does(recognizer, kind):
    signal = recording()
    scale = 2.0 ** (8 * np.dtype(kind).itemsize - 1)
    integers = (signal * (scale - 1) + (scale if kind == "u1" else 0)).astype(kind)
    (_, _, third, *_) = moments(recognizer, integers, [])
    expected = recognizer(integers[: 3 * RATE], RATE)
    assert third.emotion == expected.emotion
    assert third.confidence == pytest.approx(expected.confidence, abs=1e-6)


def test_silence_in_integers_is_silence(recognizer):
    dither = np.random.default_rng(0).integers(-1, 2, 3 * RATE).astype(np.int16)
    assert [item.emotion for item in moments(recognizer, dither, [])] == [None, None, None]


def test_another_rate_is_resampled_as_it_comes(recognizer):
    signal = recording()
    stream = StreamRecognizer(recognizer, sampling_rate_hz=44_100)
    at_44100 = soxr.resample(signal, RATE, 44_100)
    found = [*stream.push(at_44100[:50_001]), *stream.push(at_44100[50_001:]), *stream.finish()]
    expected = moments(recognizer, signal, [])
    assert [item.emotion for item in found] == [item.emotion for item in expected]
    assert found[-1].end_s == pytest.approx(expected[-1].end_s, abs=1e-4)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((2, 2)), r"one channel, \[samples\], not an array of shape \(2, 2\)"),
        (np.array([0.0, np.nan]), "at 0.000 s .* nan"),
        (np.zeros(9, np.int64), "samples of type int64 have no known full scale"),
        (bytes(450_000), "takes arrays of samples, not bytes: numpy.frombuffer"),
    ],
)
def test_what_is_no_sound_is_refused_in_a_few_words(recognizer, samples, message):
    with pytest.raises(AudioError, match=message) as caught:
        StreamRecognizer(recognizer).push(samples)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("rate_hz", [0, -16_000, 10_000_000])
def test_an_impossible_rate_is_refused(recognizer, rate_hz):
    with pytest.raises(AudioError, match="Hz is outside 1000 to 384000 Hz"):
        StreamRecognizer(recognizer, sampling_rate_hz=rate_hz)


def test_a_stream_that_has_ended_takes_no_more(recognizer):
    stream = StreamRecognizer(recognizer)
    stream.push(recording()[:RATE])
    stream.finish()
    with pytest.raises(AudioError, match="has ended"):
        stream.push(recording())
    assert stream.finish() == []


def test_what_is_not_speech_is_nobody_s_emotion(novelty_recognizer):
    found = moments(novelty_recognizer, np.concatenate([tone(400, 3.0), 5 * tone(400, 3.0)]), [])
    in_domain, outside = found[2], found[-1]
    assert (in_domain.emotion is None, in_domain.out_of_domain, in_domain.uncertain) == (
        False,
        False,
        False,
    )
    assert (outside.emotion, outside.confidence, outside.predictions) == (None, None, ())
    assert outside.out_of_domain
    assert outside.uncertain
    assert outside.to_dict()["out_of_domain"] is True
