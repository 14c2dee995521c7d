"""Finding the recordings that a table names, though it was written on another machine."""

from __future__ import annotations

import itertools
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from affekt.audio import walk
from affekt.corpora.files import RANK, is_audio
from affekt.errors import AudioError

# More files than this below a folder are not looked through for those that are missing.
_MOST_FILES = 500_000


def locate(written: Sequence[str], folders: Sequence[Path], *, where: str) -> list[Path]:
    r"""Return the file of each path of a table.

    A path leads from the first folder, else from the next ones. Of one that leads nowhere the
    file is found by its name, with as many folders before it as agree, where one alone fits; a
    warning says how many were found so. What is not found leads from the first folder.

    Args:
        written: paths as the table has them, absolute or not, with `/` or with `\`.
        folders: where paths lead from; the table's own is the first.
        where: what to call the table in the warning.
    """
    found = {name: _beside(name, folders) for name in dict.fromkeys(written)}
    absent = [name for name, path in found.items() if path is None]
    if absent:
        below = _Below(folders)
        by_name = {name: path for name in absent if (path := below.find(name)) is not None}
        if by_name:
            first = next(iter(by_name))
            warnings.warn(
                f"{where}: {_count(len(by_name))} nowhere here, and the recordings were found by "
                f"their names: {first} is {by_name[first]}",
                stacklevel=3,
            )
            found |= by_name
    return [found[name] or folders[0] / name for name in written]


def is_there(path: Path) -> bool:
    """Tell whether there is a file; one that may not be looked at is taken to be there."""
    try:
        return path.is_file()
    except PermissionError:
        return True
    except (OSError, ValueError):  # too long for the system, or with a NUL
        return False


def path_parts(written: str) -> tuple[str, ...]:
    """Return the folders and the name in a path of any system, without the root."""
    return tuple(part for part in PurePosixPath(written.replace("\\", "/")).parts if part != "/")


def without_ending(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return such parts with the name's ending left out."""
    return (*parts[:-1], PurePosixPath(parts[-1]).stem) if parts else parts


def _beside(name: str, folders: Iterable[Path]) -> Path | None:
    spellings = dict.fromkeys((name, name.replace("\\", "/")))
    places = (folder / spelling for spelling in spellings for folder in folders)
    return next(filter(is_there, places), None)


class _Below:
    """The recordings below some folders, by their names without endings."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        for folder in folders:
            try:
                files = itertools.islice(walk(folder, follow_links=True), _MOST_FILES)
                for path in filter(is_audio, files):
                    self._by_stem[path.stem].append(path)
            except AudioError:  # a folder that cannot be looked into
                continue

    def find(self, name: str) -> Path | None:
        parts = without_ending(path_parts(name))
        candidates = dict.fromkeys(self._by_stem.get(parts[-1], ())) if parts else {}
        if not candidates:
            return None
        agreed = {path: _agreed(parts, without_ending(path.parts)) for path in candidates}
        best = [path for path in candidates if agreed[path] == max(agreed.values())]
        if len({path.with_suffix("") for path in best}) > 1:
            return None
        ending = PurePosixPath(name).suffix.lower()
        return min(
            best, key=lambda path: (path.suffix.lower() != ending, RANK[path.suffix.lower()])
        )


def _agreed(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many parts agree, counted from the end."""
    pairs = zip(reversed(one), reversed(other), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _count(paths: int) -> str:
    return "1 path leads" if paths == 1 else f"{paths} paths lead"
