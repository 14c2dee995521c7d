"""A container decoded in a worker process while it comes in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from affekt.audio import Signal
from affekt.service import ipc
from affekt.service.problems import Problem
from affekt.service.workers import Worker, not_started, problem_from

T = TypeVar("T")

# Hours of a stream take minutes of the processor at most.
_CPU_S = 3600


class Transcoder:
    """One stream, with a worker process of its own, for it may last.

    Args:
        memory_mb: of the worker.
        channel: 0-based; None is the mean of those with sound.
        mix: take that mean even of channels that take turns, as those of a call do.

    Raises:
        Problem: the process does not start.
    """

    def __init__(self, *, memory_mb: int, channel: int | None = None, mix: bool = False) -> None:
        self._worker = Worker(memory_mb)
        self._worker.wait_ready()
        try:
            job = {"task": "stream", "cpu_s": _CPU_S, "channel": channel, "mix": mix}
            ipc.send_json(self._worker.link, ipc.JOB, job)
            self._worker.link.settimeout(None)
        except OSError:
            self._worker.close()
            raise not_started() from None
        # Each may wait for as long as the stream lasts: shared threads would run out.
        self._threads = ThreadPoolExecutor(2, "affekt-transcoder")

    async def put(self, chunk: bytes) -> None:
        """Send bytes to the worker; none end the stream. Waits while the worker has enough.

        Raises:
            Problem: the worker is gone.
        """
        try:
            await self._in_thread(ipc.send, self._worker.link, ipc.CHUNK, chunk)
        except OSError:
            raise _gone() from None

    async def samples(self) -> AsyncIterator[Signal]:
        """Yield what the worker decodes, mono at 16 kHz, until the stream has ended.

        Raises:
            Problem: it cannot be decoded.
        """
        while True:
            try:
                kind, payload, _ = await self._in_thread(ipc.receive, self._worker.link)
            except (EOFError, OSError):
                raise _gone() from None
            if kind == ipc.ERROR:
                raise problem_from(json.loads(payload))
            if not payload:
                return
            yield np.frombuffer(payload, dtype=np.float32)

    def close(self) -> None:
        """End the worker."""
        self._worker.close()
        self._threads.shutdown(wait=False)

    async def _in_thread(self, call: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)


def _gone() -> Problem:
    return Problem("unreadable-recording", "the stream ended its decoder: send WebM, Ogg or MP3")
