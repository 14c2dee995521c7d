"""Recognition outside the event loop: threads, the workers they talk to, and the models."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from affekt.audio import SAMPLING_RATE_HZ
from affekt.errors import AffektError
from affekt.recognition import Options, Recognizer
from affekt.service.metrics import Metrics
from affekt.service.models import Models
from affekt.service.problems import problem_of
from affekt.service.settings import MEBIBYTE, Settings
from affekt.service.workers import Decoded, Upload, WorkerPool

T = TypeVar("T")

# More than ten seconds of any usual recording (192 kHz, 24 bits, two channels) take. What is larger
# is not even opened where short recordings are worked on.
_SURELY_LONG_BYTES = 16 * MEBIBYTE


class Engine:
    """All that works on sound.

    Short recordings and long ones have threads and workers of their own, so that nobody's long
    call keeps a short question waiting. Decoding decides which one is: hours of sound fit into a
    few kilobytes.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self.models = Models(settings.model, runs=settings.short_workers)
        self.short = _Lane("short", settings.short_workers, settings, metrics)
        self.long = _Lane("long", settings.long_workers, settings, metrics)
        self._streams = ThreadPoolExecutor(settings.short_workers, "affekt-stream")

    def start(self) -> None:
        """Load the model, and wait for the workers.

        Raises:
            BundleError: the model cannot be used.
            Problem: a worker does not start.
        """
        self.models.get(None)
        self.short.workers.start()
        self.long.workers.start()

    def close(self) -> None:
        """End the workers; what is not done by now fails."""
        for lane in (self.short, self.long):
            lane.close()
        self._streams.shutdown(wait=False, cancel_futures=True)

    async def recognizer(self, model: str | None) -> Recognizer:
        """Return a model by name; None is the service's own. It may have to be loaded.

        Raises:
            Problem: there is none of that name.
            BundleError: it cannot be used.
        """
        if model is None:
            return self.models.get(None)
        # Where nobody's recognition waits for a thread.
        return await asyncio.to_thread(self.models.get, model)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run something short that may compute or wait for a disk.

        Raises:
            Problem: what the library said of it.
        """
        try:
            return await asyncio.get_running_loop().run_in_executor(self._streams, call)
        except AffektError as error:
            raise problem_of(error) from error

    async def recognise(
        self, upload: Upload, options: Options, *, model: str | None
    ) -> dict[str, Any]:
        """Recognise one recording, and return the prediction as JSON types.

        Raises:
            Problem: it cannot be recognised, or not in time.
        """
        deadline = time.monotonic() + self._settings.timeout_s
        recognizer = await self.recognizer(model)
        work = functools.partial(self._recognise, upload, options, recognizer, deadline)
        found = None
        if upload.size <= _SURELY_LONG_BYTES:
            found = await _in(self.short, functools.partial(work, self.short))
        if found is None:
            found = await _in(self.long, functools.partial(work, self.long))
            assert found is not None  # noqa: S101 - every recording is answered there
        self._metrics.audio.labels("recognise").inc(found["duration_s"])
        return found

    async def timeline(
        self, upload: Upload, options: dict[str, Any], *, model: str | None
    ) -> dict[str, Any]:
        """Follow one recording, and return the timeline as JSON types.

        Raises:
            Problem: it cannot be recognised, or not in time.
        """
        deadline = time.monotonic() + self._settings.timeout_s

        def call() -> dict[str, Any]:
            job = self._job("timeline", upload, options, self.models.path(model))
            answer = self.long.workers.work(job, upload, deadline=deadline)
            assert isinstance(answer, dict)  # noqa: S101 - samples are for recognising alone
            return answer

        found = await _in(self.long, call)
        self._metrics.audio.labels("timeline").inc(found["duration_s"])
        return found

    def _recognise(
        self,
        upload: Upload,
        options: Options,
        recognizer: Recognizer,
        deadline: float,
        lane: _Lane,
    ) -> dict[str, Any] | None:
        """Return the prediction; None where a lane of short recordings met a longer one."""
        job = self._job("recognise", upload, dict(options), recognizer.bundle.path)
        job["short"] = lane is self.short
        decoded = lane.workers.work(job, upload, deadline=deadline)
        if not isinstance(decoded, Decoded):
            return None if "longer" in decoded else decoded
        mono = Options(**{**options, "channel": None})
        try:
            prediction = recognizer(decoded.signal, SAMPLING_RATE_HZ, **mono)
        except AffektError as error:
            problem = problem_of(error)
            problem.detail = problem.detail.replace("<array>", upload.name or "the recording", 1)
            raise problem from error
        about = decoded.about | {"warnings": tuple(decoded.about["warnings"])}
        return dataclasses.replace(prediction, **about).to_dict()

    def _job(
        self, task: str, upload: Upload, options: dict[str, Any], model: Path
    ) -> dict[str, Any]:
        return {
            "task": task,
            "name": upload.name,
            "options": options,
            "model": str(model),
            "max_s": self._settings.max_duration_s,
        }


class _Lane:
    """Threads, and a worker for each."""

    def __init__(self, name: str, workers: int, settings: Settings, metrics: Metrics) -> None:
        self.threads = ThreadPoolExecutor(workers, f"affekt-{name}")
        self.workers = WorkerPool(
            workers, memory_mb=settings.memory_mb, on_loss=metrics.lost_workers.inc
        )

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.workers.close()


async def _in(lane: _Lane, call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(lane.threads, call)
