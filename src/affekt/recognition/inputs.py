"""What a person names on the command line: files, folders, standard input."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from affekt.audio.folders import walk
from affekt.errors import AudioError
from affekt.recognition.recognizer import Failure

# What is looked for in folders; a file that is named itself may be called anything.
SUFFIXES = frozenset(
    {".wav", ".flac", ".mp3", ".ogg", ".oga", ".opus", ".aif", ".aiff", ".aifc", ".au", ".caf"}
    | {".m4a", ".mp4", ".aac", ".3gp", ".amr", ".webm"}
)


def recordings(inputs: Iterable[str]) -> tuple[list[str], list[Failure]]:
    """Put the recordings of a folder, and of those in it, in the folder's place, sorted.

    Hidden files and folders are passed over, and links to folders are not followed.

    Returns:
        Paths, "-" and missing files as they were given; and the folders without recordings, or
        that cannot be looked into.
    """
    paths: list[str] = []
    failures: list[Failure] = []
    for item in inputs:
        # A name that the system refuses (too long, say) is a missing file here and no error.
        found = list(_walk(item, failures)) if os.path.isdir(item) else [item]  # noqa: PTH112
        paths += found
        if not found:
            suffixes = ", ".join(sorted(SUFFIXES))
            message = f"{item}: no recordings in this folder (looked for {suffixes})"
            failures.append(Failure(path=item, error=AudioError(message)))
    return paths, failures


def _walk(folder: str, failures: list[Failure]) -> Iterator[str]:
    def failed(place: str, error: AudioError) -> None:
        failures.append(Failure(path=place, error=error))

    for path in walk(folder, follow_links=False, failed=failed):
        if not path.name.startswith(".") and path.suffix.lower() in SUFFIXES:
            yield str(path)
