"""RTTM, the Rich Transcription Time Marked format of NIST (RT-09 evaluation plan, appendix A)."""

from __future__ import annotations

import re
from pathlib import PurePath

from affekt.recognition.annotations.marks import (
    NOT_SPEECH,
    Mark,
    audible,
    facts,
    recording_name,
    seconds,
    track_name,
)
from affekt.records import Timeline, Track

_NONE = "<NA>"


def to_rttm(timeline: Timeline) -> str:
    """Return a SPEAKER line for each segment of speech; silence has no line.

    Sound that is not speech has a line of the type NON-SPEECH, which tools pass over.

    The name is what tools count by: `customer:angry`, `agent:speech`, or `angry` where voices
    have no names. A SPKR-INFO line a track holds model and purpose: comments make readers fail.
    """
    file_id = _word(PurePath(recording_name(timeline)).stem)
    lines: list[tuple[str, ...]] = []
    for track in timeline.tracks:
        channel = str(1 if track.index is None else track.index + 1)
        note = ",".join(f"{_word(k)}={_word(v)}" for k, v in facts(timeline).items())
        name = _word(track_name(track))
        head = ("SPKR-INFO", file_id, channel, _NONE, _NONE, note, "unknown", name, _NONE, _NONE)
        lines.append(head)
        lines += [_line(file_id, channel, track, mark) for mark in audible(track, timeline)]
    return "".join(" ".join(line) + "\n" for line in lines)


def _line(file_id: str, channel: str, track: Track, mark: Mark) -> tuple[str, ...]:
    place = (seconds(mark.start_ms), seconds(mark.end_ms - mark.start_ms))
    if mark.label == NOT_SPEECH:
        return ("NON-SPEECH", file_id, channel, *place, _NONE, "other", _NONE, _NONE, _NONE)
    confidence = mark.segment.confidence
    name = mark.label if track.name is None else f"{track_name(track)}:{mark.label}"
    return (
        *("SPEAKER", file_id, channel),
        *place,
        *(_NONE, _NONE, _word(name)),
        *(_NONE if confidence is None else f"{confidence:.3f}", _NONE),
    )


def _word(text: str) -> str:
    """Fields are separated by spaces, so that no field may hold one."""
    return re.sub(r"\s+", "_", text.strip()) or _NONE
