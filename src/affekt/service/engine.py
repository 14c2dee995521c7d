"""Recognition outside the event loop: threads, the children they talk to, and the models."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from affekt.audio import SAMPLING_RATE_HZ
from affekt.errors import AffektError, did_you_mean
from affekt.recognition import Bundle, Options, Recognizer, shipped_bundles
from affekt.recognition.bundle import bundle_path
from affekt.recognition.installed import installed_bundles
from affekt.service.batching import BatchingBundle
from affekt.service.children import Children, Decoded, Upload
from affekt.service.logs import event
from affekt.service.metrics import Metrics
from affekt.service.problems import Problem, problem_of
from affekt.service.settings import Settings

T = TypeVar("T")


class Engine:
    """All that works on sound.

    Small uploads and large ones have threads and children of their own, so that nobody's long
    call keeps a short question waiting.
    """

    def __init__(self, settings: Settings, metrics: Metrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._models = _Models(settings)
        self.short = _Lane("short", settings.short_workers, settings, metrics)
        self.long = _Lane("long", settings.long_workers, settings, metrics)
        self._streams = ThreadPoolExecutor(settings.short_workers, "affekt-stream")

    def start(self) -> None:
        """Load the model, and wait for the children.

        Raises:
            BundleError: the model cannot be used.
            Problem: a child does not start.
        """
        self._models.get(None)
        self.short.children.start()
        self.long.children.start()

    def close(self) -> None:
        """End the children; what is not done by now fails."""
        for lane in (self.short, self.long):
            lane.close()
        self._streams.shutdown(wait=False, cancel_futures=True)

    def models(self) -> list[dict[str, Any]]:
        """Describe every model that may be asked for."""
        return self._models.describe()

    def recognizer(self, model: str | None) -> Recognizer:
        """Return a model by name; None is the service's own. It may have to be loaded.

        Raises:
            Problem: there is none of that name.
        """
        return self._models.get(model)

    async def in_thread(self, call: Callable[[], T]) -> T:
        """Run something short that may compute or wait for a disk."""
        return await asyncio.get_running_loop().run_in_executor(self._streams, call)

    async def recognise(
        self, upload: Upload, options: Options, *, model: str | None, large: bool
    ) -> dict[str, Any]:
        """Recognise one recording, and return the prediction as JSON types.

        Raises:
            Problem: it cannot be recognised, or not in time.
        """
        deadline = time.monotonic() + self._settings.timeout_s
        lane = self.long if large else self.short
        call = functools.partial(self._recognise, upload, options, model, lane, deadline)
        found = await asyncio.get_running_loop().run_in_executor(lane.threads, call)
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
            recognizer = self._models.get(model)
            job = self._job("timeline", upload, dict(options), recognizer)
            answer = self.long.children.work(job, upload, deadline=deadline)
            assert isinstance(answer, dict)  # noqa: S101 - samples are for recognising alone
            return answer

        found = await asyncio.get_running_loop().run_in_executor(self.long.threads, call)
        self._metrics.audio.labels("timeline").inc(found["duration_s"])
        return found

    def _recognise(
        self,
        upload: Upload,
        options: Options,
        model: str | None,
        lane: _Lane,
        deadline: float,
    ) -> dict[str, Any]:
        recognizer = self._models.get(model)
        job = self._job("recognise", upload, dict(options), recognizer)
        decoded = lane.children.work(job, upload, deadline=deadline)
        if not isinstance(decoded, Decoded):
            return decoded
        mono = Options(**{**options, "channel": None})
        try:
            prediction = recognizer(decoded.signal, SAMPLING_RATE_HZ, **mono)
        except AffektError as error:
            raise problem_of(error) from error
        about = decoded.about | {"warnings": tuple(decoded.about["warnings"])}
        return dataclasses.replace(prediction, **about).to_dict()

    def _job(
        self, task: str, upload: Upload, options: dict[str, Any], recognizer: Recognizer
    ) -> dict[str, Any]:
        return {
            "task": task,
            "name": upload.name,
            "options": options,
            "model": str(recognizer.bundle.path),
            "max_s": self._settings.max_duration_s,
        }


class _Lane:
    """Threads, and a child for each."""

    def __init__(self, name: str, workers: int, settings: Settings, metrics: Metrics) -> None:
        self.threads = ThreadPoolExecutor(workers, f"affekt-{name}")
        self.children = Children(
            workers, memory_mb=settings.memory_mb, on_loss=metrics.lost_children.inc
        )

    def close(self) -> None:
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.children.close()


class _Models:
    """The models that may be asked for by name, each loaded when it first is."""

    def __init__(self, settings: Settings) -> None:
        self._own = settings.model
        self._runs = settings.short_workers
        self._lock = threading.Lock()
        self._loaded: dict[Path, Recognizer] = {}
        self._own_path = bundle_path(settings.model).resolve()

    def get(self, name: str | None) -> Recognizer:
        path = self._own_path if name is None else self._known(name)
        with self._lock:
            if path not in self._loaded:
                bundle = BatchingBundle(Bundle.load(path), runs=self._runs)
                self._loaded[path] = Recognizer(bundle)
            return self._loaded[path]

    def describe(self) -> list[dict[str, Any]]:
        found = []
        for name, path in self._paths().items():
            try:
                bundle = self.get(name).bundle
            except AffektError as error:
                event("model left out", level=logging.WARNING, model=name, error=str(error))
                continue
            metadata = bundle.metadata
            found.append(
                {
                    "name": name,
                    "title": metadata.title,
                    "in_use": path == self._own_path,
                    "labels": list(metadata.labels),
                    "threshold": metadata.threshold,
                    "licence": metadata.licence,
                    "description": metadata.description,
                    "not_for": list(metadata.not_for),
                    "trained_on": [str(item["corpus"]) for item in metadata.training_data],
                    "created": metadata.created,
                    "size_bytes": bundle.size_bytes,
                    "sha256": bundle.sha256,
                }
            )
        return found

    def _known(self, name: str) -> Path:
        # Names alone: a path would let a stranger look around on the disk.
        paths = self._paths()
        if name not in paths:
            raise Problem(
                "invalid-option", f"no model is called '{name}'{did_you_mean(name, paths)}"
            )
        return paths[name]

    def _paths(self) -> dict[str, Path]:
        known = {**shipped_bundles(), **installed_bundles()}
        paths = {name: path.resolve() for name, path in known.items()}
        if self._own_path not in paths.values():
            paths[self._own_path.stem] = self._own_path
        return paths
