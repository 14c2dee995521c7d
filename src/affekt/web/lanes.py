"""Whose turn it is: recordings wait in a line, short ones in a line of their own."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Called with what is being done, and how much of it is (0 to 1; None where nobody knows).
Progress = Callable[[str, float | None], None]

# Where the page of a waiting recording was left, its place is given up this soon.
_LOOK_S = 0.2


class Lane:
    """So many at once; the others wait in the order in which they came, and know their place."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def place(self, progress: Progress) -> Iterator[None]:
        """Hold a place; the progress of waiting for it is how many are before.

        What `progress` raises ends the wait.
        """
        ticket = object()
        with self._changed:
            self._waiting.append(ticket)
            try:
                while (before := self._waiting.index(ticket)) or not self._free:
                    progress(f"Waiting, number {before + 1} in the line", None)
                    self._changed.wait(_LOOK_S)
                self._free -= 1
            finally:
                self._waiting.remove(ticket)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()


_CORES = os.cpu_count() or 1
# More at once would only take the processor from each other, and memory as well.
SHORT = Lane(_CORES)
LONG = Lane(max(1, _CORES // 2))
