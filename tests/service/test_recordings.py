from __future__ import annotations

import io
import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
import soundfile

from affekt.recognition import Recognizer

Check = Callable[..., dict[str, Any]]


def predictions(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [item["prediction"] for item in answer.json()["results"]]


@pytest.fixture(scope="module")
def library(tone_bundle: Any) -> Recognizer:
    return Recognizer.load(tone_bundle)


@pytest.mark.parametrize("duration_s", [0.1, 1.0, 10.0, 12.5])
@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
def test_the_answer_is_the_library_s(
    served: Any, sound: Any, library: Recognizer, duration_s: float, kind: str
) -> None:
    recording = sound("sad", duration_s=duration_s, kind=kind)
    (found,) = predictions(served.recognize(recording))
    expected = json.loads(json.dumps(library.predict(recording).to_dict()))
    assert found == expected


def test_options_are_those_of_predict(served: Any, sound: Any, library: Recognizer) -> None:
    recording = sound("fearful")
    answer = served.recognize(recording, emotions=4, top_k=2, threshold=1.0)
    (found,) = predictions(answer)
    assert found == library.predict(recording, emotions=4, top_k=2, threshold=1.0).to_dict()
    assert found["uncertain"] is True


def test_a_channel_can_be_chosen(served: Any, call: bytes) -> None:
    found = [predictions(served.recognize(call, channel=k))[0]["emotion"] for k in (0, 1)]
    assert found == ["happy", "angry"]


@pytest.mark.parametrize("seconds", [8, 24])
def test_a_call_is_not_mixed_by_oversight(
    served: Any, tones: Any, check_problem: Check, seconds: int
) -> None:
    file = io.BytesIO()
    soundfile.write(file, tones.call_by_turns(seconds=seconds), 16000, format="WAV")
    refused = served.recognize(file.getvalue())
    assert "take turns" in check_problem(refused, 400, "invalid-option")["detail"]
    (found,) = predictions(served.recognize(file.getvalue(), channel=1))
    assert found["emotion"] == "angry"
    assert predictions(served.recognize(file.getvalue(), mix=True))


def test_several_files_are_answered_in_their_order(served: Any, sound: Any) -> None:
    files = [
        ("a", ("one.wav", sound("happy"))),
        ("b", ("two.flac", sound("sad", kind="FLAC"))),
        ("a", ("long.wav", sound("calm", duration_s=11.0))),
    ]
    found = predictions(served.http.post("/v1/recognize", files=files))
    assert [item["path"] for item in found] == ["one.wav", "two.flac", "long.wav"]
    assert [item["emotion"] for item in found] == ["happy", "sad", "calm"]


def test_a_bad_file_among_several_does_not_spoil_the_others(served: Any, sound: Any) -> None:
    files = [("f", ("good.wav", sound())), ("f", ("bad.wav", b"RIFF, but no more"))]
    answer = served.http.post("/v1/recognize", files=files)
    good, bad = answer.json()["results"]
    assert good["prediction"]["emotion"] == "happy"
    assert good["problem"] is None
    assert bad["prediction"] is None
    assert bad["problem"]["status"] == 422
    assert bad["problem"]["detail"].startswith("bad.wav: its header is damaged")


def test_an_empty_file_among_several_does_not_either(served: Any, sound: Any) -> None:
    files = [("f", ("empty.wav", b"")), ("f", ("good.wav", sound()))]
    empty, good = served.http.post("/v1/recognize", files=files).json()["results"]
    assert good["prediction"]["emotion"] == "happy"
    assert empty["problem"]["status"] == 422
    assert empty["problem"]["detail"].startswith("empty.wav: is empty (0 bytes)")


def test_one_that_cannot_be_answered_now_does_not_cost_the_others_their_answers(
    start: Any, sound: Any, processes: Any
) -> None:
    hasty = start(timeout_s=1.0)
    (pid,) = processes(hasty.service.engine.long.workers)
    os.kill(pid, signal.SIGSTOP)  # whatever is long takes too long
    files = [("f", ("short.wav", sound())), ("f", ("long.wav", sound(duration_s=11.0)))]
    answer = hasty.http.post("/v1/recognize", files=files)
    short, long = answer.json()["results"]
    assert short["prediction"]["emotion"] == "happy"
    assert long["problem"]["type"] == "urn:affekt:problem:timed-out"


def test_what_nobody_foresaw_with_one_recording_is_its_own_problem(
    start: Any, sound: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start()
    plain = Recognizer.__call__

    def fail_over_half_a_second(self: Recognizer, signal: Any, *rest: Any, **options: Any) -> Any:
        if len(signal) == 8000:
            raise RuntimeError("nobody thought of this")
        return plain(self, signal, *rest, **options)

    monkeypatch.setattr(Recognizer, "__call__", fail_over_half_a_second)
    files = [("f", ("a.wav", sound())), ("f", ("b.wav", sound(duration_s=0.5)))]
    answer = running.http.post("/v1/recognize", files=files)
    good, bad = answer.json()["results"]
    assert good["prediction"]["emotion"] == "happy"
    assert bad["problem"]["type"] == "urn:affekt:problem:internal-error"
    assert answer.headers["x-request-id"] in bad["problem"]["detail"]
    assert "nobody" not in answer.text


def test_where_nothing_could_be_answered_the_request_fails(
    start: Any, sound: Any, processes: Any, check_problem: Check
) -> None:
    hasty = start(timeout_s=1.0)
    (pid,) = processes(hasty.service.engine.long.workers)
    os.kill(pid, signal.SIGSTOP)
    files = [("f", (f"{k}.wav", sound(duration_s=11.0))) for k in range(2)]
    check_problem(hasty.http.post("/v1/recognize", files=files), 504, "timed-out")


def test_numbers_that_are_no_answer_are_a_problem_of_their_recording_alone(
    start: Any, fragile_bundle: Any, tones: Any, sound: Any
) -> None:
    loud = io.BytesIO()
    soundfile.write(loud, tones.tone("happy", amplitude=0.9), 16000, format="WAV")
    running = start(model=str(fragile_bundle))
    files = [("f", ("good.wav", sound())), ("f", ("loud.wav", loud.getvalue()))]
    good, bad = running.http.post("/v1/recognize", files=files).json()["results"]
    assert good["prediction"]["emotion"] == "happy"
    assert bad["problem"]["status"] == 422
    assert bad["problem"]["detail"].startswith("loud.wav: the model tones 1.2 has no answer")


@pytest.mark.parametrize(
    ("content", "status", "kind"),
    [
        (b"", 400, "bad-request"),
        (b"no sound at all", 422, "unreadable-recording"),
        (b"RIFF$\0\0\0WAVEfmt ", 422, "unreadable-recording"),
        (b"OggS" + bytes(100), 422, "unreadable-recording"),
        (b"\0\0\0 ftypM4A " + bytes(100), 422, "unreadable-recording"),
        (b"#EXTM3U\nhttp://127.0.0.1:1/x.mp3\n", 422, "unreadable-recording"),
    ],
)
def test_what_is_no_recording_is_refused(
    served: Any, check_problem: Check, content: bytes, status: int, kind: str
) -> None:
    found = check_problem(served.recognize(content), status, kind)
    assert "/proc" not in found["detail"]


def test_silence_is_refused_with_the_library_s_words(
    served: Any, tones: Any, check_problem: Check
) -> None:
    import io

    import numpy as np
    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.zeros(16000), 16000, format="WAV")
    found = check_problem(served.recognize(file.getvalue()), 422, "unreadable-recording")
    assert found["detail"].startswith("the recording: is silent")


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ({"emotions": 5}, 422, "invalid-parameter"),
        ({"threshold": 2}, 422, "invalid-parameter"),
        ({"top_k": 0}, 422, "invalid-parameter"),
        ({"top_q": 1}, 422, "invalid-parameter"),
        ({"purpose": "curiosity"}, 422, "invalid-parameter"),
        ({"model": "tonse"}, 400, "invalid-option"),
        ({"model": "../../etc/passwd"}, 400, "invalid-option"),
        ({"channel": 3}, 422, "unreadable-recording"),
    ],
)
def test_an_impossible_option_is_refused(
    served: Any, sound: Any, check_problem: Check, query: dict[str, Any], status: int, kind: str
) -> None:
    check_problem(served.recognize(sound(), **query), status, kind)


def test_forms_hold_files_alone(served: Any, sound: Any, check_problem: Check) -> None:
    files = {"f": ("a.wav", sound())}
    answer = served.http.post("/v1/recognize", files=files, data={"top_k": "1"})
    assert "top_k" in check_problem(answer, 400, "bad-request")["detail"]
    head = {"Content-Type": "multipart/form-data"}
    answer = served.http.post("/v1/recognize", content=b"--x\r\n", headers=head)
    check_problem(answer, 400, "bad-request")


def test_a_purpose_is_stamped_on_the_answer_and_on_each_prediction(
    served: Any, sound: Any, library: Recognizer
) -> None:
    answer = served.recognize(sound())
    assert answer.json()["purpose"] is None
    assert "purpose" not in predictions(answer)[0]
    # A long one is recognised in a worker, a short one here.
    for recording in (sound(), sound(duration_s=11.0)):
        answer = served.recognize(recording, purpose="safety")
        assert answer.json()["purpose"] == "safety"
        assert predictions(answer) == [library.predict(recording, purpose="safety").to_dict()]
    answer = served.recognize(sound(), purpose="research", consented="true")
    stamps = {answer.json()["purpose"], predictions(answer)[0]["purpose"]}
    assert stamps == {"research with consent"}
    for word in ("no", "false", "0"):
        answer = served.recognize(sound(), purpose="research", consented=word)
        assert answer.json()["purpose"] == "research"
    assert served.recognize(sound(), purpose="research", consented="perhaps").status_code == 422


def test_a_timeline_is_the_library_s(
    served: Any, call: bytes, library: Recognizer, tmp_path: Any
) -> None:
    (tmp_path / "call.flac").write_bytes(call)
    expected = library.timeline(tmp_path / "call.flac", channels=["agent", "customer"])
    files = {"file": ("call.flac", call)}
    answer = served.http.post("/v1/timeline?channels=agent,customer", files=files)
    assert answer.status_code == 200
    document = json.loads(json.dumps(expected.to_dict()))
    assert answer.json() == document | {"path": "call.flac"}
    agent, customer = answer.json()["tracks"]
    assert (agent["analysed"], customer["analysed"]) == (False, True)
    assert {item["emotion"] for item in agent["segments"]} == {None}


def test_an_agent_is_analysed_for_a_purpose_alone(
    served: Any, call: bytes, check_problem: Check
) -> None:
    query = {"channels": "agent,customer", "analyse": "agent"}
    found = check_problem(served.timeline(call, **query), 400, "invalid-option")
    assert "Article 5(1)(f)" in found["detail"]
    refused = served.timeline(call, **query, purpose="research")
    assert "research is no such" in check_problem(refused, 400, "invalid-option")["detail"]
    answer = served.timeline(call, **query, purpose="research", consented="true").json()
    assert answer["purpose"] == "research with consent"
    answer = served.timeline(call, **query, purpose="medical").json()
    assert answer["purpose"] == "medical"
    assert answer["tracks"][0]["analysed"] is True


def test_a_timeline_takes_one_recording(served: Any, sound: Any, check_problem: Check) -> None:
    files = [("f", ("a.wav", sound())), ("f", ("b.wav", sound()))]
    check_problem(served.http.post("/v1/timeline", files=files), 400, "bad-request")


def test_another_model_can_be_asked_for(served: Any, sound: Any) -> None:
    (found,) = predictions(served.recognize(sound(), model="open"))
    assert found["model"].startswith("open ")
