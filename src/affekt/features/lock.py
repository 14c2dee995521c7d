"""One process at a time may write a table; a lock that a crash does not leave behind."""

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
def only_writer(path: Path) -> Iterator[None]:
    """Keep other processes from writing a file while the block lasts.

    The lock is held on the empty file `.NAME.lock` beside it. The system lets go of it however its
    holder ends, so that a file that a crash left there locks nobody out.

    Raises:
        ConfigError: another process writes the file.
        OSError: there is no place for the lock.
    """
    place = path.with_name(f".{path.name}.lock")
    while True:
        with place.open("ab") as file:
            if not _lock(file.fileno()):
                raise ConfigError(
                    f"{path}: another 'affekt features extract' is writing this table: wait until "
                    "it has ended, or choose another name"
                )
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
