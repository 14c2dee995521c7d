"""The files below a folder, however deep."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from affekt.errors import AudioError

# Suffixes that are named, with their counts, where files are passed over.
_SHOWN = 8


def walk(
    folder: str | Path,
    *,
    follow_links: bool,
    failed: Callable[[str, AudioError], None] | None = None,
) -> Iterator[Path]:
    """Yield every file below a folder, sorted by folder and name.

    Hidden folders (`.git`) are passed over, and a circle of links ends.

    Args:
        folder: where to look.
        follow_links: look into folders that are linked to as well.
        failed: takes each folder that cannot be looked into, and why; None raises.

    Raises:
        AudioError: a folder cannot be looked into, or lies deeper than the system allows.
    """
    visited: set[tuple[int, int]] = set()
    # A list, and no recursion, which ends after some hundred folders within one another.
    waiting = [os.fspath(folder)]
    while waiting:
        place = waiting.pop()
        try:
            status = os.stat(place)  # noqa: PTH116 (a string, as scandir takes)
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            files, below = _entries(place)
        except OSError as error:
            problem = AudioError(
                f"{_short(place)}: cannot be looked into ({error.strerror}): mend that, or leave "
                "it out"
            )
            if failed is None:
                raise problem from None
            failed(place, problem)
            continue
        waiting += [entry.path for entry in reversed(below) if _enter(entry, follow_links)]
        yield from (Path(entry.path) for entry in files)


def passed_over_line(counts: Mapping[str, int]) -> str:
    """Say how many files were passed over, and of which kinds, the most frequent first."""
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kinds = [f"{ending or 'without an ending'} {count}" for ending, count in ranked[:_SHOWN]]
    if rest := sum(count for _, count in ranked[_SHOWN:]):
        kinds.append(f"others {rest}")
    return f"passed over, as no recordings: {total} file{'s' * (total != 1)} ({', '.join(kinds)})"


def _entries(place: str) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
    """Return the files in a folder, and the folders, sorted by name."""
    files: list[os.DirEntry[str]] = []
    below: list[os.DirEntry[str]] = []
    with os.scandir(place) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            (below if entry.is_dir() else files).append(entry)
    return files, below


def _enter(entry: os.DirEntry[str], follow_links: bool) -> bool:
    return not entry.name.startswith(".") and (follow_links or not entry.is_symlink())


def _short(place: str) -> str:
    """Return a path that fits a message."""
    return place if len(place) <= 200 else f"{place[:100]} ... {place[-60:]}"
