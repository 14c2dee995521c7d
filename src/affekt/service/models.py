"""The models that clients may ask for by name, a few of them loaded."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from affekt.errors import AffektError, did_you_mean
from affekt.recognition import Bundle, Recognizer, shipped_bundles
from affekt.recognition.bundles import bundle_path, find_release, installed_bundles
from affekt.service.batching import BatchingBundle
from affekt.service.logs import event
from affekt.service.model_cards import read_model_card
from affekt.service.problems import Problem

# Besides the service's own; the one that was asked for longest ago makes room.
MOST_LOADED = 3


class Models:
    """Models by name, each loaded when it first is asked for.

    While one is loaded, whoever wants another does not wait.

    Args:
        own: name or path of the one in use, which is never dropped.
        runs: of one model at once.

    Raises:
        BundleError: there is no such model.
    """

    def __init__(self, own: str, *, runs: int) -> None:
        self._runs = runs
        self._lock = threading.Lock()
        self._loaded: OrderedDict[Path, Future[Recognizer]] = OrderedDict()
        self._own_path = bundle_path(own).resolve()

    def get(self, name: str | None) -> Recognizer:
        """Return a model; None is the service's own.

        Raises:
            Problem: there is none of that name.
            BundleError: it cannot be used.
        """
        path = self.path(name)
        with self._lock:
            found = self._loaded.get(path)
            if found is not None:
                self._loaded.move_to_end(path)
            else:
                loading: Future[Recognizer] = Future()
                self._loaded[path] = loading
                self._make_room()
        if found is not None:
            return found.result()
        try:
            loading.set_result(Recognizer(BatchingBundle(Bundle.load(path), runs=self._runs)))
        except BaseException as error:
            loading.set_exception(error)
            with self._lock:
                if self._loaded.get(path) is loading:
                    del self._loaded[path]
        return loading.result()

    def path(self, name: str | None) -> Path:
        """Return a model's file; None is the service's own.

        Raises:
            Problem: there is none of that name.
        """
        if name is None:
            return self._own_path
        # Names alone: a path would let a client look around on the disk.
        paths = self._paths()
        path = paths.get(name) or find_release(name, paths)
        if path is None:
            raise Problem(
                "invalid-option", f"no model is called '{name}'{did_you_mean(name, paths)}"
            )
        return path

    def describe(self) -> list[dict[str, Any]]:
        """Describe every model that may be asked for, from its file; none is loaded for it."""
        found = []
        for name, path in self._paths().items():
            try:
                card = read_model_card(path)
            except AffektError as error:
                event("model left out", level=logging.WARNING, model=name, error=str(error))
                continue
            metadata = card.metadata
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
                    "size_bytes": card.size_bytes,
                    "sha256": card.sha256,
                }
            )
        return found

    def _make_room(self) -> None:
        others = [path for path in self._loaded if path != self._own_path]
        for path in others[:-MOST_LOADED]:
            # Whoever runs it keeps it until done.
            del self._loaded[path]

    def _paths(self) -> dict[str, Path]:
        known = {**shipped_bundles(), **installed_bundles()}
        paths = {name: path.resolve() for name, path in known.items()}
        if self._own_path not in paths.values():
            paths[self._own_path.stem] = self._own_path
        return paths
