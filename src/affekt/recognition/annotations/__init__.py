"""Timelines for other programs: tables, annotation files, captions, and a report of a call."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

from affekt.errors import ConfigError, did_you_mean
from affekt.recognition.annotations.audacity import to_audacity
from affekt.recognition.annotations.elan import to_elan
from affekt.recognition.annotations.html import link_to, to_html, write_html
from affekt.recognition.annotations.label_studio import label_studio_config, to_label_studio
from affekt.recognition.annotations.marks import NOT_SPEECH, SILENCE, SPEECH, UNCERTAIN, label_of
from affekt.recognition.annotations.overview import Entry, overview_csv, overview_table
from affekt.recognition.annotations.palette import looks
from affekt.recognition.annotations.records import to_csv, to_json
from affekt.recognition.annotations.rttm import to_rttm
from affekt.recognition.annotations.terminal import write_table
from affekt.recognition.annotations.textgrid import to_textgrid
from affekt.recognition.annotations.webvtt import to_webvtt
from affekt.records import Timeline

__all__ = [
    "FORMATS",
    "NOT_SPEECH",
    "SILENCE",
    "SPEECH",
    "UNCERTAIN",
    "Entry",
    "Format",
    "annotate",
    "find_format",
    "label_of",
    "label_studio_config",
    "link_to",
    "looks",
    "overview_csv",
    "overview_table",
    "write_html",
    "write_table",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A way to write a timeline.

    Attributes:
        suffix: of its files.
        media_type: of its files, for the web.
        description: in a few words.
        text: the timeline in this format.
    """

    suffix: str
    media_type: str
    description: str
    text: Callable[[Timeline], str]


def _table(timeline: Timeline) -> str:
    out = io.StringIO()
    write_table(timeline, out)
    return out.getvalue()


FORMATS: dict[str, Format] = {
    "table": Format(suffix=".txt", media_type="text/plain", description="for people", text=_table),
    "json": Format(
        suffix=".json",
        media_type="application/json",
        description="everything, for programs",
        text=to_json,
    ),
    "csv": Format(suffix=".csv", media_type="text/csv", description="a row a segment", text=to_csv),
    "rttm": Format(
        suffix=".rttm", media_type="text/plain", description="diarisation tools", text=to_rttm
    ),
    "textgrid": Format(
        suffix=".TextGrid", media_type="text/plain", description="Praat", text=to_textgrid
    ),
    "audacity": Format(
        suffix=".labels.txt",
        media_type="text/plain",
        description="Audacity's label track",
        text=to_audacity,
    ),
    "webvtt": Format(
        suffix=".vtt", media_type="text/vtt", description="captions for players", text=to_webvtt
    ),
    "elan": Format(suffix=".eaf", media_type="text/xml", description="ELAN", text=to_elan),
    "labelstudio": Format(
        suffix=".labelstudio.json",
        media_type="application/json",
        description="Label Studio's import",
        text=to_label_studio,
    ),
    "html": Format(
        suffix=".html", media_type="text/html", description="a report to open", text=to_html
    ),
}


def find_format(name: str) -> Format:
    """Return a format by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in FORMATS:
        raise ConfigError(f"no format is called '{name}'{did_you_mean(name, FORMATS)}")
    return FORMATS[name]


def annotate(timeline: Timeline, name: str) -> str:
    """Write a timeline in one of `FORMATS`.

    Raises:
        ConfigError: there is no such format.
    """
    return find_format(name).text(timeline)
