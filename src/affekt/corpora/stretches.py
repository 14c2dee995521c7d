"""Stretches that end beyond their recordings."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from affekt.audio import announced_s, read_s
from affekt.records import Utterance

# Ends are written with few digits.
_TOLERANCE_S = 0.05


def within_recordings(utterances: Sequence[Utterance], *, where: str) -> list[Utterance]:
    """Return the utterances, with stretches cut at the end of their recordings.

    One warning says how many were. A header alone convicts no stretch: a recording that is too
    short by its header is read.

    Args:
        utterances: any, stretches of recordings among them.
        where: what to call their source in the warning.
    """
    announced, read = cache(announced_s), cache(read_s)

    def length_s(path: Path, end_s: float) -> float | None:
        length = announced(path)
        return length if length is not None and end_s <= length + _TOLERANCE_S else read(path)

    found: list[Utterance] = []
    cut: list[str] = []
    for item in utterances:
        length = None if item.end_s is None else length_s(item.path, item.end_s)
        if item.end_s is None or length is None or item.end_s <= length + _TOLERANCE_S:
            found.append(item)
            continue
        cut.append(f"{item.path}, to {item.end_s:g} s of {length:.2f} s")
        beyond = (item.start_s or 0.0) >= length  # reading it raises an error that says so
        found.append(item if beyond else dataclasses.replace(item, end_s=length))
    if cut:
        some = "1 stretch ends" if len(cut) == 1 else f"{len(cut)} stretches end"
        warnings.warn(
            f"{where}: {some} beyond the recording (the first: {cut[0]}): what was read counts",
            stacklevel=3,
        )
    return found
