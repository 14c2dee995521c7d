"""Where the sound of a WAV, AU or CAF file lies, as its header says and as it is.

A recorder that died leaves a header with a length that is long out of date, and files joined with
`cat` hold a second header where the first one ends. libsndfile believes the first header, or
refuses the file. It is given a stream whose header fits the content instead.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from affekt.audio.source import ByteStream

_WAV_HEAD, _CAF_HEAD, _W64_HEAD, _W64_CHUNK_HEAD = 12, 8, 40, 24
_AU_FIELDS = struct.Struct(">4sII")
# "Length unknown", as programs that write into a pipe put it.
UNKNOWN_BYTES = 0x7FFF_0000
# More than the tags that usually follow the sound.
TRAILING_BYTES = 1024
# The mark and the first block's head, which says what it is and how long (RFC 9639, 8.1 and 8.2).
_FLAC_HEAD = b"fLaC\x00\x00\x00\x22"
_HEADS = (b"RIFF", b"RF64", b"riff", b".snd", b"caff", b"FORM")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The bytes that a header calls sound.

    Attributes:
        start: of the first one.
        size: how many are announced; None where that is left open.
        field: where the header says so, and how (as `struct` has it); None: leave it.
    """

    start: int
    size: int | None
    field: tuple[int, str] | None = None


class Window:
    """A stretch of a stream, as a binary file of its own.

    Args:
        stream: the whole.
        start, end: what of it is to be seen.
        field: a place in it, and the bytes that are to be seen there.
    """

    def __init__(
        self, stream: ByteStream, start: int, end: int, *, field: tuple[int, bytes] = (0, b"")
    ) -> None:
        self._stream, self._start, self._end = stream, start, end
        self._field = field
        self._place = start

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        left = max(0, self._end - self._place)
        self._stream.seek(self._place)
        data = self._stream.read(left if size < 0 else min(size, left))
        place, shown = self._field[0] - self._place, self._field[1]
        if place < len(data) and place + len(shown) > 0 and shown:
            changed = bytearray(data)
            for number, value in enumerate(shown, start=place):
                if 0 <= number < len(changed):
                    changed[number] = value
            data = bytes(changed)
        self._place += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, and return the new position.

        Raises:
            ValueError: it lies before the beginning.
        """
        base = {os.SEEK_SET: self._start, os.SEEK_CUR: self._place, os.SEEK_END: self._end}[whence]
        if base + offset < self._start:
            raise ValueError(f"negative position: {base + offset - self._start}")
        self._place = base + offset
        return self._place - self._start

    def tell(self) -> int:
        """Return the position."""
        return self._place - self._start


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a file holds beside what its header says.

    Attributes:
        stream: what to read: the file, or the part or corrected form of it that can be read.
        share: announced bytes of sound over those that are read; 1.0 where the header fits, below
            where the file goes on, above where it was cut off.
        rest: another recording that follows in the file.
    """

    stream: ByteStream
    share: float = 1.0
    rest: ByteStream | None = None


def layout_of(stream: ByteStream) -> Layout:
    """Compare what the header of a file announces with what is there."""
    form, size = struct.unpack(">4sI", stream.peek(8).ljust(8, b"\0"))
    if form == b"FORM" and stream.peek(4, offset=8 + size) in _HEADS:
        return Layout(stream=_part(stream, 0, 8 + size), rest=_part(stream, 8 + size, stream.size))
    sound = _sound_of(stream)
    if sound is None or sound.size is None:
        return Layout(stream=stream)
    there = stream.size - sound.start
    if sound.size > there:  # was cut off: libsndfile reads all but a CAF as it is
        if stream.peek(4) == b"caff":
            return _corrected(stream, sound)
        return Layout(stream=stream, share=sound.size / there if there > 0 else 1.0)
    announced_end = sound.start + sound.size
    end = _end_of_chunks(stream, announced_end)
    rest = stream.peek(TRAILING_BYTES + 1, offset=end)
    if rest.startswith(_HEADS):
        return Layout(stream=_part(stream, 0, end), rest=_part(stream, end, stream.size))
    if len(rest) <= TRAILING_BYTES or not any(rest) or end > announced_end + 1:
        return Layout(stream=stream)
    return _corrected(stream, sound)


def next_flac(stream: ByteStream) -> ByteStream | None:
    """Return another FLAC stream that follows in a file, if one does."""
    size = 1 << 20
    for start in range(0, stream.size, size):
        place = stream.peek(size + len(_FLAC_HEAD) - 1, offset=start).find(_FLAC_HEAD, not start)
        if place >= 0:
            return _part(stream, start + place, stream.size)
    return None


def _corrected(stream: ByteStream, sound: Sound) -> Layout:
    """Have the header say how much is there."""
    there = stream.size - sound.start
    if there <= 0 or sound.field is None:
        return Layout(stream=stream)
    place, how = sound.field
    most = 256 ** struct.calcsize(how) // 2 - 1
    shown = (place, struct.pack(how, min(there, most)))
    return Layout(stream=_part(stream, 0, stream.size, shown), share=(sound.size or 0) / there)


def _part(
    stream: ByteStream, start: int, end: int, field: tuple[int, bytes] | None = None
) -> ByteStream:
    window = cast("BinaryIO", Window(stream, start, end, field=field or (0, b"")))
    return ByteStream(window, label=stream.label, owned=False)


def _sound_of(stream: ByteStream) -> Sound | None:
    head = stream.peek(_WAV_HEAD)
    if head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE":
        return _wav_sound(stream)
    if head[:4] == b"riff":
        for name, size, start in _chunks(stream, _W64_HEAD, "<4s12xQ"):
            if name == b"data":
                return Sound(start=start, size=size - _W64_CHUNK_HEAD)
    if head[:4] == b"caff":
        for name, size, start in _chunks(stream, _CAF_HEAD, ">4sq"):
            if name == b"data":
                known = size if 0 <= size < 2**62 else None
                return Sound(start=start, size=known, field=(start - 8, ">q"))
    if head[:4] == b".snd" and len(head) == _AU_FIELDS.size:
        _, start, size = _AU_FIELDS.unpack(head)
        return Sound(start=start, size=_known(size), field=(8, ">I"))
    return None


def _wav_sound(stream: ByteStream) -> Sound | None:
    long_size: int | None = None
    for name, size, start in _chunks(stream, _WAV_HEAD, "<4sI"):
        if name == b"ds64":
            (long_size,) = struct.unpack("<8xQ", stream.peek(16, offset=start).ljust(16, b"\0"))
        elif name == b"data" and long_size is not None:
            return Sound(start=start, size=long_size)
        elif name == b"data":
            return Sound(start=start, size=_known(size), field=(start - 4, "<I"))
    return None


def _known(size: int) -> int | None:
    return size if size < UNKNOWN_BYTES else None


def _chunks(stream: ByteStream, place: int, fields: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, announced size and place of each chunk."""
    head = struct.Struct(fields)
    step = {"<4sI": 2, "<4s12xQ": 8}.get(fields, 1)  # what their lengths are padded to
    own = _W64_CHUNK_HEAD if step == 8 else 0  # and what they count of themselves
    while len(data := stream.peek(head.size, offset=place)) == head.size:
        name, size = head.unpack(data)
        yield name, size, place + head.size
        if size < own or not _is_name(name):
            return
        place += head.size + -(-(size - own) // step) * step


def _end_of_chunks(stream: ByteStream, place: int) -> int:
    """Return where the file's own chunks end that follow its sound."""
    if stream.peek(4) not in (b"RIFF", b"caff"):
        return place
    is_wav = stream.peek(4) == b"RIFF"
    place += place % 2 if is_wav and place < stream.size else 0
    for name, size, start in _chunks(stream, place, "<4sI" if is_wav else ">4sq"):
        if name in _HEADS or not _is_name(name) or not 0 <= size <= stream.size - start:
            break
        place = start + size + (size % 2 if is_wav else 0)
    return min(place, stream.size)


def _is_name(name: bytes) -> bool:
    return all(32 <= letter < 127 for letter in name)
