"""Finding the recordings below a folder, in one pass and without opening them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from affekt.audio.formats import SUFFIXES

# Where the same recording lies there in two containers, the earlier one counts.
RANK = {suffix: rank for rank, suffix in enumerate(SUFFIXES)}


def walk(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, sorted by folder and name.

    Links are followed, loops are not; hidden folders (`.git`) are passed over.
    """
    visited: set[tuple[int, int]] = set()
    for directory, below, names in os.walk(folder, followlinks=True):
        status = os.stat(directory)  # noqa: PTH116 (os.walk gives strings)
        if (status.st_dev, status.st_ino) in visited:
            below.clear()
            continue
        visited.add((status.st_dev, status.st_ino))
        below[:] = sorted(name for name in below if not name.startswith("."))
        parent = Path(directory)
        for name in sorted(names):
            yield parent / name


def is_audio(path: Path) -> bool:
    """Tell by the extension whether a file claims to be a recording."""
    return path.suffix.lower() in RANK
