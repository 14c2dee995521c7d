"""A limit on what FFmpeg may ask for at once, in this process and for FFmpeg alone."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

# Nothing that is recorded needs one allocation of this size: an index of 256 MiB holds 60 hours
# of AAC.
_MOST_BYTES = 256 * 2**20


@cache
def limit_allocations(av: ModuleType) -> bool:
    """Have the FFmpeg of PyAV refuse allocations above 256 MiB, and that of nobody else.

    What FFmpeg is refused becomes an error of the file.

    Args:
        av: PyAV.

    Returns:
        Whether the limit could be set: FFmpeg may be built into PyAV, where nobody finds it.
    """
    for library in _libraries(av):
        try:
            ctypes.CDLL(str(library)).av_max_alloc(ctypes.c_size_t(_MOST_BYTES))
        except (OSError, AttributeError):
            continue
        return True
    return False


def _libraries(av: ModuleType) -> list[Path]:
    """Return where the FFmpeg may be found that PyAV uses.

    Other packages bring one of their own into the process, so a name is no way to it. On Linux and
    macOS, what a library is asked for is also looked up in those that it was linked with.
    """
    folder = Path(str(av.__file__)).parent
    if sys.platform == "win32":
        return sorted((folder.parent / "av.libs").glob("avutil-*.dll"))
    return [Path(av._core.__file__)] if hasattr(av, "_core") else []
