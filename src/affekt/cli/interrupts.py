"""Ctrl-C while a recording is read."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Wait:
    """Remembers Ctrl-C until a place where a run may end."""

    asked = False

    def ask(self, signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        """Take note of the first; the next one ends the run at once."""
        self.asked = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def over(self) -> None:
        """End the run here if that was asked for."""
        if self.asked:
            raise KeyboardInterrupt


@contextmanager
def interrupts_wait() -> Iterator[Wait]:
    """Let the first Ctrl-C end the run where `over` is called next, the second at once.

    libsndfile reads through callbacks, and an exception inside one is lost: a KeyboardInterrupt
    would not end the run, but end the recording early.
    """
    wait = Wait()
    previous = signal.signal(signal.SIGINT, wait.ask)
    try:
        yield wait
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let Ctrl-C take effect only when the block is done, so that it leaves nothing half-way."""
    asked = False

    def ask(signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        nonlocal asked
        asked = True

    previous = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if asked:
        raise KeyboardInterrupt
