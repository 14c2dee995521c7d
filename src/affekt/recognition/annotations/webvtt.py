"""WebVTT (W3C): captions that a player shows beside the sound."""

from __future__ import annotations

import re

from affekt.recognition.annotations.marks import (
    NOT_SPEECH,
    Mark,
    audible,
    facts,
    recording_name,
    track_name,
)
from affekt.records import Timeline, Track


def to_webvtt(timeline: Timeline) -> str:
    """Return a cue for each segment of speech, the voice named in `<v>`, its class the label."""
    known = {"recording": recording_name(timeline)} | facts(timeline)
    notes = "\n".join(f"{name}: {_note(value)}" for name, value in known.items())
    cues = [
        (mark.start_ms, mark.end_ms, _cue(track, mark))
        for track in timeline.tracks
        for mark in audible(track, timeline)
    ]
    cues.sort(key=lambda cue: cue[:2])
    blocks = [f"{_time(start)} --> {_time(end)}\n{text}" for start, end, text in cues]
    return "\n\n".join(["WEBVTT", f"NOTE\nemotions by affekt\n{notes}", *blocks]) + "\n"


def _cue(track: Track, mark: Mark) -> str:
    text = _escaped(mark.text)
    style = re.sub(r"\W+", "-", mark.label)
    if track.name is None or mark.label == NOT_SPEECH:  # which is nobody's voice
        return f"<c.{style}>{text}</c>"
    return f"<v.{style} {_escaped(track_name(track))}>{text}</v>"


def _time(time_ms: int) -> str:
    seconds, ms = divmod(time_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{ms:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _note(text: str) -> str:
    return re.sub("-{2,}>", "->", text)  # an arrow would end the note
