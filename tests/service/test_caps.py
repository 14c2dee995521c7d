"""What is too large, too long, too slow or too much is refused, and nobody else suffers."""

from __future__ import annotations

import http.client
import io
import json
import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile

Check = Callable[..., dict[str, Any]]

MIB = 2**20


def wav(size: int, *, channels: int = 64, rate_hz: int = 192_000) -> Iterator[bytes]:
    """Yield a WAV file of so many bytes: noise, of many channels so that it does not last."""
    block = 2 * channels
    head = struct.pack(
        *("<4sI4s4sIHHIIHH4sI", b"RIFF", size - 8, b"WAVE", b"fmt ", 16, 1, channels),
        *(rate_hz, rate_hz * block, block, 16, b"data", size - 44),
    )
    noise = np.random.default_rng(1).integers(-9999, 9999, MIB // 2, dtype=np.int16).tobytes()
    yield head
    left = size - len(head)
    while left > 0:
        yield noise[:left]
        left -= MIB


class Counted:
    """Counts what was taken of an upload."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            yield chunk
            self.taken += len(chunk)


def form(chunks: Iterator[bytes]) -> Iterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.wav"\r\n\r\n'
    yield from chunks
    yield b"\r\n--b--\r\n"


FORM = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.mark.parametrize(("size", "as_form"), [(200 * MIB, False), (20 * MIB, True)])
def test_200_mib_are_taken(served: Any, size: int, as_form: bool) -> None:
    chunks = form(wav(size)) if as_form else wav(size)
    answer = served.http.post("/v1/recognize", content=chunks, headers=FORM if as_form else {})
    assert answer.status_code == 200, answer.text
    duration_s = answer.json()["results"][0]["prediction"]["duration_s"]
    assert duration_s == pytest.approx((size - 44) / 128 / 192_000, abs=0.001)


@pytest.mark.parametrize("as_form", [False, True])
def test_201_mib_are_refused_before_they_are_read(
    served: Any, check_problem: Check, as_form: bool
) -> None:
    head = {"Content-Length": str(201 * MIB), **(FORM if as_form else {})}
    upload = Counted(wav(201 * MIB))
    try:
        answer = served.http.post("/v1/recognize", content=iter(upload), headers=head)
    except httpx.RemoteProtocolError:  # pragma: no cover
        pytest.fail("the answer was lost")
    found = check_problem(answer, 413, "upload-too-large")
    assert found["max_upload_bytes"] == 200 * MIB
    assert "200 MiB" in found["detail"]


def test_an_announced_size_is_enough_to_be_refused(served: Any) -> None:
    with socket.create_connection(served.address, timeout=10) as client:
        client.sendall(
            f"POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: {201 * MIB}\r\n"
            "Expect: 100-continue\r\n\r\n".encode()
        )
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"upload-too-large" in answer


@pytest.mark.parametrize("as_form", [False, True])
def test_a_size_that_was_not_announced_is_counted(
    small: Any, check_problem: Check, as_form: bool
) -> None:
    upload = Counted(wav(200 * MIB))
    chunks = form(iter(upload)) if as_form else iter(upload)
    answer = small.http.post("/v1/recognize", content=chunks, headers=FORM if as_form else {})
    check_problem(answer, 413, "upload-too-large")


@pytest.fixture(scope="module")
def small(start: Any) -> Any:
    """A service with short time-outs."""
    return start(
        max_upload_mb=1, max_duration_s=5.0, queue=2, max_large=1, max_files=3, idle_timeout_s=0.4
    )


def test_silence_that_goes_on_for_hours_is_refused_by_count(small: Any, check_problem: Any) -> None:
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 16000, 1, format="FLAC") as writer:
        for _ in range(60):
            writer.write(np.zeros(16000 * 60, dtype=np.int16))
    assert len(file.getvalue()) < MIB
    found = check_problem(small.recognize(file.getvalue()), 422, "recording-too-long")
    assert found["detail"].startswith("the recording: lasts longer than 5 s")
    check_problem(small.timeline(file.getvalue()), 422, "recording-too-long")


def test_a_short_recording_too_long_is_refused(small: Any, sound: Any, check_problem: Any) -> None:
    check_problem(small.recognize(sound(duration_s=5.2)), 422, "recording-too-long")
    assert small.recognize(sound(duration_s=4.8)).status_code == 200


def test_too_many_files_are_refused(small: Any, sound: Any, check_problem: Any) -> None:
    files = [("f", (f"{k}.wav", sound(duration_s=0.2))) for k in range(4)]
    check_problem(small.http.post("/v1/recognize", files=files), 400, "bad-request")


class Slow:
    """An upload of which the end is missing."""

    def __init__(self, running: Any, content: bytes, *, missing: int = 10) -> None:
        self._rest = content[-missing:]
        self.client = socket.create_connection(running.address, timeout=10)
        head = f"POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n"
        self.client.sendall(head.encode() + content[:-missing])

    def finish(self) -> bytes:
        self.client.sendall(self._rest)
        return self.answer()

    def answer(self) -> bytes:
        found = b""
        while b"\r\n\r\n" not in found or not found.rstrip().endswith(b"}"):
            piece = self.client.recv(65536)
            if not piece:
                break
            found += piece
        self.client.close()
        return found


def test_an_upload_that_stalls_is_given_up(small: Any, sound: Any) -> None:
    answer = Slow(small, sound()).answer()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:affekt:problem:upload-stalled" in answer
    assert b"connection: close" in answer.lower()


class Dripping:
    """An upload of which a piece comes every twentieth of a second."""

    def __init__(self, running: Any, content: bytes, *, piece: int) -> None:
        self.answer = b""
        begin = time.monotonic()
        with Slow(running, content, missing=len(content)).client as client:
            for place in range(0, len(content), piece):
                client.sendall(content[place : place + piece])
                if select.select([client], [], [], 0.05)[0]:
                    break
            while not self.answer.rstrip().endswith(b"}"):
                self.answer += client.recv(65536)
        self.seconds = time.monotonic() - begin


def test_an_upload_that_drips_is_given_up_counted_and_its_place_is_free(
    start: Any, sound: Any, wait_for: Any
) -> None:
    hasty = start(idle_timeout_s=0.4)
    found = Dripping(hasty, sound(), piece=1)
    assert found.answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:affekt:problem:upload-stalled" in found.answer
    assert found.seconds < 5.0
    wait_for(lambda: hasty.service.queue.count == 0)
    figures = hasty.http.get("/metrics").text
    assert 'affekt_errors_total{kind="upload-stalled"} 1.0' in figures
    assert 'route="/v1/recognize",status="408"} 1.0' in figures


def test_an_upload_over_a_slow_line_is_waited_for(start: Any, sound: Any) -> None:
    found = Dripping(start(idle_timeout_s=0.4), sound(), piece=1000)  # 20 kB/s
    assert found.answer.startswith(b"HTTP/1.1 200 ")
    assert found.seconds > 1.0


def test_an_upload_does_not_last_for_ever(start: Any, sound: Any) -> None:
    found = Dripping(start(upload_timeout_s=0.5), sound(), piece=1000)
    assert found.answer.startswith(b"HTTP/1.1 408 ")


def test_a_place_is_free_again_once_its_holder_is_done(
    start: Any, sound: Any, wait_for: Any
) -> None:
    narrow = start(queue=1)
    slow = Slow(narrow, sound())
    wait_for(lambda: narrow.service.queue.count == 1)
    busy = narrow.recognize(sound())
    assert busy.status_code == 429
    assert int(busy.headers["retry-after"]) >= 1
    assert busy.json()["retry_after_s"] == int(busy.headers["retry-after"])
    assert narrow.http.get("/healthz").status_code == 200
    answer = slow.finish()
    assert answer.startswith(b"HTTP/1.1 200 ")
    wait_for(lambda: narrow.service.queue.count == 0)
    assert narrow.recognize(sound()).status_code == 200


def test_a_long_recording_of_few_bytes_keeps_no_short_one_waiting(
    start: Any, sound: Any, wait_for: Any, processes: Any
) -> None:
    running = start()
    pool = running.service.engine.long.workers
    (pid,) = processes(pool)
    os.kill(pid, signal.SIGSTOP)  # the long one takes as long as this test likes
    answers: list[httpx.Response] = []
    long = sound("sad", duration_s=11.0, kind="FLAC")
    asking = threading.Thread(target=lambda: answers.append(running.recognize(long)))
    asking.start()
    wait_for(lambda: not processes(pool))
    assert len(long) < MIB
    assert running.recognize(sound()).status_code == 200
    assert not answers
    os.kill(pid, signal.SIGCONT)
    asking.join()
    assert answers[0].json()["results"][0]["prediction"]["emotion"] == "sad"


def test_a_client_that_leaves_gives_its_place_back(served: Any, sound: Any, wait_for: Any) -> None:
    slow = Slow(served, sound())
    wait_for(lambda: served.service.queue.count == 1)
    slow.client.close()
    wait_for(lambda: served.service.queue.count == 0)


def test_large_uploads_have_places_of_their_own(
    start: Any, check_problem: Check, wait_for: Any
) -> None:
    narrow = start(max_large=1)
    slow = Slow(narrow, b"".join(wav(2 * MIB, channels=8)))
    wait_for(lambda: narrow.service.large.count == 1)
    check_problem(narrow.recognize(b"".join(wav(2 * MIB, channels=8))), 429, "too-busy")
    check_problem(narrow.recognize(wav(2 * MIB, channels=8)), 429, "too-busy")
    assert slow.finish().startswith(b"HTTP/1.1 200 ")


def test_many_clients_at_once_are_served_or_refused_with_a_time(start: Any, sound: Any) -> None:
    narrow = start(queue=8)
    recording = sound(duration_s=0.5)
    statuses: list[int] = []

    def ask() -> None:
        link = http.client.HTTPConnection(*narrow.address, timeout=60)
        link.request("POST", "/v1/recognize", recording)
        statuses.append(link.getresponse().status)
        link.close()

    threads = [threading.Thread(target=ask) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 60
    assert set(statuses) <= {200, 429}
    assert statuses.count(200) >= 8


def test_an_answer_that_takes_too_long_is_given_up(
    start: Any, sound: Any, check_problem: Check
) -> None:
    hasty = start(timeout_s=0.0001)
    check_problem(hasty.recognize(sound()), 504, "timed-out")
    check_problem(hasty.timeline(sound()), 504, "timed-out")


def test_a_long_recording_that_takes_too_long_is_ended_with_its_worker(
    start: Any, sound: Any, check_problem: Check, processes: Any
) -> None:
    hasty = start(timeout_s=0.5)
    pool = hasty.service.engine.long.workers
    (pid,) = processes(pool)
    os.kill(pid, signal.SIGSTOP)
    check_problem(hasty.timeline(sound()), 504, "timed-out")
    assert not Path(f"/proc/{pid}").exists()
    assert processes(pool) != [pid]


def test_problems_are_json_without_line_breaks_in_the_detail(served: Any) -> None:
    files = {"f": ("a\tb.wav", b"no sound")}
    answer = served.http.post("/v1/recognize", files=files)
    assert json.loads(answer.text)["detail"].isprintable()
