"""Work on many recordings at once that can be given up at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")


class Workers(ThreadPoolExecutor):
    """A pool of threads that, when its block is left, drops what was not begun.

    The standard one works through all that was handed in first: Ctrl-C on a corpus would take
    effect after the corpus' last recording.
    """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait for what is being worked on, and for nothing else."""
        self.shutdown(cancel_futures=True)


def within(limit_s: float, call: Callable[[], T]) -> T:
    """Return what a call returns, and wait no longer for it than a limit.

    What takes longer goes on in a thread that keeps no program from its end.

    Raises:
        TimeoutError: the limit has passed.
    """
    outcome: Future[T] = Future()

    def work() -> None:
        try:
            outcome.set_result(call())
        except BaseException as error:  # whoever waits must get it
            outcome.set_exception(error)

    threading.Thread(target=work, daemon=True, name="affekt-within").start()
    return outcome.result(limit_s)
