from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from affekt.errors import AudioError, ConfigError
from affekt.recognition import Recognizer
from affekt.web.analysis import CELL_S, AbandonedError, Wishes, analyse, read_sound


@pytest.fixture(scope="module")
def recognizer(tone_bundle: Path) -> Recognizer:
    return Recognizer.load(tone_bundle)


def test_a_recording_is_read_once_and_drawn_from_its_extremes(sound, recording, quietly) -> None:
    path = sound("clip.wav", ["sad", "angry"], duration_s=0.503)
    found = read_sound(recording(path), quietly)
    assert (found.sampling_rate_hz, found.channels, found.warnings) == (16000, 1, ())
    assert found.duration_s == pytest.approx(1.006)
    signal, _ = soundfile.read(path, dtype="float32")
    cell = round(CELL_S * 16000)
    cells = [signal[k : k + cell] for k in range(0, len(signal), cell)]
    assert np.array_equal(found.envelope, [[part.min(), part.max()] for part in cells])


def test_a_short_recording_gets_an_answer_and_no_timeline(
    recognizer, sound, recording, quietly
) -> None:
    clip = recording(sound("clip.wav", ["happy"], duration_s=2.0))
    answer = analyse(recognizer, clip, read_sound(clip, quietly), Wishes(), quietly)
    assert [voice.prediction.emotion for voice in answer.voices] == ["happy"]
    assert answer.voices[0].prediction.path == "clip.wav"
    assert answer.timeline is None


def test_a_long_recording_is_followed_over_time(recognizer, sound, recording, quietly) -> None:
    clip = recording(sound("long.wav", ["happy", "sad"], duration_s=8.0))
    answer = analyse(recognizer, clip, read_sound(clip, quietly), Wishes(), quietly)
    (track,) = answer.timeline.tracks
    assert [item.emotion for item in track.segments] == ["happy", "sad"]
    assert answer.timeline.path == "long.wav"


def test_of_a_call_only_the_customer_is_analysed(recognizer, sound, recording, quietly) -> None:
    call = recording(sound("call.wav", ["angry"], ["happy"], duration_s=3.0))
    wishes = Wishes(channels=("agent", "customer"))
    answer = analyse(recognizer, call, read_sound(call, quietly), wishes, quietly)
    assert [(v.plan.name, v.prediction.emotion) for v in answer.voices] == [("customer", "happy")]
    agent, customer = answer.timeline.tracks
    assert not agent.analysed
    assert {item.emotion for item in agent.segments} == {None}
    assert customer.analysed


def test_a_customer_who_says_nothing_spoils_no_call(
    recognizer, sound, recording, quietly, tmp_path
) -> None:
    agent, _ = soundfile.read(sound("agent.wav", ["angry"], duration_s=3.0))
    soundfile.write(tmp_path / "call.wav", np.stack([agent, 0 * agent], axis=1), 16000)
    call = recording(tmp_path / "call.wav")
    wishes = Wishes(channels=("agent", "customer"))
    answer = analyse(recognizer, call, read_sound(call, quietly), wishes, quietly)
    assert answer.voices == ()
    assert [len(track.speech) for track in answer.timeline.tracks] == [1, 0]


def test_an_agent_is_analysed_for_a_purpose_only_which_stays_with_the_result(
    recognizer, sound, recording, quietly
) -> None:
    call = recording(sound("call.wav", ["angry"], ["happy"], duration_s=3.0))
    sound = read_sound(call, quietly)
    wishes = Wishes(channels=("agent", "customer"), analyse=("agent",))
    with pytest.raises(ConfigError, match=r"Article 5\(1\)\(f\)"):
        analyse(recognizer, call, sound, wishes, quietly)
    wishes = Wishes(channels=("agent", "customer"), analyse=("agent",), purpose="safety")
    record = analyse(recognizer, call, sound, wishes, quietly).to_dict()
    assert record["purpose"] == record["timeline"]["purpose"] == "safety"
    assert record["voices"][0]["prediction"]["emotion"] == "angry"


def test_progress_ends_at_one_and_can_end_the_work(recognizer, sound, recording, quietly) -> None:
    clip = recording(sound("long.wav", ["happy", "sad"], duration_s=16.0))
    sound = read_sound(clip, quietly)
    seen = []
    analyse(recognizer, clip, sound, Wishes(), lambda what, share: seen.append((what, share)))
    assert seen[-1] == ("Following", pytest.approx(1.0))

    def leave(what: str, share: float | None) -> None:
        raise AbandonedError

    with pytest.raises(AbandonedError):
        analyse(recognizer, clip, sound, Wishes(), leave)


def test_a_broken_file_is_refused_with_its_remedy(tmp_path, recording, quietly) -> None:
    path = tmp_path / "broken.wav"
    path.write_bytes(b"RIFF\x00\x00\x00\x00WAVEnothing follows")
    with pytest.raises(AudioError, match="damaged or cut off: get the file again"):
        read_sound(recording(path), quietly)
