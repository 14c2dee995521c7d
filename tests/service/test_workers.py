"""The processes that decode files of unknown origin are limited, and can be lost."""

from __future__ import annotations

import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from affekt.service import ipc
from affekt.service.problems import Problem
from affekt.service.workers import Upload, WorkerPool


@pytest.fixture(scope="module")
def workers() -> Iterator[WorkerPool]:
    pool = WorkerPool(1, memory_mb=200, on_loss=lambda: None)
    pool.start()
    yield pool
    pool.close()


def work(workers: WorkerPool, content: bytes, *, task: str = "recognise", **job: Any) -> Any:
    kept = {"task": task, "name": "a.wav", "options": {}, "model": "", "max_s": 60.0, "short": True}
    return workers.work(
        kept | job, Upload("a.wav", content, len(content)), deadline=time.monotonic() + 30.0
    )


def test_a_short_recording_comes_back_as_samples(
    workers: WorkerPool, sound: Any, tones: Any
) -> None:
    found = work(workers, sound("sad", kind="FLAC"))
    np.testing.assert_allclose(found.signal, tones.tone("sad"), atol=1e-4)
    assert found.about["sampling_rate_hz"] == 16000


def test_a_worker_is_limited_and_knows_no_secrets(
    workers: WorkerPool, processes: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFEKT_API_KEYS", "secret")
    pool = WorkerPool(1, memory_mb=600, on_loss=lambda: None)
    pool.start()
    (pid,) = processes(pool)
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert f"Max address space         {600 * 2**20}" in limits
    assert "Max core file size        0" in limits
    assert "Max open files            64" in limits
    assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    pool.close()
    assert not Path(f"/proc/{pid}").exists()


def test_a_file_that_needs_too_much_memory_is_refused(
    workers: WorkerPool, sound: Any, processes: Any
) -> None:
    work(workers, sound())  # what is loaded once is there
    (pid,) = processes(workers)
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    held = int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
    resource.prlimit(pid, resource.RLIMIT_AS, (held + 2**20, before[1]))
    with pytest.raises(Problem) as refused:
        work(workers, sound(duration_s=50.0))
    assert refused.value.kind == "unreadable-recording"
    assert "memory" in refused.value.detail
    resource.prlimit(pid, resource.RLIMIT_AS, before)
    assert work(workers, sound()).signal.size == 16000


def test_a_worker_that_died_while_idle_is_replaced_unnoticed(
    workers: WorkerPool, sound: Any, processes: Any
) -> None:
    (pid,) = processes(workers)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert work(workers, sound()).signal.size == 16000
    assert processes(workers) != [pid]


def test_a_job_whose_worker_is_killed_is_refused_and_the_next_one_is_done(
    served: Any, call: bytes, processes: Any
) -> None:
    pool = served.service.engine.long.workers
    (pid,) = processes(pool)
    lost = served.service.metrics.lost_workers._value.get()
    os.kill(pid, signal.SIGSTOP)  # so that it is surely at work when it dies
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(served.timeline(call)))
    asking.start()
    deadline = time.monotonic() + 10.0
    while processes(pool) and time.monotonic() < deadline:
        os.sched_yield()
    os.kill(pid, signal.SIGKILL)
    asking.join()
    assert answers[0].status_code == 422
    assert answers[0].json()["type"] == "urn:affekt:problem:unreadable-recording"
    assert served.timeline(call).status_code == 200
    assert served.service.metrics.lost_workers._value.get() == lost + 1


PARENT = """
import os, sys
from affekt.service import ipc
from affekt.service.workers import Worker

worker = Worker(1024)
worker.wait_ready()
job = {"task": "timeline", "name": None, "options": {}, "model": "", "max_s": 1e9, "cpu_s": 600}
with open(sys.argv[1], "rb") as recording:
    ipc.send_json(worker.link, ipc.JOB, job, recording.fileno())
print(worker.process.pid, flush=True)
sys.stdin.read()
"""


def test_a_worker_does_not_outlive_a_service_that_is_killed_in_the_middle_of_a_job(
    tmp_path: Path, wait_for: Any
) -> None:
    hours = tmp_path / "hours.wav"  # 74 h in a file of holes: a job that lasts
    size = 4 * 2**30 - 100
    fields = (16, 1, 1, 16000, 16000, 1, 8, b"data", size)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", size + 36, b"WAVE", b"fmt ", *fields)
    with hours.open("wb") as file:
        file.write(head)
        file.truncate(len(head) + size)
    command = [sys.executable, "-c", PARENT, str(hours)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        files = Path(f"/proc/{worker}/fd")
        wait_for(lambda: any(link.resolve() == hours for link in files.iterdir()))
        parent.kill()
    wait_for(lambda: _ended(worker))


def _ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_worker_that_cannot_be_replaced_is_no_fault_of_the_upload(
    start: Any,
    sound: Any,
    check_problem: Any,
    processes: Any,
    nothing_starts: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as healthy:
        healthy.delenv("PYTHONPATH")
        running = start()
    (pid,) = processes(running.service.engine.short.workers)
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    for broken in ("its start", "the system"):
        if broken == "the system":
            monkeypatch.setattr(sys, "executable", "/nowhere/python")
        answer = running.recognize(sound())
        found = check_problem(answer, 503, "unavailable")
        assert found["retry_after_s"] == int(answer.headers["retry-after"]) >= 1
    monkeypatch.undo()
    assert running.recognize(sound()).status_code == 200


def test_frames_of_any_size_cross_the_wire_with_files(tmp_path: Path) -> None:
    one, other = socket.socketpair()
    with one, other, (tmp_path / "a").open("w+b") as file:
        file.write(b"sound")
        file.flush()
        ipc.send(one, ipc.JOB, b"{}", file.fileno())
        sender = threading.Thread(target=ipc.send, args=(one, ipc.SAMPLES, bytes(3_000_000)))
        sender.start()
        kind, payload, received = ipc.receive(other)
        assert (kind, payload) == (ipc.JOB, b"{}")
        assert received is not None
        assert os.pread(received, 10, 0) == b"sound"
        os.close(received)
        assert ipc.receive(other)[:2] == (ipc.SAMPLES, bytes(3_000_000))
        sender.join()
        one.shutdown(socket.SHUT_WR)
        with pytest.raises(EOFError):
            ipc.receive(other)
