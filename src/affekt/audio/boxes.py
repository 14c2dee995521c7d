"""What the boxes of a media file say: where it should end, and how many samples it should hold."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

import numpy as np

from affekt.audio.source import ByteStream

_SEGMENT, _CLUSTER = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
# As much of the end of a file as holds several frames of AAC, which are 8 kB at most.
_TAIL_BYTES = 1 << 16
# Objects of a Windows Media file: the header, and in it the properties of the file.
_ASF_HEAD = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
# Boxes of an MP4 that hold nothing but boxes.
_MP4_FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf"})
_MOST_DEPTH = 10
_MOST_BOXES = 1 << 20
# FFmpeg makes an entry of 24 bytes for each sample. A file that has it make more than this, and
# more than it has bytes, is no recording.
_MOST_ENTRIES = 1 << 20
# Bytes of a frame by its mode, the octet before it left out (RFC 4867, 5.3).
_AMR_NARROW = (12, 13, 15, 17, 19, 20, 26, 31, 5)
_AMR_WIDE = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5)


def was_cut_off(stream: ByteStream, container: str) -> bool:
    """Tell whether a file lacks its end, by the sizes that its boxes announce.

    Args:
        stream: the file.
        container: as `Format.name` has it; of others nothing is known.
    """
    checks = {
        "MP4": _mp4,
        "QuickTime": _mp4,
        "WebM or Matroska": _matroska,
        "AVI": _avi,
        "Windows Media": _asf,
        "AMR": _amr,
        "AAC": _adts,
    }
    check = checks.get(container)
    return check is not None and check(stream)


def holds_another(stream: ByteStream, container: str) -> bool:
    """Tell whether a second recording follows in the file, which FFmpeg passes over."""
    if container == "Windows Media":
        return stream.peek(16, offset=_asf_size(stream) or stream.size) == _ASF_HEAD
    if container not in ("MP4", "QuickTime"):
        return False
    return sum(name == b"moov" for name, _, _ in _mp4_boxes(stream)) > 1


def is_fragmented(stream: ByteStream, container: str) -> bool:
    """Tell whether an MP4 is written piece by piece, as live streams and browsers do."""
    return container in ("MP4", "QuickTime") and any(
        name == b"moof" for name, _, _ in _mp4_boxes(stream)
    )


def announces_too_much(stream: ByteStream, container: str) -> bool:
    """Tell whether a file of few bytes has FFmpeg make an index of millions of entries.

    Args:
        stream: the file.
        container: as `Format.name` has it; of others nothing is known.
    """
    if container not in ("MP4", "QuickTime"):
        return False
    tracks = [_Track()]
    for name, start, _ in islice(_mp4_boxes(stream, depth=_MOST_DEPTH), _MOST_BOXES):
        if name == b"trak":
            tracks.append(_Track())
        tracks[-1].note(stream, name, start)
    return sum(track.entries for track in tracks) > max(_MOST_ENTRIES, stream.size)


class _Track:
    """What the boxes of one track announce (ISO/IEC 14496-12, 8.4.3, 8.6.1, 8.7 and 8.8.8)."""

    def __init__(self) -> None:
        self._is_sound = self._is_even = False
        self._samples = self._in_fragments = self._chunks = self._most_in_chunk = 0

    def note(self, stream: ByteStream, name: bytes, start: int) -> None:
        """Take what a box says.

        Args:
            stream: the file.
            name: of the box.
            start: of its content.
        """
        fields = stream.peek(16, offset=start).ljust(16, b"\0")
        _, first, second, third = struct.unpack(">4I", fields)
        if name == b"hdlr" and fields[4:8] != b"dhlr":
            self._is_sound = fields[8:12] == b"soun"
        elif name == b"stts":
            self._is_even = (first, third) == (1, 1)
        elif name == b"stsz":
            self._samples = second
        elif name == b"trun":
            self._in_fragments += first
        elif name in (b"stco", b"co64"):
            self._chunks = min(first, stream.size // 4)
        elif name == b"stsc":
            table = stream.peek(12 * min(first, stream.size // 12), offset=start + 8)
            counts = np.frombuffer(table, ">u4", count=len(table) // 12 * 3)[1::3]
            self._most_in_chunk = int(counts.max(initial=0))

    @property
    def entries(self) -> int:
        """How many entries FFmpeg makes: one a sample, but for PCM one for 1024 of a chunk."""
        is_pcm = self._is_sound and self._is_even
        samples = self._chunks * self._most_in_chunk // 1024 if is_pcm else self._samples
        return samples + self._in_fragments


def _mp4(stream: ByteStream) -> bool:
    return any(end > stream.size for _, _, end in _mp4_boxes(stream))


def _mp4_boxes(
    stream: ByteStream, *, place: int = 0, end: int | None = None, depth: int = 0
) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, start of the content and end of each box (ISO/IEC 14496-12, 4.2).

    Args:
        stream: the file.
        place: where to begin.
        end: where to stop; None is the end of the file.
        depth: how many levels of boxes within boxes to follow.
    """
    last = stream.size if end is None else min(end, stream.size)
    while place < last and len(head := stream.peek(16, offset=place)) >= 8:
        size, name = struct.unpack(">I4s", head[:8])
        start = place + 8
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack(">8xQ", head)
            start = place + 16
        elif size == 0:
            size = last - place
        if size < 8 or not all(32 <= letter < 127 for letter in name):
            return
        place += size
        yield name, start, place
        if depth and name in _MP4_FOLDERS:
            yield from _mp4_boxes(stream, place=start, end=place, depth=depth - 1)


def _matroska(stream: ByteStream) -> bool:
    """Walk over the elements, into those alone whose length was left open (RFC 8794)."""
    place = 0
    while place < stream.size:
        size_place = place + max(1, _vint(stream, place)[1])
        size, length = _vint(stream, size_place)
        if not length:
            return False
        name = stream.peek(size_place - place, offset=place)
        place = size_place + length
        if size == (1 << 7 * length) - 1 and name in (_SEGMENT, _CLUSTER):
            continue
        if place + size > stream.size:
            return True
        place += size
    return False


def _vint(stream: ByteStream, place: int) -> tuple[int, int]:
    """Return value and length of an EBML number (RFC 8794, section 4)."""
    data = stream.peek(8, offset=place)
    length = 9 - data[0].bit_length() if data and data[0] else 0
    if not 1 <= length <= len(data):
        return 0, 0
    return int.from_bytes(data[:length], "big") & ((1 << 7 * length) - 1), length


def _avi(stream: ByteStream) -> bool:
    head = stream.peek(8)
    return len(head) == 8 and 8 + int(struct.unpack("<I", head[4:])[0]) > stream.size


def _asf(stream: ByteStream) -> bool:
    return _asf_size(stream) > stream.size


def _asf_size(stream: ByteStream) -> int:
    """Return the announced size of a Windows Media file; 0 where it is unknown (ASF, 3.2)."""
    head = stream.peek(_TAIL_BYTES)
    place = head.find(_ASF_PROPERTIES)
    return int.from_bytes(head[place + 40 : place + 48], "little") if place > 0 else 0


def _amr(stream: ByteStream) -> bool:
    head = stream.peek(9)
    wide = head == b"#!AMR-WB\n"
    place, sizes = (9, _AMR_WIDE) if wide else (6, _AMR_NARROW)
    data = stream.peek(stream.size, offset=place)
    place = 0
    while place < len(data):
        mode = data[place] >> 3 & 15
        place += 1 + (sizes[mode] if mode < len(sizes) else 0)
    return place > len(data)


def _adts(stream: ByteStream) -> bool:
    """Walk over the last frames (ISO/IEC 13818-7, 6.2): each says how long it is."""
    data = stream.peek(_TAIL_BYTES, offset=stream.size - _TAIL_BYTES)

    def end_of(place: int) -> int:
        """Return where a frame ends; 0 where none begins."""
        head = data[place : place + 7]
        if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
            return 0
        return place + max(7, (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5)

    place = next((start for start in range(len(data)) if end_of(end_of(start) or len(data))), 0)
    while end := end_of(place):
        place = end
    return place > len(data)
