"""EAF 3.0, the annotation file of ELAN (Max Planck Institute for Psycholinguistics)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from xml.etree import ElementTree as ET

from affekt.audio import media_type
from affekt.recognition.annotations.marks import (
    NOT_SPEECH,
    SPEECH,
    UNCERTAIN,
    audible,
    facts,
    plain,
    scored,
    track_name,
)
from affekt.records import Timeline, Track

_SCHEMA = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_VOCABULARY = "emotions"
_ENGLISH = "http://cdb.iso.org/lg/CDB-00138502-001"


def to_elan(timeline: Timeline) -> str:
    """Return a tier a track with a label for each stretch of speech; silence has none.

    Analysed tracks have a dependent tier `NAME confidence` with the most probable emotion and
    its probability. Labels come from a controlled vocabulary; model and purpose are properties.
    """
    ET.register_namespace("xsi", _XSI)
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "affekt",
            "DATE": now,
            "FORMAT": "3.0",
            "VERSION": "3.0",
            f"{{{_XSI}}}noNamespaceSchemaLocation": _SCHEMA,
        },
    )
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    _add_media(header, timeline)
    _Tiers(timeline).add_to(root, header)
    _add_types(root)
    _add_vocabulary(root, timeline)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


class _Tiers:
    """Numbers time slots and annotations through all tiers."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._slots: dict[int, str] = {}
        self._count = 0

    def add_to(self, root: ET.Element, header: ET.Element) -> None:
        order = ET.SubElement(root, "TIME_ORDER")
        tiers = [tier for track in self._timeline.tracks for tier in self._of(track)]
        for time_ms, slot in sorted(self._slots.items()):
            ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=slot, TIME_VALUE=str(time_ms))
        root.extend(tiers)
        properties = {f"affekt {name}": value for name, value in facts(self._timeline).items()}
        properties["lastUsedAnnotationId"] = str(self._count)
        for name, value in properties.items():
            ET.SubElement(header, "PROPERTY", NAME=name).text = value

    def _of(self, track: Track) -> list[ET.Element]:
        name = track_name(track)
        shared = {"ANNOTATOR": plain(self._timeline.model), "PARTICIPANT": name}
        labels = ET.Element("TIER", {**shared, "LINGUISTIC_TYPE_REF": "emotion", "TIER_ID": name})
        scores = ET.Element(
            "TIER",
            {
                **shared,
                "LINGUISTIC_TYPE_REF": "confidence",
                "PARENT_REF": name,
                "TIER_ID": f"{name} confidence",
            },
        )
        for mark in audible(track, self._timeline):
            label = self._annotation(
                labels,
                "ALIGNABLE_ANNOTATION",
                mark.label,
                TIME_SLOT_REF1=self._slot(mark.start_ms),
                TIME_SLOT_REF2=self._slot(mark.end_ms),
            )
            if score := scored(mark.segment):
                self._annotation(scores, "REF_ANNOTATION", score, ANNOTATION_REF=label)
        return [labels, scores] if track.analysed else [labels]

    def _slot(self, time_ms: int) -> str:
        return self._slots.setdefault(time_ms, f"ts{len(self._slots) + 1}")

    def _annotation(self, tier: ET.Element, kind: str, text: str, **references: str) -> str:
        self._count += 1
        annotation_id = f"a{self._count}"
        holder = ET.SubElement(tier, "ANNOTATION")
        element = ET.SubElement(holder, kind, {"ANNOTATION_ID": annotation_id, **references})
        ET.SubElement(element, "ANNOTATION_VALUE").text = text
        return annotation_id


def _add_media(header: ET.Element, timeline: Timeline) -> None:
    if timeline.path in (None, "-"):
        return
    path = Path(timeline.path or "").absolute()
    ET.SubElement(
        header,
        "MEDIA_DESCRIPTOR",
        MEDIA_URL=path.as_uri(),
        RELATIVE_MEDIA_URL=f"./{plain(path.name)}",
        MIME_TYPE={"audio/wav": "audio/x-wav"}.get(media_type(path.name), media_type(path.name)),
    )


def _add_types(root: ET.Element) -> None:
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        CONTROLLED_VOCABULARY_REF=_VOCABULARY,
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID="emotion",
        TIME_ALIGNABLE="true",
    )
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        CONSTRAINTS="Symbolic_Association",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID="confidence",
        TIME_ALIGNABLE="false",
    )


def _add_vocabulary(root: ET.Element, timeline: Timeline) -> None:
    ET.SubElement(root, "LANGUAGE", LANG_DEF=_ENGLISH, LANG_ID="eng", LANG_LABEL="English (eng)")
    ET.SubElement(
        root,
        "CONSTRAINT",
        DESCRIPTION="1-1 association with a parent annotation",
        STEREOTYPE="Symbolic_Association",
    )
    vocabulary = ET.SubElement(root, "CONTROLLED_VOCABULARY", CV_ID=_VOCABULARY)
    ET.SubElement(vocabulary, "DESCRIPTION", LANG_REF="eng").text = plain(timeline.model)
    for number, label in enumerate((*timeline.labels, UNCERTAIN, SPEECH, NOT_SPEECH)):
        entry = ET.SubElement(vocabulary, "CV_ENTRY_ML", CVE_ID=f"cve{number}")
        ET.SubElement(entry, "CVE_VALUE", DESCRIPTION="", LANG_REF="eng").text = plain(label)
