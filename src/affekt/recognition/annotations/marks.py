"""What all formats share: the words for a segment, the name of a track, times in milliseconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

from affekt.records import Segment, Timeline, Track

UNCERTAIN = "uncertain"
SPEECH = "speech"  # of a track that is not analysed
SILENCE = "silence"
NOT_SPEECH = "not speech"  # music, noise, a ring tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A segment in whole milliseconds; those of a track leave no gap and never overlap."""

    start_ms: int
    end_ms: int
    segment: Segment
    label: str  # what tools count by
    text: str  # what people read


def label_of(segment: Segment, track: Track) -> str:
    """Return the emotion, or "uncertain", "speech", "not speech" or "silence".

    Speech too short to say anything of is uncertain, as in the summary.
    """
    if not segment.speech:
        return NOT_SPEECH if segment.out_of_domain else SILENCE
    if not track.analysed:
        return SPEECH
    return UNCERTAIN if segment.emotion is None or segment.uncertain else plain(segment.emotion)


def spelled_out(segment: Segment, track: Track) -> str:
    """Return what people read: "angry 87 %", "uncertain (angry 42 %)", "speech" and so on."""
    label = label_of(segment, track)
    if segment.emotion is None or segment.confidence is None:
        return f"{label} (too short)" if label == UNCERTAIN else label
    guess = f"{plain(segment.emotion)} {percent(segment.confidence)}"
    return f"{label} ({guess})" if label == UNCERTAIN else guess


def others(segment: Segment, most: int = 2) -> str:
    """Return the most probable emotions beside the answer: "sad 9 %, neutral 3 %"."""
    rest = [item for item in segment.predictions if item.label != segment.emotion]
    return ", ".join(f"{plain(item.label)} {percent(item.score)}" for item in rest[:most])


def percent(share: float) -> str:
    """Write a share (0 to 1) in whole per cent."""
    return f"{share * 100:.0f} %"


def scored(segment: Segment) -> str:
    """Return what programs read beside the label: "angry 0.873"; "" without an emotion."""
    if segment.emotion is None or segment.confidence is None:
        return ""
    return f"{plain(segment.emotion)} {segment.confidence:.3f}"


def marks(track: Track, timeline: Timeline) -> Iterator[Mark]:
    """Yield the segments of a track from 0 to the end; what rounding makes empty is left out."""
    last_ms = milliseconds(timeline.duration_s)
    start_ms = 0
    for place, segment in enumerate(track.segments, 1):
        end_ms = last_ms
        if place < len(track.segments):
            end_ms = min(last_ms, milliseconds(segment.end_s))
        if end_ms > start_ms:
            yield Mark(
                start_ms=start_ms,
                end_ms=end_ms,
                segment=segment,
                label=label_of(segment, track),
                text=spelled_out(segment, track),
            )
            start_ms = end_ms


def audible(track: Track, timeline: Timeline) -> Iterator[Mark]:
    """Yield the marks that are not silent."""
    return (mark for mark in marks(track, timeline) if mark.label != SILENCE)


def milliseconds(time_s: float) -> int:
    """Return a time in whole milliseconds."""
    return round(time_s * 1000)


def seconds(time_ms: int) -> str:
    """Write milliseconds as seconds with three decimals."""
    return f"{time_ms // 1000}.{time_ms % 1000:03d}"


def clock(time_s: float) -> str:
    """Write a time for people: 2:03.4, or 1:02:03.4 from an hour on."""
    tenths = round(time_s * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{rest // 10:02d}.{rest % 10}"


def track_name(track: Track) -> str:
    """Say whose voice it is: the given name, else "channel 0", else "recording"."""
    if track.name is not None:
        return plain(track.name)
    return "recording" if track.index is None else f"channel {track.index}"


def prefix(track: Track) -> str:
    """Return "customer: " where voices have names, else ""."""
    return f"{track_name(track)}: " if track.name is not None else ""


def recording_name(timeline: Timeline) -> str:
    """Return the file's name without its folders."""
    if timeline.path in (None, "-"):
        return "recording"
    return plain(os.path.basename(timeline.path or "")) or "recording"  # noqa: PTH119 - may be no path here


def facts(timeline: Timeline) -> dict[str, str]:
    """Return what must travel with the answer: the model, and the purpose where one was given."""
    known = {"model": plain(timeline.model)}
    if timeline.purpose is not None:
        known["purpose"] = plain(timeline.purpose)
    return known


def stamp(timeline: Timeline) -> str:
    """Return the facts in a line: "emotions by affekt; model: default 1.1; purpose: research"."""
    words = [f"{name}: {value}" for name, value in facts(timeline).items()]
    return "; ".join(["emotions by affekt", *words])


def plain(text: str) -> str:
    """Put a space in the place of line ends, tabs and whatever else cannot be printed."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
