"""Label Studio: pre-annotations to import, and the labelling configuration they belong to."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

from affekt.recognition.annotations.marks import (
    NOT_SPEECH,
    SPEECH,
    UNCERTAIN,
    audible,
    facts,
    track_name,
)
from affekt.records import Timeline, Track

_CONTROL = "emotion"
_OBJECT = "audio"


def to_label_studio(timeline: Timeline) -> str:
    """Return one task with one prediction, in the form that Label Studio imports.

    Times are in seconds, channels counted from 0; each region carries its confidence as `score`.
    `data.audio` is the path as it was given: it must become an address that the server can open.
    """
    regions = [region for track in timeline.tracks for region in _regions(track, timeline)]
    known = facts(timeline)
    task = {
        "data": {_OBJECT: timeline.path, **known},
        "predictions": [{"model_version": known["model"], "result": regions}],
    }
    return json.dumps([task], indent=1) + "\n"


def label_studio_config(timeline: Timeline) -> str:
    """Return the labelling configuration (XML) of a project that takes these tasks."""
    view = ET.Element("View")
    labels = ET.SubElement(view, "Labels", name=_CONTROL, toName=_OBJECT)
    for label in (*timeline.labels, UNCERTAIN, SPEECH, NOT_SPEECH):
        ET.SubElement(labels, "Label", value=label)
    ET.SubElement(view, "Audio", name=_OBJECT, value=f"${_OBJECT}", splitchannels="true")
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def _regions(track: Track, timeline: Timeline) -> list[dict[str, Any]]:
    channel = track.index or 0
    regions = []
    for number, mark in enumerate(audible(track, timeline)):
        region: dict[str, Any] = {
            "id": f"c{channel}-{number}",
            "from_name": _CONTROL,
            "to_name": _OBJECT,
            "type": "labels",
            "original_length": round(timeline.duration_s, 3),
            "value": {
                "start": mark.start_ms / 1000,
                "end": mark.end_ms / 1000,
                "channel": channel,
                "labels": [mark.label],
            },
            "meta": {"text": [track_name(track)]},
        }
        if mark.segment.confidence is not None:
            region["score"] = round(mark.segment.confidence, 6)
        regions.append(region)
    return regions
