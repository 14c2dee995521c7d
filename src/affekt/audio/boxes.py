"""Whether a media file ends before its own outermost box does."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from affekt.audio.source import ByteStream

_SEGMENT, _CLUSTER = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
# As much of the end of a file as holds several frames of AAC, which are 8 kB at most.
_TAIL_BYTES = 1 << 16
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
        "AMR": _amr,
        "AAC": _adts,
    }
    check = checks.get(container)
    return check is not None and check(stream)


def holds_another(stream: ByteStream, container: str) -> bool:
    """Tell whether a second recording follows in the file, which FFmpeg passes over."""
    if container not in ("MP4", "QuickTime"):
        return False
    return sum(name == b"moov" for name, _ in _mp4_boxes(stream)) > 1


def _mp4(stream: ByteStream) -> bool:
    return any(end > stream.size for _, end in _mp4_boxes(stream))


def _mp4_boxes(stream: ByteStream) -> Iterator[tuple[bytes, int]]:
    """Yield name and end of each outermost box (ISO/IEC 14496-12, 4.2)."""
    place = 0
    while len(head := stream.peek(16, offset=place)) >= 8:
        size, name = struct.unpack(">I4s", head[:8])
        if size == 1 and len(head) == 16:
            (size,) = struct.unpack(">8xQ", head)
        elif size == 0:
            size = stream.size - place
        if size < 8 or not all(32 <= letter < 127 for letter in name):
            return
        place += size
        yield name, place


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
