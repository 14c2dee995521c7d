"""The label track of Audacity: one line a label, times and text between tabs."""

from __future__ import annotations

from affekt.recognition.annotations.marks import audible, prefix, seconds, stamp
from affekt.records import Timeline


def to_audacity(timeline: Timeline) -> str:
    """Return labels in the order of time, such as "customer: angry 87 %"; silence has none.

    The format has no comments: where a purpose was given, a label at 0 states it.
    """
    found = [
        (mark.start_ms, mark.end_ms, prefix(track) + mark.text)
        for track in timeline.tracks
        for mark in audible(track, timeline)
    ]
    found.sort(key=lambda label: label[:2])
    if timeline.purpose is not None:
        found.insert(0, (0, 0, stamp(timeline)))
    return "".join(f"{seconds(start)}\t{seconds(end)}\t{text}\n" for start, end, text in found)
