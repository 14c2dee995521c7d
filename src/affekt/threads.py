"""Work on many recordings at once that can be given up at any time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import TracebackType


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
