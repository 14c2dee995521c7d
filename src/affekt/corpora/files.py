"""Finding the recordings below a folder, in one pass and without opening them."""

from __future__ import annotations

from pathlib import Path

from affekt.audio import SUFFIXES

# Where the same recording lies there in two containers, the earlier one counts.
RANK = {suffix: rank for rank, suffix in enumerate(SUFFIXES)}


def is_audio(path: Path) -> bool:
    """Tell by the extension whether a file claims to be a recording."""
    return path.suffix.lower() in RANK
