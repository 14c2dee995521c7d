"""A long recording over time: segments without a gap, two-channel calls, summaries."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from affekt import Recognizer
from affekt.errors import AudioError, ConfigError

RATE = 16_000


@pytest.fixture(scope="module")
def recognizer(tone_bundle):
    return Recognizer.load(tone_bundle)


@pytest.fixture(scope="module")
def pitches(tones):
    """The pitch of each emotion of the bundle that knows tones."""
    return {label: tones.tone_hz(k) for k, label in enumerate(tones.metadata().labels)}


@pytest.fixture(scope="module")
def sound(tones):
    """Syllables of (pitch or None, seconds), noise far below them in the pauses."""

    def make(*parts):
        rng = np.random.default_rng(0)
        pieces = []
        for pitch_hz, duration_s in parts:
            times_s = np.arange(round(duration_s * RATE)) / RATE
            piece = 1e-4 * rng.standard_normal(times_s.size)
            if pitch_hz is not None:
                tone = np.sin(2 * np.pi * pitch_hz * times_s)
                piece += 0.3 * tone * tones.syllables(times_s)
            pieces.append(piece)
        return np.concatenate(pieces).astype(np.float32)

    return make


def write(path, *channels):
    length = max(channel.size for channel in channels)
    columns = [np.pad(channel, (0, length - channel.size)) for channel in channels]
    soundfile.write(path, np.stack(columns, axis=1), RATE)
    return path


@pytest.fixture
def call(tmp_path, pitches, sound):
    """The agent is neutral, the customer first angry and then happy."""
    agent = sound((pitches["neutral"], 4), (None, 11))
    customer = sound((None, 5), (pitches["angry"], 4), (None, 1), (pitches["happy"], 4), (None, 1))
    return write(tmp_path / "call.wav", agent, customer)


def covers(segments, duration_s):
    edges = [segments[0].start_s, *(item.end_s for item in segments)]
    starts = [item.start_s for item in segments]
    return edges[0] == 0.0 and edges[-1] == pytest.approx(duration_s) and starts == edges[:-1]


def test_segments_cover_the_recording_and_tell_speech_from_silence(
    recognizer, tmp_path, pitches, sound
):
    path = write(tmp_path / "one.wav", sound((None, 2), (pitches["sad"], 4), (None, 3)))
    timeline = recognizer.timeline(path)
    (track,) = timeline.tracks
    assert covers(track.segments, 9.0)
    assert [(item.speech, item.emotion) for item in track.segments] == [
        (False, None),
        (True, "sad"),
        (False, None),
    ]
    spoken = track.segments[1]
    assert spoken.start_s == pytest.approx(2.0, abs=0.04)
    assert spoken.end_s == pytest.approx(6.0, abs=0.04)
    assert track.speech == ((spoken.start_s, spoken.end_s),)
    assert spoken.confidence == spoken.predictions[0].score


def test_in_a_call_the_agent_has_speech_and_no_emotion(recognizer, call):
    timeline = recognizer.timeline(call, channels=["agent", "customer"])
    agent, customer = timeline.tracks
    assert not agent.analysed
    assert customer.analysed
    assert all(item.emotion is None and not item.predictions for item in agent.segments)
    assert agent.summary.shares == {}
    assert agent.summary.speech_s == pytest.approx(4.0, abs=0.1)
    assert covers(agent.segments, timeline.duration_s)
    emotions = [item.emotion for item in customer.segments if item.speech]
    assert emotions == ["angry", "happy"]


def test_a_call_without_names_is_refused_as_soon_as_both_have_spoken(
    recognizer, tmp_path, pitches, sound
):
    turns = [(pitches["neutral"], 2), (None, 2)] * 60
    agent, customer = sound(*turns), sound((None, 2), *turns[:-1])
    path = write(tmp_path / "call.wav", agent, customer)
    done_s = []
    with pytest.raises(ConfigError, match=r"call\.wav: .*channels: agent,customer.*mix"):
        recognizer.timeline(path, progress=done_s.append)
    assert max(done_s, default=0.0) <= 20.0  # of 240
    with path.open("rb") as stream, pytest.raises(ConfigError, match="name them"):
        recognizer.timeline(stream)


def test_a_call_may_be_taken_for_one_voice_if_that_is_said(recognizer, call):
    mixed = recognizer.timeline(call, mix=True)
    assert [(track.index, track.name, track.analysed) for track in mixed.tracks] == [
        (None, None, True)
    ]
    assert {item.emotion for item in mixed.tracks[0].segments} >= {"neutral", "angry", "happy"}
    assert mixed.warnings == ()
    with pytest.raises(ConfigError, match="mix takes all channels"):
        recognizer.timeline(call, mix=True, channels=["agent", "customer"])


@pytest.mark.parametrize("right_of_left", [1.0, 0.2, 0.0])
def test_one_voice_in_stereo_needs_no_names(recognizer, tmp_path, pitches, right_of_left, sound):
    left = sound((None, 2), (pitches["sad"], 5), (None, 2), (pitches["angry"], 5))
    path = write(tmp_path / "stereo.wav", left, right_of_left * left)
    timeline = recognizer.timeline(path)
    assert [item.emotion for item in timeline.tracks[0].segments if item.speech] == ["sad", "angry"]
    assert "name them" in " ".join(timeline.warnings)


def test_named_channels_bring_no_warning(recognizer, call):
    assert recognizer.timeline(call, channels=["agent", "customer"]).warnings == ()


def test_the_summary_tells_shares_the_negative_stretch_and_the_turn(recognizer, call):
    customer = recognizer.timeline(call, channels=["agent", "customer"]).tracks[1]
    summary = customer.summary
    assert sum(summary.shares.values()) == pytest.approx(1.0)
    assert summary.shares["angry"] == pytest.approx(0.5, abs=0.05)
    assert summary.longest_negative == pytest.approx((5.0, 9.0), abs=0.05)
    (turn,) = summary.turning_points
    assert (turn.before, turn.after) == ("angry", "happy")
    assert turn.time_s == pytest.approx(10.0, abs=0.05)


def test_somebody_who_says_nothing_in_a_call_is_a_track_of_silence(
    recognizer, tmp_path, pitches, sound
):
    customer = sound((pitches["sad"], 4))
    path = write(tmp_path / "mute.wav", np.zeros_like(customer), customer)
    agent, customer = recognizer.timeline(path, channels=["agent", "customer"]).tracks
    assert agent.speech == ()
    assert [(item.start_s, item.end_s, item.speech) for item in agent.segments] == [
        (0.0, pytest.approx(4.0), False)
    ]
    assert customer.summary.shares == {"sad": pytest.approx(1.0)}


def test_a_call_in_which_nobody_speaks_is_no_recording(recognizer, tmp_path):
    nothing = np.zeros(3 * RATE, dtype=np.float32)
    path = write(tmp_path / "nothing.wav", nothing, nothing)
    with pytest.raises(AudioError, match="is silent"):
        recognizer.timeline(path, channels=["agent", "customer"])


def test_the_purpose_is_stamped_on_what_comes_out(recognizer, call):
    with pytest.raises(ConfigError, match="purpose"):
        recognizer.timeline(call, channels=["agent", "customer"], analyse=["agent"])
    research = {"channels": ["agent", "customer"], "analyse": ["agent"], "purpose": "research"}
    with pytest.raises(ConfigError, match="research is no such reason"):
        recognizer.timeline(call, **research)
    timeline = recognizer.timeline(call, **research, consented=True)
    assert timeline.purpose == timeline.to_dict()["purpose"] == "research with consent"


def test_one_odd_cell_does_not_interrupt_a_stretch(recognizer, tmp_path, pitches, sound):
    path = write(
        tmp_path / "odd.wav",
        sound((pitches["sad"], 6), (pitches["happy"], 0.4), (pitches["sad"], 6)),
    )
    (track,) = recognizer.timeline(path).tracks
    assert [item.emotion for item in track.segments] == ["sad"]


def test_the_timeline_is_made_of_what_the_stream_predicts(recognizer, tmp_path, pitches, sound):
    from affekt.recognition import StreamRecognizer

    signal = sound((pitches["sad"], 3.5), (None, 2))
    path = tmp_path / "one.wav"
    soundfile.write(path, signal, RATE, subtype="FLOAT")
    stream = StreamRecognizer(recognizer)
    first = stream.push(signal)[0]
    segment = recognizer.timeline(path, window_s=1.0).tracks[0].segments[0]
    assert first.emotion == segment.emotion == "sad"
    assert segment.confidence == pytest.approx(first.confidence, abs=0.05)


def test_a_window_may_be_longer_than_the_recording(recognizer, tmp_path, pitches, sound):
    path = write(tmp_path / "short.wav", sound((pitches["happy"], 0.6)))
    (track,) = recognizer.timeline(path).tracks
    assert [item.emotion for item in track.segments] == ["happy"]


def test_speech_too_short_to_judge_has_no_emotion(recognizer, tmp_path, pitches, sound):
    path = write(tmp_path / "blip.wav", sound((None, 4), (pitches["happy"], 0.2), (None, 4)))
    (track,) = recognizer.timeline(path).tracks
    spoken = [item for item in track.segments if item.speech]
    assert [(item.emotion, item.confidence) for item in spoken] == [(None, None)]
    assert track.summary.shares == {"uncertain": 1.0}


def test_a_file_object_is_followed_too_but_not_channel_by_channel(recognizer, call):
    data = call.read_bytes()
    assert recognizer.timeline(io.BytesIO(data), mix=True).path is None
    with pytest.raises(ConfigError, match="give the path of a file"):
        recognizer.timeline(io.BytesIO(data), channels=["agent", "customer"])


def test_progress_comes_in_seconds_of_the_recording(recognizer, tmp_path, pitches, sound):
    path = write(tmp_path / "long.wav", sound((pitches["sad"], 25)))
    seen = []
    recognizer.timeline(path, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(25.0)


def test_the_record_is_plain_json(recognizer, call):
    record = recognizer.timeline(call, channels=["agent", "customer"]).to_dict()
    assert json.loads(json.dumps(record)) == record
    assert list(record)[:4] == ["schema_version", "path", "duration_s", "sampling_rate_hz"]


def test_mistakes_are_reported(recognizer, call, tmp_path):
    with pytest.raises(ConfigError, match="did you mean 'purpose'"):
        recognizer.timeline(call, purposes="medical")
    with pytest.raises(ConfigError, match="1 names for 2 channels"):
        recognizer.timeline(call, channels=["customer"])
    for nothing in ({"window_s": 0.0}, {"hop_s": 0.0}):
        with pytest.raises(ConfigError, match=r"0\.1 to 30"):
            recognizer.timeline(call, **nothing)
    with pytest.raises(AudioError, match="missing"):
        recognizer.timeline(tmp_path / "missing.wav")


# ---- what is not speech ------------------------------------------------------------------------


def pink(duration_s, level):
    spectrum = np.fft.rfft(np.random.default_rng(5).standard_normal(round(duration_s * RATE)))
    signal = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(spectrum.size), 1)))
    return (level * signal / signal.std()).astype(np.float32)


def test_a_line_that_hisses_while_the_agent_greets_says_nothing(
    recognizer, tmp_path, pitches, sound
):
    agent = sound((pitches["neutral"], 8), (None, 6))
    customer = sound((None, 8), (pitches["angry"], 4), (None, 2)) + pink(14, 0.01)
    path = write(tmp_path / "call.wav", agent, customer)
    customer = recognizer.timeline(path, channels=["agent", "customer"]).tracks[1]
    assert [item.speech for item in customer.segments] == [False, True, False]
    assert customer.speech[0] == pytest.approx((8.0, 12.0), abs=0.1)


def test_an_empty_room_is_no_person_with_an_emotion(recognizer, tmp_path):
    path = write(tmp_path / "room.wav", pink(40, 0.01))
    (track,) = recognizer.timeline(path).tracks
    assert [item.speech for item in track.segments] == [False]
    assert track.summary.shares == {}


@pytest.mark.parametrize("what", ["offset", "hum"])
def test_an_offset_and_hum_change_nothing(recognizer, tmp_path, pitches, sound, what):
    clean = sound((None, 4), (pitches["angry"], 4), (None, 5))
    hum = 0.03 * np.sin(2 * np.pi * 50 * np.arange(clean.size) / RATE)
    added = {"offset": np.full(clean.size, 0.03), "hum": hum}[what]
    soundfile.write(tmp_path / "worse.wav", clean + added, RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "clean.wav", clean, RATE, subtype="FLOAT")
    (worse,) = recognizer.timeline(tmp_path / "worse.wav").tracks
    (better,) = recognizer.timeline(tmp_path / "clean.wav").tracks
    np.testing.assert_allclose(worse.speech, better.speech, atol=0.05)


def test_a_tone_out_of_the_domain_is_not_speech(tones, tmp_path, pitches, sound):
    bundle = tones.write_bundle(tmp_path / "novelty.onnx", novelty=True)
    call = sound((pitches["happy"], 4), (None, 3), (pitches["angry"], 4), (None, 2))
    call[: 4 * RATE] *= 15.0  # loud is what this bundle does not know
    path = tmp_path / "ringing.wav"
    soundfile.write(path, call, RATE, subtype="FLOAT")
    (track,) = Recognizer.load(bundle).timeline(path).tracks
    assert [(item.speech, item.emotion, item.out_of_domain) for item in track.segments] == [
        (False, None, True),
        (False, None, None),
        (True, "angry", False),
        (False, None, None),
    ]
    assert track.speech == ((pytest.approx(7.0, abs=0.05), pytest.approx(11.0, abs=0.05)),)
    assert track.summary.shares == {"angry": 1.0}
    assert track.summary.not_speech_s == pytest.approx(4.0, abs=0.1)
    assert not any(item.out_of_domain and not item.uncertain for item in track.segments)


def test_what_the_agent_says_ends_no_negative_stretch(recognizer, tmp_path, pitches, sound):
    turns = [(None, 5), (pitches["angry"], 3)] * 3
    customer = sound(*turns)
    agent = sound(*[(pitches["neutral"], 5), (None, 3)] * 3)
    path = write(tmp_path / "call.wav", agent, customer)
    customer = recognizer.timeline(path, channels=["agent", "customer"]).tracks[1]
    assert customer.summary.longest_negative == pytest.approx((5.0, 24.0), abs=0.1)


def test_standard_input_and_pipes_are_read_twice_too(
    recognizer, tmp_path, pitches, sound, monkeypatch
):
    path = write(tmp_path / "one.wav", sound((None, 2), (pitches["sad"], 4), (None, 3)))
    expected = recognizer.timeline(path).to_dict()["tracks"]

    class Pipe(io.RawIOBase):
        def __init__(self):
            self._data = io.BytesIO(path.read_bytes())

        def readable(self):
            return True

        def readinto(self, buffer):
            return self._data.readinto(buffer)

    assert recognizer.timeline(Pipe()).to_dict()["tracks"] == expected
    piped = SimpleNamespace(buffer=io.BufferedReader(Pipe()))
    piped.buffer.isatty = lambda: False
    monkeypatch.setattr("sys.stdin", piped)
    assert recognizer.timeline("-").to_dict()["tracks"] == expected
