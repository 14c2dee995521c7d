"""Figures, intervals and speakers as every report words them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from affekt.metrics import Interval


def percent(share: float | None) -> str:
    """Return a share in percent with one decimal, "-" where there is none."""
    return figure(None if share is None else 100.0 * share)


def figure(value: float | None) -> str:
    """Return a number with one decimal, "-" where there is none."""
    return "-" if value is None or math.isnan(value) else f"{value:.1f}"


def ends(interval: Interval | None, speakers: int, *, known: bool = True) -> str:
    """Return both ends of an interval in percent, or why there is none.

    Args:
        interval: over speakers.
        speakers: how many spoke.
        known: somebody said who speaks.
    """
    if interval is None:
        return f"{why_no_interval(speakers, known=known)}, no interval"
    return f"{percent(interval.low)} to {percent(interval.high)}"


def interval_of(interval: Interval | None, speakers: int, *, known: bool) -> str:
    """Return both ends in percent, in few words; see `ends`."""
    if interval is None:
        return why_no_interval(speakers, known=known)
    return ends(interval, speakers)


def why_no_interval(speakers: int, *, known: bool = True) -> str:
    """Return why a figure has no interval: nobody to draw, or nobody who differs."""
    if not known:
        return "speakers unknown"
    return "1 speaker" if speakers < 2 else "all draws agree"


def spoken(clips: int, speakers: int, *, known: bool = True) -> str:
    """Say how many clips there are, and of how many people if that is known."""
    if not known:
        return f"{clips} clips, speakers unknown"
    return f"{clips} clips of {speakers} speaker{'' if speakers == 1 else 's'}"


def speaker_count(speakers: int, *, known: bool = True) -> str:
    """Return a number of speakers."""
    return str(speakers) if known else "unknown"


def listed_speakers(pairs: Iterable[tuple[str, str]], *, most: int = 20) -> str:
    """Name speakers corpus by corpus; of many, only how many they are."""
    speakers: dict[str, list[str]] = {}
    for corpus, speaker in pairs:
        speakers.setdefault(corpus, []).append(speaker)
    return "; ".join(
        f"{corpus} {', '.join(names) if len(names) <= most else f'{len(names)} speakers'}"
        for corpus, names in speakers.items()
    )
