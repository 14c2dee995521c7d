"""What a person names on the command line: files, folders, standard input."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from affekt.audio import is_recording, walk
from affekt.errors import AudioError
from affekt.recognition.options import Failure


class Found(NamedTuple):
    """What was found where a person pointed.

    Attributes:
        paths: recordings, "-" and missing files as they were given.
        failures: folders without recordings, or that cannot be looked into.
        passed_over: files in folders that are no recordings, by their ending; "" is none.
    """

    paths: list[str]
    failures: list[Failure]
    passed_over: Mapping[str, int]


def recordings(inputs: Iterable[str]) -> Found:
    """Put the recordings of a folder, and of those in it, in the folder's place, sorted.

    A recording is known by its name, else by its first bytes. Hidden files and folders are passed
    over, and links to folders are not followed.
    """
    paths: list[str] = []
    failures: list[Failure] = []
    passed_over: Counter[str] = Counter()
    for item in inputs:
        # A name that the system refuses (too long, say) is a missing file here and no error.
        if not os.path.isdir(item):  # noqa: PTH112
            paths.append(item)
            continue
        found = _in_folder(item, failures, passed_over)
        paths += found
        if not found:
            message = f"{item}: no recordings in this folder: name one with recordings"
            failures.append(Failure(path=item, error=AudioError(message)))
    return Found(paths, failures, passed_over)


def _in_folder(folder: str, failures: list[Failure], passed_over: Counter[str]) -> list[str]:
    def failed(place: str, error: AudioError) -> None:
        failures.append(Failure(path=place, error=error))

    found: list[str] = []
    for path in walk(folder, follow_links=False, failed=failed):
        if path.name.startswith("."):
            continue
        if is_recording(path):
            found.append(str(path))
        else:
            passed_over[Path(path.name).suffix.lower()] += 1
    return found
