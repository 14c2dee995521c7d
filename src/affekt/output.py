"""Writing where a user says: whole or not at all, and never over what is not Affekt's.

One rule holds for every file that a command writes:

- What is read is never written over.
- A file that is there is replaced if it is empty, or still holds what Affekt wrote there last;
  anything else only by force. What was written is remembered by its SHA-256, in the cache.
- Links are followed: what they lead to is written, and the link stays.
- What is no file (a device, a pipe) is written into, and stays what it is.
- Otherwise a file appears under its name when it is complete; a run that breaks off leaves what
  was there before.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from affekt.errors import ConfigError
from affekt.parallel import only_one
from affekt.places import cache_root

_LEDGER = "written.txt"
_OLDER = "written-before.txt"
# 130 bytes a line: the last 30,000 places and more, in two files.
_LEDGER_BYTES = 2**22
_unfinished: set[Path] = set()


def check_output(
    path: str | os.PathLike[str],
    *,
    inputs: Iterable[str | os.PathLike[str]] = (),
    force: bool = False,
    makes_folder: bool = False,
) -> None:
    """Refuse a place that must not or cannot be written, before any work is done for it.

    Args:
        path: where it shall go.
        inputs: what the same command reads; "-" is standard input.
        force: replace a file of anybody's.
        makes_folder: the command makes the folder where there is none.

    Raises:
        ConfigError: it is an input, a folder, or a file that Affekt did not write; or its folder is
            missing or cannot be written.
    """
    place = Path(path)
    target = _target(place, inputs, force=force)
    if target is None:
        return
    folder = target.parent
    if makes_folder:
        folder = next(item for item in (folder, *folder.parents) if item.exists())
    if not folder.is_dir():
        raise ConfigError(f"{place}: cannot be written: there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"{place}: cannot be written: {os.strerror(errno.EACCES)}")


@contextlib.contextmanager
def open_output(
    path: str | os.PathLike[str],
    *,
    inputs: Iterable[str | os.PathLike[str]] = (),
    force: bool = False,
) -> Iterator[BinaryIO]:
    """Give a stream whose content appears at a place when the block ends without an error.

    Args:
        path: where it shall go.
        inputs: what the same command reads; "-" is standard input.
        force: replace a file of anybody's.

    Raises:
        ConfigError: as `check_output`; another process is writing there; or the place cannot be
            written (no room, no permission), which the stream raises too.
    """
    place = Path(path)
    target = _target(place, inputs, force=force)
    with contextlib.ExitStack() as stack:
        if target is None:
            yield stack.enter_context(_opened(place, _what_is_there(place)))
            return
        # A name as long for every target, so that a long one still fits.
        stem = f".affekt-{_sum(os.fsencode(target.name))[:16]}"
        part, lock = target.with_name(f"{stem}.part"), target.with_name(f"{stem}.lock")
        busy = f"{place}: another process is writing it: wait until it has ended, or choose another"
        with _told(place):
            stack.enter_context(only_one(lock, busy=busy))
        stack.callback(_unfinished.difference_update, (part, lock))
        stack.callback(_remove, part)
        _unfinished.update((part, lock))
        with _opened(place, part) as stream:
            yield stream
        with _told(place):
            _put(part, target)


@contextlib.contextmanager
def open_text_output(
    path: str | os.PathLike[str],
    *,
    inputs: Iterable[str | os.PathLike[str]] = (),
    force: bool = False,
) -> Iterator[TextIO]:
    """Give a stream for text, written as `utf8` gives it; see `open_output`."""
    with open_output(path, inputs=inputs, force=force) as stream:
        text = io.TextIOWrapper(
            stream, encoding="utf-8", errors="backslashreplace", newline="\n", write_through=True
        )
        yield text
        text.detach()


def write_output(
    path: str | os.PathLike[str],
    content: str | bytes,
    *,
    inputs: Iterable[str | os.PathLike[str]] = (),
    force: bool = False,
) -> None:
    """Write one file; see `open_output`. Text is written as `utf8` gives it."""
    with open_output(path, inputs=inputs, force=force) as stream:
        stream.write(utf8(content) if isinstance(content, str) else content)


def make_folder(folder: Path) -> None:
    """Make a folder for what is written, and those above it.

    Raises:
        ConfigError: it cannot be made.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)


def write_outputs(folder: Path, files: Mapping[str, str | bytes], *, force: bool = False) -> None:
    """Write files into a folder, all of them or none; the last one appears last.

    Args:
        folder: made if it does not exist.
        files: name to content; a name may lie in a folder below.
        force: replace files of anybody's.

    Raises:
        ConfigError: a file may not be replaced, or the folder cannot be written.
    """
    with contextlib.ExitStack() as stack:
        for name, content in reversed(list(files.items())):
            make_folder((folder / name).parent)
            stream = stack.enter_context(open_output(folder / name, force=force))
            stream.write(utf8(content) if isinstance(content, str) else content)
            stream.flush()


def utf8(text: str) -> bytes:
    """Return text in UTF-8; what no UTF-8 can write, as bytes in names of files, as JSON would."""
    return text.encode("utf-8", "backslashreplace")


def remove_unfinished() -> None:
    """Remove what is not complete, for a process that is asked to end."""
    for path in tuple(_unfinished):
        _remove(path)


def _target(place: Path, inputs: Iterable[str | os.PathLike[str]], *, force: bool) -> Path | None:
    """Return the file to put in place; None where what is there is written into."""
    with _told(place):
        try:
            found = place.stat()
        except FileNotFoundError:
            return Path(os.path.realpath(place))
    if stat.S_ISDIR(found.st_mode):
        raise ConfigError(f"{place}: is a folder: name a file in it")
    if not stat.S_ISREG(found.st_mode) or _descriptor_of(found) is not None:
        return None
    if any(_is_same(found, item) for item in inputs):
        raise ConfigError(f"{place}: is read by this command: write to another file")
    target = Path(os.path.realpath(place))
    if not force and not _is_ours(target):
        raise ConfigError(
            f"{place}: is there already, and Affekt did not write it, or it was changed since: "
            "choose another name, or replace it with --force"
        )
    return target


def _what_is_there(place: Path) -> int:
    """Open a device or a pipe, or what the shell has opened (/dev/stdout, perhaps into a file)."""
    with _told(place):
        descriptor = _descriptor_of(place.stat())
        return os.dup(descriptor) if descriptor is not None else os.open(place, os.O_WRONLY)


def _descriptor_of(found: os.stat_result) -> int | None:
    for descriptor in (1, 2):
        with contextlib.suppress(OSError):
            if os.path.samestat(found, os.fstat(descriptor)):
                return descriptor
    return None


def _is_same(found: os.stat_result, item: str | os.PathLike[str]) -> bool:
    try:
        return os.path.samestat(found, os.fstat(0) if item == "-" else os.stat(item))  # noqa: PTH116
    except (OSError, ValueError):
        return False


class _Raw(io.FileIO):
    """A file whose errors name the place that the user chose."""

    def __init__(self, place: Path, file: Path | int) -> None:
        self._place = place
        super().__init__(file, "wb")

    def write(self, data: Any) -> int:
        with _told(self._place):
            return super().write(data)

    def close(self) -> None:
        with _told(self._place):
            super().close()


def _opened(place: Path, file: Path | int) -> BinaryIO:
    with _told(place):
        return io.BufferedWriter(_Raw(place, file))


@contextlib.contextmanager
def _told(place: Path) -> Iterator[None]:
    """Say which place cannot be written; a reader that has left is no error of the place."""
    try:
        yield
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        raise ConfigError(f"{place}: cannot be written: {error.strerror or error}") from error


def _put(part: Path, target: Path) -> None:
    """Put a complete file in its place, with the permissions of the one that it replaces."""
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    with contextlib.suppress(OSError):
        part.chmod(stat.S_IMODE(target.stat().st_mode))
    part.replace(target)
    _remember(target, found)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _is_ours(target: Path) -> bool:
    """Tell whether a file is empty, or what Affekt wrote there last."""
    with _told(target), target.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return True
        return hashlib.file_digest(file, "sha256").hexdigest() == _remembered(target)


def _remembered(target: Path) -> str | None:
    key = _sum(os.fsencode(target)).encode()
    # The newer file first: should it become the older one meanwhile, nothing is missed.
    for name in (_LEDGER, _OLDER):
        last = None
        with contextlib.suppress(OSError), (cache_root() / name).open("rb") as file:
            for line in file:
                if line.startswith(key):
                    last = line[len(key) :].strip().decode("ascii", "replace")
        if last is not None:
            return last
    return None


def _remember(target: Path, found: str) -> None:
    """Note what was written; where that is impossible, it counts as a stranger's."""
    ledger = cache_root() / _LEDGER
    with contextlib.suppress(OSError):
        ledger.parent.mkdir(parents=True, exist_ok=True)
        with ledger.open("ab", buffering=0) as file:
            file.write(f"{_sum(os.fsencode(target))} {found}\n".encode())
            size = file.tell()
        if size > _LEDGER_BYTES:
            _start_anew(ledger)


def _start_anew(ledger: Path) -> None:
    """Make a full ledger the older one, whose lines are read until the next one is full.

    Nothing is copied, so that no line is lost that another process adds at the same moment.
    """
    lock = ledger.with_name(f"{_LEDGER}.lock")
    with contextlib.suppress(ConfigError), only_one(lock, busy="another process does it"):
        if ledger.stat().st_size > _LEDGER_BYTES:  # not yet done by another process
            ledger.replace(ledger.with_name(_OLDER))


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
