"""A limit on what FFmpeg may ask for at once, in this process and for FFmpeg alone."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

# A header of 10 kB can announce samples whose index takes gigabytes. Nothing that is recorded
# needs one allocation of this size: an index of 256 MiB holds 60 hours of AAC.
_MOST_BYTES = 256 * 2**20


@cache
def limit_allocations() -> None:
    """Have the FFmpeg that PyAV brought refuse allocations above 256 MiB, where it can be found.

    Call it once PyAV is imported. What FFmpeg is refused becomes an error of the file.
    """
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    for line in maps.read_text().splitlines():
        place = line.split(maxsplit=5)[-1]
        if "libavutil" in Path(place).name:
            ctypes.CDLL(place).av_max_alloc(ctypes.c_size_t(_MOST_BYTES))
            return
