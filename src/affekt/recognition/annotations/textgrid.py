"""TextGrid, the annotation file of Praat (long text format)."""

from __future__ import annotations

from collections.abc import Iterator

from affekt.recognition.annotations.marks import (
    marks,
    milliseconds,
    scored,
    seconds,
    stamp,
    track_name,
)
from affekt.records import Timeline

Tier = tuple[str, list[tuple[int, int, str]]]


def to_textgrid(timeline: Timeline) -> str:
    """Return interval tiers without gaps or overlaps: two for an analysed track, one for others.

    The first, called after the track, holds the emotion, "uncertain", "speech" or "silence"; the
    second, `NAME confidence`, the most probable emotion and its probability. Praat's text files
    have no comments: where a purpose was given, a last tier `about` states it.
    """
    end = seconds(milliseconds(timeline.duration_s))
    tiers = list(_tiers(timeline))
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {end}",
        "tiers? <exists>",
        f"size = {len(tiers)}",
        "item []:",
    ]
    for number, (name, intervals) in enumerate(tiers, 1):
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f"        name = {_quoted(name)}",
            "        xmin = 0",
            f"        xmax = {end}",
            f"        intervals: size = {len(intervals)}",
        ]
        for place, (start_ms, end_ms, text) in enumerate(intervals, 1):
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {seconds(start_ms)}",
                f"            xmax = {seconds(end_ms)}",
                f"            text = {_quoted(text)}",
            ]
    return "\n".join(lines) + "\n"


def _tiers(timeline: Timeline) -> Iterator[Tier]:
    for track in timeline.tracks:
        found = list(marks(track, timeline))
        yield track_name(track), [(m.start_ms, m.end_ms, m.label) for m in found]
        if track.analysed:
            scores = [(m.start_ms, m.end_ms, scored(m.segment)) for m in found]
            yield f"{track_name(track)} confidence", scores
    if timeline.purpose is not None:
        yield "about", [(0, milliseconds(timeline.duration_s), stamp(timeline))]


def _quoted(text: str) -> str:
    doubled = text.replace('"', '""')
    return f'"{doubled}"'
