"""How long a recording is: as its header says, and as it can be read."""

from __future__ import annotations

from pathlib import Path

import soundfile

from affekt.audio.blocks import decode_blocks
from affekt.audio.stderr import mpg123_silenced
from affekt.errors import AffektError


def announced_s(path: str | Path) -> float | None:
    """Return the length that a file's header announces; None where it cannot be known cheaply."""
    try:
        with mpg123_silenced():
            length_s = float(soundfile.info(path).duration)
    except (soundfile.SoundFileError, OSError, TypeError):
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
