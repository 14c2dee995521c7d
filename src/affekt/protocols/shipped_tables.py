"""The tables of speakers that ship with the package (see `data/README.md`)."""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources
from typing import Literal

CorpusSpeaker = tuple[str, str]


def lockbox_speakers() -> frozenset[CorpusSpeaker]:
    """Return the `(corpus, speaker)` pairs that no shipped model is trained or chosen on."""
    return frozenset((row["corpus"], row["speaker"]) for row in read_table("lockbox"))


def selection_speakers(use: Literal["select", "calibrate"]) -> frozenset[CorpusSpeaker]:
    """Return the `(corpus, speaker)` pairs kept for making choices, or for calibration."""
    return frozenset(
        (row["corpus"], row["speaker"]) for row in read_table("selection") if row["use"] == use
    )


@cache
def read_table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of `data/NAME.csv`; every value is text, speakers keep leading zeros."""
    text = resources.files(__package__).joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
