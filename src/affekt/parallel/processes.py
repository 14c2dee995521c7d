"""Work on many recordings in several processes, which can be given up at any time."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeVar

from affekt.errors import ConfigError

Item = TypeVar("Item")
Result = TypeVar("Result")

# Read by numpy's linear algebra when it is loaded. Its threads, one a core in every process, would
# wait for each other: two processes took three times as long with them.
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")


def run_in_processes(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int
) -> Generator[Result, None, None]:
    """Do work on every item, and give what it returns in the order in which it is finished.

    With one worker it is done here. With several, Ctrl-C drops what was not begun and waits for
    what was; should this process be killed, the others end too.

    Args:
        work: a function of a module; it and its argument are sent to the processes.
        items: what to work on.
        workers: processes.

    Raises:
        ConfigError: a process was ended from outside.
    """
    if workers <= 1:
        yield from map(work, items)
        return
    # Recognising takes threads alone, and need not pay for loading these.
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_begin)
    try:
        with _one_thread_each(), _interrupts_for_us_alone():
            futures = [pool.submit(work, item) for item in items]
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool:
        raise ConfigError(
            "a worker process was ended, perhaps for want of memory: try fewer (--workers); the "
            "same command goes on where it was"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Leave Ctrl-C to the process that gives the work, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextlib.contextmanager
def _one_thread_each() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _interrupts_for_us_alone() -> Iterator[None]:
    """Keep Ctrl-C from processes begun in the block, which would end by it before `_begin`."""
    if sys.platform == "win32":  # has no such mask
        yield
    else:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
