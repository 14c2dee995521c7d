"""One process at a time: a lock that outlives no crash, and leaves no file where all went well."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from affekt.errors import ConfigError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

# Some network file systems know no locks; it is then left to the user to run one at a time.
_UNKNOWN_HERE = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextlib.contextmanager
def only_one(place: Path, *, busy: str) -> Iterator[None]:
    """Keep other processes that ask for the same place out while the block lasts.

    The system lets go of the lock however its holder ends, so that a file that a crash left there
    locks nobody out.

    Args:
        place: the lock's empty file; its folder is there.
        busy: the message for a second process: what is going on, and what to do.

    Raises:
        ConfigError: another process holds the lock.
        OSError: there is no place for the lock.
    """
    while True:
        with place.open("ab") as file:
            if not _lock(file.fileno()):
                raise ConfigError(busy)
            if not _lies_at(place, file):
                continue  # its holder has ended since and removed it: try a new one
            try:
                yield
            finally:
                # Windows keeps a file that is open; there it stays, empty.
                with contextlib.suppress(OSError):
                    place.unlink()
            return


def _lock(descriptor: int) -> bool:
    """Take a lock if nobody has it; return whether it was taken."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno not in _UNKNOWN_HERE:
            raise
    return True


def _lies_at(place: Path, file: BinaryIO) -> bool:
    try:
        return os.path.samestat(place.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
