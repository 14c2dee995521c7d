"""Reading what a user names: files, and pipes that somebody writes into, but nothing for ever."""

from __future__ import annotations

import errno
import io
import os
import select
import stat
from typing import TextIO

# How long a pipe waits for somebody who writes into it.
PIPE_TIMEOUT_S = 5.0

_LFS_POINTER = b"version https://git-lfs.github.com/spec/"

_KINDS = (
    (stat.S_ISCHR, "is a device, not a file"),
    (stat.S_ISBLK, "is a device, not a file"),
    (stat.S_ISSOCK, "is a socket, not a file"),
)


def open_file(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a file to read, or a pipe that somebody writes into.

    Raises:
        OSError: there is none; it is a device or a folder; or nobody wrote into the pipe within
            `PIPE_TIMEOUT_S`, where open() would wait for ever; or the path is none. `strerror`
            says what it is.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ENXIO:  # how sockets answer
            raise OSError(errno.ENXIO, _KINDS[-1][1], os.fspath(path)) from None
        raise
    except ValueError:
        raise OSError(errno.EINVAL, "is no path: it holds a NUL", os.fspath(path)) from None
    try:
        _check(descriptor, os.fspath(path))
    except BaseException:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb")


def open_text(
    path: str | os.PathLike[str],
    encoding: str = "utf-8",
    *,
    newline: str | None = None,
    errors: str = "strict",
) -> TextIO:
    """Open a file of text to read; for the errors see `open_file`."""
    return io.TextIOWrapper(open_file(path), encoding=encoding, newline=newline, errors=errors)


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """Return what a file holds; for the errors see `open_file`."""
    with open_file(path) as file:
        return file.read()


def read_text(path: str | os.PathLike[str], encoding: str = "utf-8") -> str:
    """Return the text of a file; for the errors see `open_file`.

    Raises:
        UnicodeDecodeError: it is no text in that encoding.
    """
    with open_text(path, encoding) as file:
        return file.read()


def is_lfs_pointer(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is a Git LFS pointer: a few lines of text in place of the content.

    A file that cannot be read is none.
    """
    try:
        with open_file(path) as file:
            return file.read(len(_LFS_POINTER)) == _LFS_POINTER
    except OSError:
        return False


def _check(descriptor: int, path: str) -> None:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
    for is_kind, said in _KINDS:
        if is_kind(mode):
            raise OSError(errno.EINVAL, said, path)
    if stat.S_ISFIFO(mode):
        _await_writer(descriptor, path)
        os.set_blocking(descriptor, True)


def _await_writer(descriptor: int, path: str) -> None:
    """Wait until somebody has a pipe open to write; without anybody it reads as ended."""
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    if waiting.poll(1000.0 * PIPE_TIMEOUT_S):
        return
    try:
        os.read(descriptor, 1)
    except BlockingIOError:
        return  # there is somebody, who has written nothing yet
    raise OSError(errno.EPIPE, "is a pipe that nobody writes into", path)
