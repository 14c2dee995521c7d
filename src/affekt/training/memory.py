"""Memory that training frees and asks for again in every step."""

from __future__ import annotations

import ctypes
import sys

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4


def keep_freed_memory() -> bool:
    """Let the C library keep large freed blocks instead of handing them back to the system.

    Activations of a convolution fill hundreds of megabytes, and fetching their pages anew in
    each step takes up to half of a training's time on a CPU. Only glibc is asked; elsewhere
    nothing happens.

    Returns:
        Whether the C library agreed.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # another C library
        return False
    wanted = ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 2**31 - 1), (_TOP_PAD, 2**28))
    return all(mallopt(parameter, value) == 1 for parameter, value in wanted)
