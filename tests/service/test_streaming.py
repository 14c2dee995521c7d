"""Sound sent as it is spoken, over real sockets."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
import soundfile
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from affekt.audio import decode
from affekt.audio.bandwidth import NARROW_BAND
from affekt.recognition import Recognizer
from affekt.recognition.stream import StreamRecognizer
from affekt.service import server


def opened(running: Any, **query: Any) -> ClientConnection:
    address = f"{running.url.replace('http', 'ws')}/v1/stream?{urlencode(query)}"
    return connect(address, open_timeout=30, close_timeout=0.2)


def cut(data: bytes, sizes: Iterable[int]) -> list[bytes]:
    pieces, place = [], 0
    for size in sizes:
        pieces.append(data[place : place + size])
        place += size
    return [*pieces, data[place:]]


def ask(running: Any, chunks: Iterable[bytes], **query: Any) -> list[dict[str, Any]]:
    with opened(running, **query) as socket:
        for chunk in chunks:
            socket.send(chunk)
        socket.send('{"type": "end"}')
        return [json.loads(message) for message in socket]


def messages_of(socket: ClientConnection) -> Iterator[str | bytes]:
    """Yield what comes until the service ends the connection, for whatever reason."""
    with suppress(ConnectionClosed):
        while True:
            yield socket.recv(timeout=30)


@pytest.fixture(scope="module")
def speech(tones: Any) -> np.ndarray:
    """Five seconds: happy, silence, sad."""
    return np.concatenate(
        [tones.said("happy", duration_s=2.0), np.zeros(16000), tones.said("sad", duration_s=2.03)]
    ).astype(np.float32)


@pytest.fixture(scope="module")
def expected(tone_bundle: Any) -> Callable[..., list[dict[str, Any]]]:
    """What the library answers to a stream."""

    def answers(signal: np.ndarray, **options: Any) -> list[dict[str, Any]]:
        stream = StreamRecognizer(Recognizer.load(tone_bundle), **options)
        return [moment.to_dict() for moment in (*stream.push(signal), *stream.finish())]

    return answers


def moments(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    assert messages[-1]["type"] == "end"
    assert messages[-1]["moments"] == len(messages) - 1
    return [
        {key: item[key] for key in item if key not in ("type", "purpose")} for item in messages[:-1]
    ]


@pytest.mark.parametrize("sizes", [[], [1, 3, 5, 7001, 1, 2, 50_000], [3200] * 50])
def test_chunks_of_any_size_give_the_same_answers(
    served: Any, speech: np.ndarray, expected: Any, sizes: list[int]
) -> None:
    samples = (speech * 32767).astype("<i2")
    found = ask(served, cut(samples.tobytes(), sizes))
    assert moments(found) == expected(samples.astype(np.float32) / 32768)
    assert found[-1]["duration_s"] == 5.03


def test_the_end_says_that_nothing_lay_above_4_khz(served: Any, speech: np.ndarray) -> None:
    samples = (speech[::2] * 32767).astype("<i2").tobytes()
    assert ask(served, [samples], sampling_rate_hz=8000)[-1]["warnings"] == [NARROW_BAND]
    assert ask(served, [samples])[-1]["warnings"] == []


def test_float_samples_of_two_channels_at_another_rate(
    served: Any, speech: np.ndarray, expected: Any
) -> None:
    pair = np.stack([np.zeros_like(speech), speech], axis=1)
    file = io.BytesIO()
    soundfile.write(file, pair, 44100, format="WAV", subtype="FLOAT")
    same = decode(file.getvalue(), channel=1).signal
    chunks = cut(pair.astype("<f4").tobytes(), [9, 10_001, 70_000])
    query = {"encoding": "f32le", "sampling_rate_hz": 44100, "channels": 2, "channel": 1}
    found = moments(ask(served, chunks, **query, hop_s=0.5, window_s=1.0))
    wanted = expected(same, hop_s=0.5, window_s=1.0)
    assert [item["emotion"] for item in found] == [item["emotion"] for item in wanted]
    confidences = [[item["confidence"] or 0.0 for item in some] for some in (found, wanted)]
    np.testing.assert_allclose(*confidences, atol=1e-4)


@pytest.mark.parametrize("kind", ["OGG", "MP3", "FLAC"])
def test_a_container_is_decoded_while_it_comes(
    served: Any, speech: np.ndarray, expected: Any, kind: str
) -> None:
    file = io.BytesIO()
    soundfile.write(file, speech, 48000, format=kind)
    same = expected(decode(file.getvalue()).signal, hop_s=0.2, window_s=0.4)
    chunks = cut(file.getvalue(), [1, 100, 999])
    found = moments(ask(served, chunks, encoding="container", hop_s=0.2, window_s=0.4))
    assert [item["emotion"] for item in found[:7]] == [item["emotion"] for item in same[:7]]


def test_what_a_browser_records_is_decoded(served: Any, speech: np.ndarray) -> None:
    av = pytest.importorskip("av", reason="PyAV, the extra media, is not installed")
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        track = container.add_stream("libopus", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(speech[np.newaxis, :32000], "fltp", "mono")
        frame.sample_rate = 16000
        resampler = av.AudioResampler("flt", "mono", 48000)
        for piece in (*resampler.resample(frame), *resampler.resample(None), None):
            container.mux(track.encode(piece))
    found = moments(ask(served, cut(file.getvalue(), [500] * 5), encoding="container"))
    assert [item["emotion"] for item in found[:2]] == ["happy", "happy"]


def test_answers_come_before_the_stream_ends(served: Any, speech: np.ndarray) -> None:
    with opened(served, purpose="medical", speaker="employee") as socket:
        socket.send((speech[:16000] * 32767).astype("<i2").tobytes())
        first = json.loads(socket.recv(timeout=10))
    assert (first["type"], first["end_s"], first["purpose"]) == ("moment", 1.0, "medical")
    assert first["emotion"] == "happy"


def test_a_consent_is_stamped_on_every_answer(served: Any, speech: np.ndarray) -> None:
    sound = (speech[:16000] * 32767).astype("<i2").tobytes()
    stated = {"purpose": "research", "consented": "true", "speaker": "employee"}
    messages = ask(served, [sound], **stated)
    assert {item["purpose"] for item in messages} == {"research with consent"}


@pytest.mark.parametrize(
    ("query", "status", "kind"),
    [
        ({"speaker": "agent", "purpose": "research"}, 400, "invalid-option"),
        ({"consented": "true"}, 400, "invalid-option"),
        ({"speaker": "agent"}, 400, "invalid-option"),
        ({"encoding": "mp3"}, 422, "invalid-parameter"),
        ({"sampling_rate_hz": 5}, 422, "invalid-parameter"),
        ({"colour": "red"}, 422, "invalid-parameter"),
        ({"channel": 2}, 422, "unreadable-recording"),
        ({"hop_s": 0.33}, 400, "invalid-option"),
        ({"model": "nobody"}, 400, "invalid-option"),
    ],
)
def test_a_stream_that_cannot_be_is_refused_at_its_beginning(
    served: Any, query: dict[str, Any], status: int, kind: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(served, **query)
    answer = refused.value.response
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert json.loads(answer.body)["type"].endswith(f":{kind}")


@pytest.mark.parametrize("encoding", ["s16le", "container"])
def test_a_call_is_refused_once_it_is_one(served: Any, tones: Any, encoding: str) -> None:
    call = tones.call_by_turns()
    file = io.BytesIO()
    soundfile.write(file, call, 16000, format="OGG")
    raw = (call * 32767).astype("<i2").tobytes()
    chunks = cut(file.getvalue() if encoding == "container" else raw, [9999] * 4)
    query = {"encoding": encoding, "channels": 2, "hop_s": 2.0}
    with opened(served, **query) as socket:
        with suppress(ConnectionClosed):
            for chunk in (*chunks, '{"type": "end"}'):
                socket.send(chunk)
        *_, last = (json.loads(message) for message in messages_of(socket))
    assert last["problem"]["type"] == "urn:affekt:problem:invalid-option"
    assert "take turns" in last["problem"]["detail"]
    found = moments(ask(served, chunks, **query, channel=1))
    assert {item["emotion"] for item in found} - {None} == {"angry"}
    assert moments(ask(served, chunks, **query, mix=True))


def test_numbers_that_are_no_answer_end_a_stream_with_a_problem(
    start: Any, fragile_bundle: Any, tones: Any
) -> None:
    loud = tones.tone("happy", amplitude=0.9, duration_s=2.0)
    loud[:1_600] *= 0.01  # before it a pause: levels that never change are no speech
    running = start(model=str(fragile_bundle))
    with opened(running) as socket:
        socket.send((loud * 32767).astype("<i2").tobytes())
        found = json.loads(socket.recv(timeout=10))
    assert found["problem"]["type"] == "urn:affekt:problem:unreadable-recording"
    assert found["problem"]["detail"].startswith("the model tones 1.2 has no answer")


@pytest.mark.parametrize(
    ("query", "chunk", "kind"),
    [
        ({}, "once upon a time", "bad-request"),
        ({"encoding": "f32le"}, np.full(9, np.nan, "<f4").tobytes(), "unreadable-recording"),
        ({}, b"RIFF\xff\xff\xff\x7fWAVEfmt " + bytes(400), "unreadable-recording"),
        ({"encoding": "container"}, b"no sound" * 100, "unreadable-recording"),
    ],
)
def test_a_stream_that_goes_wrong_ends_with_a_problem(
    served: Any, query: dict[str, Any], chunk: str | bytes, kind: str
) -> None:
    with opened(served, **query) as socket:
        socket.send(chunk)
        with suppress(ConnectionClosed):
            socket.send('{"type": "end"}')
        found = json.loads(socket.recv(timeout=30))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
    assert found["type"] == "problem"
    assert found["problem"]["type"] == f"urn:affekt:problem:{kind}"
    assert closed.value.rcvd.code == 1008
    assert closed.value.rcvd.reason == kind


@pytest.mark.parametrize(
    ("settings", "piece"),
    [
        ({"idle_timeout_s": 0.3}, b""),  # says nothing
        ({"idle_timeout_s": 0.3}, b"\x00"),  # drips
        ({"max_duration_s": 0.5}, bytes(100)),  # keeps its place, by the clock
    ],
)
def test_a_stream_that_holds_a_place_for_nothing_is_ended(
    start: Any, settings: dict[str, Any], piece: bytes, wait_for: Any
) -> None:
    hasty = start(**settings)
    with opened(hasty) as link:
        found = None
        while found is None:
            if piece:
                link.send(piece)
            with suppress(TimeoutError):
                found = json.loads(link.recv(timeout=0.05))
        with pytest.raises(ConnectionClosed) as closed:
            link.recv(timeout=10)
    assert found["problem"]["type"] == "urn:affekt:problem:upload-stalled"
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "upload-stalled")
    wait_for(lambda: hasty.service.streams.count == 0)


def test_a_client_that_never_reads_loses_its_place_and_its_connection(
    start: Any, speech: np.ndarray, monkeypatch: pytest.MonkeyPatch, wait_for: Any
) -> None:
    monkeypatch.setattr(server, "_UNREAD_S", 3.0)
    create = socket.create_server

    def with_a_small_buffer(*arguments: Any, **options: Any) -> socket.socket:
        listener = create(*arguments, **options)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        return listener

    monkeypatch.setattr(socket, "create_server", with_a_small_buffer)
    hasty = start(idle_timeout_s=0.5)
    idle = len(hasty.server.server_state.connections)
    samples = (speech[:32000] * 32767).astype("<i2").tobytes()
    frame = b"\x82\xff" + len(samples).to_bytes(8, "big") + bytes(4) + samples
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(hasty.address)
        client.sendall(
            b"GET /v1/stream?hop_s=0.1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        wait_for(lambda: hasty.service.streams.count == 1)
        client.settimeout(10)
        with suppress(OSError):
            while hasty.service.streams.count:
                client.sendall(frame)
        wait_for(lambda: hasty.service.streams.count == 0)
        figures = hasty.http.get("/metrics").text
        assert 'affekt_errors_total{kind="answers-unread"} 1.0' in figures
        # What nobody takes in keeps no connection open either.
        wait_for(lambda: len(hasty.server.server_state.connections) == idle)


def test_pages_of_other_origins_open_no_stream_unless_they_are_named(start: Any) -> None:
    running = start(cors=("https://friend.example",))
    address = f"{running.url.replace('http', 'ws')}/v1/stream"
    for origin in ("https://friend.example", running.url):
        with connect(address, origin=origin, close_timeout=0.2):
            pass
    for origin in ("https://stranger.example", "null"):
        with pytest.raises(InvalidStatus) as refused:
            connect(address, origin=origin)
        assert refused.value.response.status_code == 403


@pytest.mark.parametrize("path", ["/", "/v1/streams", "/healthz"])
def test_another_address_is_not_found(served: Any, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(served.url.replace("http", "ws") + path)
    answer = refused.value.response
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert json.loads(answer.body)["type"] == "urn:affekt:problem:not-found"


def test_places_for_streams_are_limited_and_given_back(start: Any, wait_for: Any) -> None:
    narrow = start(max_streams=1)
    with opened(narrow):
        with pytest.raises(InvalidStatus) as refused:
            opened(narrow)
        assert refused.value.response.status_code == 429
        assert int(refused.value.response.headers["retry-after"]) >= 1
    wait_for(lambda: narrow.service.streams.count == 0)
    with opened(narrow, encoding="container"):
        assert narrow.service.streams.count == 1


def test_a_container_that_no_process_can_decode_is_reported_to_come_later(
    served: Any, nothing_starts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        opened(served, encoding="container")
    answer = refused.value.response
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) >= 1
    assert json.loads(answer.body)["type"] == "urn:affekt:problem:unavailable"
    assert served.service.streams.count == 0
    monkeypatch.undo()
    with opened(served, encoding="container"):
        pass


def test_whoever_sends_faster_than_the_model_has_to_wait(start: Any, tones: Any) -> None:
    slow = start()
    release = threading.Event()
    recognizer = slow.service.engine.models.get(None)
    run = recognizer.bundle.run
    recognizer.bundle.run = lambda waveforms: release.wait(30) and run(waveforms)
    swell = tones.syllables(np.arange(250_000) / 16_000)
    noise = (np.random.default_rng(1).uniform(-9999, 9999, 250_000) * swell).astype("<i2").tobytes()
    sent = 0
    with opened(slow, hop_s=10, window_s=10) as socket:

        def send() -> None:
            nonlocal sent
            with suppress(ConnectionClosed):
                for _ in range(200):
                    socket.send(noise)
                    sent += len(noise)

        sender = threading.Thread(target=send)
        sender.start()
        sender.join(timeout=1.0)
        held = sent
        assert sender.is_alive()
        assert held < 60 * len(noise)
        release.set()
        socket.recv(timeout=30)
        while sent == held and sender.is_alive():
            socket.recv(timeout=30)
        assert sent > held
    sender.join()
