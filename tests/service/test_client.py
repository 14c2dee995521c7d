"""The client, against a service that really listens."""

from __future__ import annotations

import dataclasses
import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from websockets.sync.server import ServerConnection, serve

from affekt.client import Client, ServiceError
from affekt.recognition import Recognizer
from affekt.recognition.stream import StreamRecognizer
from affekt.service.keys import new_key


@pytest.fixture(scope="module")
def client(served: Any) -> Any:
    with Client(served.url) as client:
        yield client


@pytest.fixture(scope="module")
def library(tone_bundle: Path) -> Recognizer:
    return Recognizer.load(tone_bundle)


def test_a_prediction_is_the_library_s_record(
    client: Client, library: Recognizer, sound: Any, tmp_path: Path
) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(sound("angry"))
    expected = library.predict(path, top_k=3, emotions=4).to_dict()
    assert client.recognize(path, top_k=3, emotions=4).to_dict() == expected
    assert client.recognize(str(path)).emotion == "angry"
    assert client.recognize(path, purpose="medical").purpose == "medical"
    agreed = client.recognize(path, purpose="research", consented=True)
    assert agreed.purpose == "research with consent"
    calm = client.recognize(sound("calm"))
    assert (calm.emotion, calm.path) == ("calm", None)
    assert client.recognize(io.BytesIO(sound("sad"))).emotion == "sad"


def test_the_example_program_asks_this_service(served: Any, sound: Any, tmp_path: Path) -> None:
    program = Path(__file__).parents[2] / "examples" / "service_client.py"
    path = tmp_path / "a.wav"
    path.write_bytes(sound("angry"))
    words = [sys.executable, program, path, served.url]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"{path}: angry, ")
    path.write_bytes(b"no sound at all")
    assert "is not a recording" in subprocess.run(words, capture_output=True, text=True).stderr


def test_a_bad_recording_is_an_error_with_kind_status_and_id(client: Client) -> None:
    with pytest.raises(ServiceError, match="not a recording") as refused:
        client.recognize(b"no sound")
    assert (refused.value.kind, refused.value.status) == ("unreadable-recording", 422)
    assert refused.value.request_id


def test_among_many_a_bad_one_has_its_error_in_its_place(client: Client, sound: Any) -> None:
    good, bad, other = client.recognize_many([sound("happy"), b"no sound", sound("sad")])
    assert not isinstance(good, ServiceError)
    assert not isinstance(other, ServiceError)
    assert (good.emotion, other.emotion) == ("happy", "sad")
    assert isinstance(bad, ServiceError)
    assert bad.kind == "unreadable-recording"


def test_a_timeline_is_the_library_s_record(
    client: Client, library: Recognizer, call: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "call.flac"
    path.write_bytes(call)
    options: Any = {"channels": ["agent", "customer"], "hop_s": 0.5}
    expected = library.timeline(path, **options)
    assert client.timeline(path, **options).to_dict() == expected.to_dict()
    with pytest.raises(ServiceError, match="purpose must be given"):
        client.timeline(path, channels=["agent", "customer"], analyse=["agent"])


def test_a_call_without_names_is_refused_unless_it_shall_be_mixed(
    client: Client, tones: Any
) -> None:
    silence = np.zeros(2 * 16_000)
    turn = np.concatenate([silence, tones.said("sad", duration_s=2.0)])
    file = io.BytesIO()
    soundfile.write(
        file,
        np.stack([np.tile(turn, 2), np.tile(turn[::-1], 2)], 1),
        16_000,
        "PCM_16",
        format="WAV",
    )
    call = file.getvalue()
    with pytest.raises(ServiceError, match="name them") as refused:
        client.timeline(call)
    assert (refused.value.kind, refused.value.status) == ("invalid-option", 400)
    assert client.timeline(call, mix=True).tracks[0].name is None


def test_models_are_listed(client: Client) -> None:
    assert {"default", "tones"} <= {item["name"] for item in client.models()}


def test_a_stream_yields_the_library_s_moments(
    client: Client, library: Recognizer, tones: Any
) -> None:
    samples = np.tile((tones.said("fearful", duration_s=2.5) * 32767).astype("<i2"), 2)
    data = samples.tobytes()
    chunks = [data[place : place + 4001] for place in range(0, len(data), 4001)]
    stream = StreamRecognizer(library)
    signal = samples.astype(np.float32) / 32768
    expected = [moment.to_dict() for moment in (*stream.push(signal), *stream.finish())]
    assert [moment.to_dict() for moment in client.stream(chunks)] == expected


def test_a_stated_purpose_comes_back_on_every_moment(client: Client) -> None:
    second = bytes(2 * 16_000)
    (student,) = client.stream([second], speaker="student", purpose="medical")
    assert student.purpose == "medical"
    (student,) = client.stream([second], speaker="student", purpose="research", consented=True)
    assert student.purpose == "research with consent"
    (somebody,) = client.stream([second])
    assert somebody.purpose is None


def test_a_chunk_may_be_larger_than_a_message(client: Client) -> None:
    minute = bytes(2 * 60 * 16_000)
    assert [moment.end_s for moment in client.stream([minute])] == list(range(1, 61))


def test_a_refused_stream_is_an_error(client: Client) -> None:
    with pytest.raises(ServiceError, match=r"Article 5\(1\)\(f\)") as refused:
        list(client.stream([b""], speaker="student"))
    assert refused.value.status == 400
    nothing = np.full(9, np.nan, "<f4").tobytes()
    with pytest.raises(ServiceError, match="not a finite number"):
        list(client.stream([nothing], encoding="f32le"))


def test_a_reason_is_read_where_the_next_chunk_finds_the_stream_closed() -> None:
    asked, closed = threading.Event(), threading.Event()

    def answer(socket: ServerConnection) -> None:
        asked.wait()
        problem = {"type": "urn:affekt:problem:bad-request", "detail": "no", "status": 400}
        socket.send(json.dumps({"type": "problem", "problem": problem}))
        socket.close()
        closed.set()

    def chunks() -> Iterator[bytes]:
        yield bytes(2)
        asked.set()
        closed.wait()
        yield bytes(2)

    with serve(answer, "127.0.0.1", 0) as server:
        threading.Thread(target=server.serve_forever).start()
        port = server.socket.getsockname()[1]
        with (
            Client(f"http://127.0.0.1:{port}") as client,
            pytest.raises(ServiceError, match="no") as refused,
        ):
            list(client.stream(chunks()))
        server.shutdown()
    assert refused.value.kind == "bad-request"


def test_a_key_is_sent(start: Any, sound: Any, tmp_path: Path) -> None:
    key, line = new_key("me")
    (tmp_path / "keys").write_text(line)
    url = start(keys_file=tmp_path / "keys").url
    with Client(url, api_key=key) as client:
        assert client.recognize(sound()).emotion == "happy"
        assert list(client.stream([])) == []
    with Client(url) as client, pytest.raises(ServiceError) as refused:
        client.recognize(sound())
    assert refused.value.kind == "unauthorised"


def test_a_busy_service_says_when_to_come_again(start: Any, sound: Any) -> None:
    narrow = start(queue=1)
    with (
        narrow.service.queue.place(),
        Client(narrow.url) as client,
        pytest.raises(ServiceError) as refused,
    ):
        client.recognize(sound())
    assert refused.value.kind == "too-busy"
    assert refused.value.retry_after_s == 1


def test_nobody_there_is_an_error_too() -> None:
    with Client("http://127.0.0.1:1") as client:
        for ask in (lambda: client.models(), lambda: list(client.stream([]))):
            with pytest.raises(ServiceError) as lost:
                ask()
            assert lost.value.kind == "unreachable"


def test_records_survive_the_way_through_json(client: Client, call: bytes) -> None:
    found = client.timeline(call, channels=["agent", "customer"])
    assert dataclasses.is_dataclass(found.tracks[1].segments[0])
    assert isinstance(found.tracks[1].segments, tuple)
