"""Admission: a fixed number of requests at once; the others get a time to come again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from affekt.service.problems import Problem

_LONGEST_S = 60


class Admission:
    """Counts what is under way; used from the event loop alone.

    Args:
        limit: so many at once.
        what: what there is too much of, for the message.
        watch: called with the number whenever it changes.
    """

    def __init__(
        self, limit: int, *, what: str, watch: Callable[[float], None] = lambda _: None
    ) -> None:
        self.limit = limit
        self.count = 0
        self._what = what
        self._watch = watch
        self._mean_s = 0.0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place.

        Raises:
            Problem: all are taken; it says when to come again.
        """
        if self.count >= self.limit:
            raise Problem(
                "too-busy",
                f"{self.limit} {self._what} at once is the most that is taken here",
                retry_after_s=self.wait_s,
            )
        self._change(1)
        begin = time.monotonic()
        try:
            yield
        finally:
            self._change(-1)
            # An average that forgets: about the last ten.
            self._mean_s += 0.1 * (time.monotonic() - begin - self._mean_s)

    @property
    def wait_s(self) -> int:
        """Seconds until a place may be free: as long as one is held on average."""
        return min(_LONGEST_S, max(1, math.ceil(self._mean_s)))

    def _change(self, step: int) -> None:
        self.count += step
        self._watch(float(self.count))
