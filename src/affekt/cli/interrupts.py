"""Ctrl-C while a recording is read, and SIGTERM."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from affekt.output import remove_unfinished


@contextmanager
def ending_tidily() -> Iterator[None]:
    """Remove files that are not complete before the process ends by SIGTERM."""

    def end(signal_number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        remove_unfinished()
        signal.signal(signal_number, signal.SIG_DFL)
        os.kill(os.getpid(), signal_number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


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
