"""How long a recording is: as its header says, and as it can be read."""

from __future__ import annotations

import contextlib
from pathlib import Path

import soundfile

from affekt.audio.blocks import decode_blocks
from affekt.audio.source import open_source
from affekt.audio.stderr import mpg123_silenced
from affekt.errors import AffektError


def announced_s(path: str | Path) -> float | None:
    """Return the length that a file's header announces; None where it cannot be known cheaply.

    A pipe is not read: what went by could not be read again.
    """
    try:
        if not Path(path).is_file():
            return None
        with contextlib.closing(open_source(path)) as stream, mpg123_silenced():
            length_s = float(soundfile.info(stream).duration)
    except (AffektError, soundfile.SoundFileError, OSError, TypeError, ValueError):
        return None
    return length_s if 0.0 < length_s < 1e6 else None


def read_s(path: str | Path) -> float | None:
    """Read a recording to its end, and return how long it is; None where it cannot be read."""
    try:
        with decode_blocks(path) as reader:
            for _ in reader:
                pass
    except AffektError:
        return None
    return reader.duration_s
