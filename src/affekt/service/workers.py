"""The service's side of its worker processes: started, given jobs, ended, replaced."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from affekt import errors
from affekt.audio import Signal
from affekt.errors import AffektError, AudioError
from affekt.service import ipc
from affekt.service.problems import Problem, problem_of

_START_S = 60.0
# When to come again after one did not start: what it lacked, others may have freed by then.
_START_AGAIN_S = 5
_BUSY_CORES = 2


@dataclass(frozen=True, slots=True)
class Upload:
    """One recording of a request.

    Attributes:
        name: as the client calls it, if it does.
        data: its bytes, or, if large, an open file on disk.
        size: in bytes.
    """

    name: str | None
    data: bytes | BinaryIO
    size: int

    @contextlib.contextmanager
    def opened(self) -> Iterator[int]:
        """Give a file descriptor at the beginning of the recording."""
        if not isinstance(self.data, bytes):
            yield self.data.fileno()
            return
        if not hasattr(os, "memfd_create"):  # elsewhere than on Linux
            with tempfile.TemporaryFile() as file:
                file.write(self.data)
                file.flush()
                yield file.fileno()
            return
        memory = os.memfd_create("recording")
        try:
            view = memoryview(self.data)
            while view:
                view = view[os.write(memory, view) :]
            yield memory
        finally:
            os.close(memory)

    def close(self) -> None:
        """Forget the recording."""
        if not isinstance(self.data, bytes):
            self.data.close()


@dataclass(frozen=True, slots=True)
class Decoded:
    """A short recording as a worker decoded it.

    Attributes:
        signal: `[samples]`, mono, 16 kHz.
        about: path, duration_s, sampling_rate_hz, channels and warnings of its prediction.
    """

    signal: Signal
    about: dict[str, Any]


class Worker:
    """One limited process.

    Raises:
        Problem: the system grants no further process.
    """

    def __init__(self, memory_mb: int) -> None:
        try:
            self.link, other = socket.socketpair()
        except OSError:
            raise not_started() from None
        with other:
            try:
                self.process = subprocess.Popen(  # noqa: S603 (our own command)
                    [sys.executable, "-P", "-m", "affekt.service.decoder", str(memory_mb)],
                    stdin=other.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    env=_environment(),
                    start_new_session=True,
                )
            except OSError:
                self.link.close()
                raise not_started() from None
        self._ready = False

    def work(
        self, job: dict[str, Any], upload: Upload, *, deadline: float
    ) -> Decoded | dict[str, Any]:
        """Do a job, and return the samples of a short recording, or the answer as JSON.

        Args:
            job: what `decoder` takes, but for the time on the processor.
            upload: the recording.
            deadline: on the monotonic clock.

        Raises:
            Problem: the recording cannot be recognised, or this process did not start.
            WorkerGoneError: this process ended over it, or took too long.
        """
        self.wait_ready()
        try:
            self._set_timeout(deadline)
            # A call is followed in a thread a channel, and all of their time counts.
            job["cpu_s"] = max(1, int(_BUSY_CORES * (deadline - time.monotonic())))
            with upload.opened() as file:
                ipc.send_json(self.link, ipc.JOB, job, file)
            answer = self._receive(deadline)
            if "samples" not in answer:
                return answer
            self._set_timeout(deadline)
            _, payload, _ = ipc.receive(self.link)
        except TimeoutError:
            raise WorkerGoneError(timed_out=True) from None
        except (EOFError, OSError):
            raise WorkerGoneError(timed_out=False) from None
        return Decoded(np.frombuffer(payload, dtype=np.float32), answer["samples"])

    def wait_ready(self) -> None:
        """Wait until the process has started and limited itself.

        Raises:
            Problem: it did not, and is ended.
        """
        if not self._ready:
            try:
                self.link.settimeout(_START_S)
                ipc.receive(self.link)
            except (EOFError, OSError):
                self.close()
                raise not_started() from None
            self._ready = True

    def _set_timeout(self, deadline: float) -> None:
        """Let the next exchange last until then.

        Raises:
            TimeoutError: it has passed.
        """
        left_s = deadline - time.monotonic()
        if left_s <= 0.0:
            raise TimeoutError
        self.link.settimeout(left_s)

    def close(self) -> None:
        """End the process; whoever waits for it gets an error."""
        with contextlib.suppress(OSError):
            self.link.shutdown(socket.SHUT_RDWR)
        self.process.kill()
        self.process.wait()
        self.link.close()

    def _receive(self, deadline: float) -> dict[str, Any]:
        self._set_timeout(deadline)
        kind, payload, _ = ipc.receive(self.link)
        answer: dict[str, Any] = json.loads(payload)
        if kind == ipc.ERROR:
            raise problem_from(answer)
        return answer


class WorkerGoneError(Exception):
    """A worker process ended in the middle of a job, or was still at it when the time was up."""

    def __init__(self, *, timed_out: bool) -> None:
        super().__init__()
        self.timed_out = timed_out


class WorkerPool:
    """A fixed number of worker processes; one that ended is replaced."""

    def __init__(self, count: int, *, memory_mb: int, on_loss: Callable[[], None]) -> None:
        self._memory_mb = memory_mb
        self._on_loss = on_loss
        self._closed = False
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for _ in range(count):
            self._idle.put(Worker(memory_mb))
        self._count = count

    def start(self) -> None:
        """Wait until all have started.

        Raises:
            Problem: one does not start.
        """
        started = [self._idle.get() for _ in range(self._count)]
        for worker in started:
            try:
                worker.wait_ready()
            finally:
                self._idle.put(worker)

    def work(
        self, job: dict[str, Any], upload: Upload, *, deadline: float
    ) -> Decoded | dict[str, Any]:
        """Give a job to an idle worker, and wait for its answer.

        Raises:
            Problem: the recording cannot be recognised, or not in time, or no worker starts.
        """
        left_s = deadline - time.monotonic()
        if left_s <= 0.0:
            raise _too_slow()
        try:
            worker = self._idle.get(timeout=left_s)
        except queue.Empty:
            raise _too_slow() from None
        try:
            if worker.process.poll() is not None:  # ended while idle, which is no upload's fault
                worker = self._replaced(worker)
            return worker.work(job, upload, deadline=deadline)
        except WorkerGoneError as gone:
            worker = self._replaced(worker)
            if gone.timed_out:
                raise _too_slow() from None
            raise Problem(
                "unreadable-recording",
                f"{upload.name or 'the recording'}: decoding it needs more memory or time than is "
                "allowed, or ends the decoder: convert it to WAV or FLAC",
            ) from None
        finally:
            self._idle.put(worker)

    def _replaced(self, worker: Worker) -> Worker:
        worker.close()
        if self._closed:
            return worker
        self._on_loss()
        return Worker(self._memory_mb)

    def close(self) -> None:
        """End all; jobs that are under way fail."""
        self._closed = True
        for _ in range(self._count):
            with contextlib.suppress(queue.Empty):
                self._idle.get(timeout=1.0).close()


def problem_from(answer: dict[str, Any]) -> Problem:
    """Return the problem that an error of a worker becomes."""
    if answer["error"] == "TooLongError":
        return Problem("recording-too-long", answer["message"])
    kind = getattr(errors, answer["error"], AudioError)
    if kind is errors.MissingExtraError:
        return Problem("unsupported-format", answer["message"])
    error: AffektError = kind(answer["message"])
    return problem_of(error)


def not_started() -> Problem:
    """Return the problem of a worker that ends before it takes a job."""
    return Problem(
        "unavailable",
        "a process that decodes could not be started: the machine is short of memory or processes",
        retry_after_s=_START_AGAIN_S,
    )


def _too_slow() -> Problem:
    return Problem(
        "timed-out", "the answer was not ready in time: send shorter recordings, or try again later"
    )


def _environment() -> dict[str, str]:
    """Return the environment of a worker: no keys, and one thread for arithmetic."""
    kept = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR", "AFFEKT_MODELS", "HOME")
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
