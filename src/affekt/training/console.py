"""What a reader of a training run sees: one plain story, without Lightning's advice."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import rich.progress
from rich.console import Console

from affekt.training.data import Progress

Say = Callable[[str], None]

_LEVELS = {"lightning.pytorch": logging.WARNING, "torch.onnx": logging.ERROR}
_ADVICE = (
    # A deprecation within torch, of what Lightning and torch.export use.
    r".*isinstance\(treespec, LeafSpec\).* is deprecated",
    # A choice of the recipe: batches are cheap to prepare.
    r".*does not have many workers",
    # Meant so: there is nothing to follow without `select_on`.
    r".*defined a `validation_step` but have no `val_dataloader`",
    # Short runs have few lines in their logs.
    r".*smaller than the logging interval",
    # That is how a run goes on.
    r".*Checkpoint directory .* exists and is not empty",
)


@contextmanager
def plain_story() -> Iterator[None]:
    """Keep the notes of Lightning and of torch's exporter that tell a user nothing off the screen.

    Errors, and warnings that are not in the list above, still show.
    """
    before = {name: logging.getLogger(name).level for name in _LEVELS}
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level)
    try:
        with warnings.catch_warnings():
            for message in _ADVICE:
                warnings.filterwarnings("ignore", message=message)
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)


@contextmanager
def reading_bar(*, show: bool) -> Iterator[Progress | None]:
    """Draw a bar on standard error that fills as recordings are read, where one is wanted."""
    if not show:
        yield None
        return
    with rich.progress.Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading recordings", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
