"""Where sound comes from: a path, bytes, a file object or standard input, as one stream."""

from __future__ import annotations

import io
import os
import select
import stat
import sys
import tempfile
from pathlib import Path
from typing import IO, BinaryIO, cast

from affekt.errors import AudioError

AudioSource = str | Path | bytes | BinaryIO

# What cannot be rewound is kept in memory up to here and in a temporary file beyond.
_SPOOL_BYTES = 16 * 2**20
# A pipe that is named like a file is given up after this long without a byte.
_PIPE_WAIT_S = 5.0


class ByteStream:
    """A seekable stream of bytes for the decoders.

    It has no `name`: decoders would guess the format from it, and content alone decides here.
    Read errors are kept in `error`, because the C libraries that call back cannot pass them on.
    """

    def __init__(self, stream: BinaryIO, *, label: str, owned: bool) -> None:
        self.label = label
        self.error: OSError | None = None
        self._stream = stream
        self._owned = owned
        self.size = self.seek(0, os.SEEK_END)
        self.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; nothing after an error."""
        try:
            return self._stream.read(size)
        except OSError as error:
            self.error = error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the new position; -1 where there is none, as damaged headers ask for."""
        try:
            return self._stream.seek(offset, whence)
        except (OSError, ValueError, OverflowError):  # the C libraries cannot pass it on
            return -1

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def peek(self, size: int, *, offset: int = 0) -> bytes:
        """Read up to `size` bytes at `offset` and go back to where the stream was.

        Nothing lies beyond the end, nor where a damaged header points to.
        """
        position = self.tell()
        data = b"" if self.seek(max(0, offset)) < 0 else self.read(size)
        self.seek(position)
        return data

    def close(self) -> None:
        """Close what was opened here; a file object of the caller's stays open."""
        if self._owned:
            self._stream.close()

    def raise_read_error(self) -> None:
        """Report a read that failed.

        Raises:
            AudioError: reading stopped because the disk or network gave an error.
        """
        if self.error is not None:
            raise AudioError(
                f"{self.label}: reading failed ({self.error}): check the disk or connection"
            ) from self.error


def open_source(source: AudioSource | ByteStream) -> ByteStream:
    """Open anything that holds an encoded recording.

    Args:
        source: a path; "-" for standard input; the bytes of a file; or a file object opened in
            binary mode, which is read from its beginning if it can be rewound and from where it
            stands otherwise. What was opened here can be read again, and stays open.

    Raises:
        AudioError: there is nothing to read: no such file, a folder, no permission, no bytes,
            a file object in text mode.
    """
    if isinstance(source, ByteStream):
        return ByteStream(source._stream, label=source.label, owned=False)
    if isinstance(source, bytes | bytearray | memoryview):
        stream = ByteStream(io.BytesIO(source), label="<bytes>", owned=True)
    elif isinstance(source, str) and source == "-":
        stream = _seekable(_standard_input(), label="<standard input>", owned=False)
    elif isinstance(source, str | os.PathLike):
        stream = _open_path(source)
    elif hasattr(source, "read"):
        name = getattr(source, "name", None)
        label = name if isinstance(name, str) else "<file object>"
        stream = _seekable(source, label=label, owned=False)
    else:
        raise AudioError(
            f"cannot read a recording from {type(source).__name__}: "
            "give a path, bytes or a file object (arrays go through from_array)"
        )
    if stream.size == 0:
        stream.close()
        raise AudioError(f"{stream.label}: is empty (0 bytes): get the file again")
    return stream


def _open_path(source: str | os.PathLike[str]) -> ByteStream:
    label = os.fspath(source)
    if not label:
        raise AudioError("the name of a recording is empty: give a path, or - for standard input")
    try:
        mode = Path(source).stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISFIFO(mode)):
            raise AudioError(f"{label}: is a device, not a file: record from it into a file first")
        file = open(source, "rb", opener=_without_waiting)  # noqa: SIM115 - see ByteStream
    except FileNotFoundError:
        raise AudioError(
            f"{label}: no such file: check the path (the working folder is {Path.cwd()})"
        ) from None
    except IsADirectoryError:
        raise AudioError(f"{label}: is a folder: name a recording in it") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise AudioError(f"{label}: cannot be opened ({reason}): check the file") from error
    if stat.S_ISFIFO(mode):
        return ByteStream(_from_pipe(file, label=label), label=label, owned=True)
    return _seekable(file, label=label, owned=True)


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe as well, whether anybody writes into it or not."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _from_pipe(pipe: BinaryIO, *, label: str) -> BinaryIO:
    """Read all that is written into a pipe.

    Raises:
        AudioError: nobody writes.
    """
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - closed by ByteStream
    with pipe:
        while select.select([pipe], [], [], _PIPE_WAIT_S)[0]:
            data = os.read(pipe.fileno(), 1 << 16)
            if not data:
                return cast("BinaryIO", spool)
            _keep(spool, data, label=label)
    spool.close()
    raise AudioError(
        f"{label}: is a pipe, and nothing was written into it for {_PIPE_WAIT_S:g} s: "
        "start its writer first, or pipe the recording into - (standard input)"
    )


def _keep(spool: IO[bytes], data: bytes, *, label: str) -> None:
    try:
        spool.write(data)
    except OSError as error:
        raise AudioError(
            f"{label}: cannot be kept in {tempfile.gettempdir()} while it is read "
            f"({error.strerror}): make room there, or set TMPDIR to another folder"
        ) from None


def _standard_input() -> BinaryIO:
    stream = getattr(sys.stdin, "buffer", None)
    if stream is None:
        raise AudioError("<standard input>: is closed: pipe a recording into it")
    if stream.isatty():
        raise AudioError("<standard input>: is a terminal: pipe a recording into it")
    return cast("BinaryIO", stream)


def _seekable(stream: BinaryIO, *, label: str, owned: bool) -> ByteStream:
    """Use a stream as it is if it can be rewound, else read it all into a temporary file."""
    seekable = getattr(stream, "seekable", None)
    try:
        nothing = stream.read(0)
    except (OSError, ValueError) as error:
        raise AudioError(f"{label}: cannot be read ({error}): open it for reading") from error
    if not isinstance(nothing, bytes):
        raise AudioError(f"{label}: is open in text mode: open it in binary mode ('rb')")
    if seekable is not None and seekable():
        return ByteStream(stream, label=label, owned=owned)
    spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES)  # noqa: SIM115 - closed by ByteStream
    try:
        while data := stream.read(1 << 16):
            _keep(spool, data, label=label)
    except OSError as error:
        spool.close()
        raise AudioError(f"{label}: reading failed ({error}): check the connection") from error
    finally:
        if owned:
            stream.close()
    return ByteStream(cast("BinaryIO", spool), label=label, owned=True)
