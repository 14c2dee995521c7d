"""Where Affekt keeps what is its own: caches and data, for a user without a home too."""

from __future__ import annotations

import functools
import os
import stat
import tempfile
from pathlib import Path


def home() -> Path | None:
    """Return the user's home; None for one who has neither HOME nor an entry in passwd."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def cache_root() -> Path:
    """Return the folder of all caches: `AFFEKT_CACHE`, else `~/.cache/affekt`.

    Where there is no home, or it cannot be written, it is a folder of the user's own among the
    temporary files.
    """
    named = os.environ.get("AFFEKT_CACHE")
    return Path(named) if named else _at_home(".cache") / "affekt"


def data_root() -> Path:
    """Return the folder of the user's data, likewise: `XDG_DATA_HOME`, else `~/.local/share`."""
    named = os.environ.get("XDG_DATA_HOME")
    return Path(named) if named else _at_home(".local/share")


def _at_home(below: str) -> Path:
    place = home()
    if place is None or not _can_be_made(place / below):
        return _temporary()
    return place / below


def _can_be_made(folder: Path) -> bool:
    """Tell whether a folder is there, or could be made, for writing."""
    for place in (folder, *folder.parents):
        try:
            if place.exists():
                return place.is_dir() and os.access(place, os.W_OK)
        except OSError:
            return False
    return False


@functools.cache
def _temporary() -> Path:
    """Return a folder that nobody else can write; the same one for every process of the user."""
    owner = os.getuid() if hasattr(os, "getuid") else "user"
    place = Path(tempfile.gettempdir()) / f"affekt-{owner}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
    except OSError:
        found = None
    if found is None or not _is_own(found):  # somebody else was there first
        place = Path(tempfile.mkdtemp(prefix="affekt-"))
    return place


def _is_own(found: os.stat_result) -> bool:
    if not stat.S_ISDIR(found.st_mode):
        return False
    return not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)
