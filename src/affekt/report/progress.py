"""How far long work has come, on a terminal that somebody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Bars = Callable[[str, float, float | None], None]


def is_watched() -> bool:
    """Whether standard error is a terminal."""
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def progress_bars(*, quiet: bool = False) -> Iterator[Bars]:
    """Give what draws a bar for each thing that is worked on; nothing where nobody looks on.

    It is called with what is worked on, how much is done, and how much there is (None: unknown).

    Args:
        quiet: draw nothing.
    """
    if quiet or not is_watched():
        yield lambda what, done, total: None  # noqa: ARG005
        return
    from rich.console import Console  # only a terminal pays for it
    from rich.progress import Progress, TaskID

    with Progress(console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(what: str, done: float, total: float | None) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield show
