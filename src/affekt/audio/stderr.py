"""Keeping mpg123's remarks away from people.

libsndfile decodes MP3 through mpg123, which writes about every flaw of a file straight to the
process's standard error. What the flaw means for the recording stands in its warnings instead.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from typing import IO

_REMARK = re.compile(rb"\[src/libmpg123/|^(?:Note|Warning|Error): ")
_STDERR_FD = 2

_lock = threading.Lock()
_readers = 0
_capture: IO[bytes] | None = None
_saved_fd = -1


@contextlib.contextmanager
def mpg123_silenced() -> Iterator[None]:
    """Hold back standard error meanwhile, and afterwards pass on all that is not mpg123's.

    Several threads may be inside at once. Where there is no standard error
    or no room for a temporary file, nothing is done.
    """
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _readers, _capture, _saved_fd
    with _lock:
        _readers += 1
        if _readers > 1:
            return
        try:
            _saved_fd = os.dup(_STDERR_FD)
        except OSError:
            return
        try:
            _capture = tempfile.TemporaryFile()  # noqa: SIM115 - closed in _leave
        except OSError:
            os.close(_saved_fd)
            return
        os.dup2(_capture.fileno(), _STDERR_FD)


def _leave() -> None:
    global _readers, _capture
    with _lock:
        _readers -= 1
        if _readers > 0 or _capture is None:
            return
        os.dup2(_saved_fd, _STDERR_FD)
        os.close(_saved_fd)
        _capture.seek(0)
        kept = b"".join(line for line in _capture if not _REMARK.search(line))
        _capture.close()
        _capture = None
        if kept:
            os.write(_STDERR_FD, kept)
