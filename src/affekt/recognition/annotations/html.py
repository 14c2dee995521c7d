"""The report of a call: one page that opens from disk and needs nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import string
from html import escape
from importlib import resources
from pathlib import Path, PurePath
from typing import Any, TextIO
from urllib.parse import quote

from affekt import __version__
from affekt.errors import ConfigError
from affekt.recognition.annotations import html_parts as parts
from affekt.recognition.annotations.marks import marks, recording_name, track_name
from affekt.recognition.annotations.palette import looks, patterns
from affekt.recognition.annotations.sounds import media_type, outline
from affekt.recognition.notices import NO_LEGAL_ADVICE, NOTICE_RECOGNISER, NOTICE_WORKPLACE
from affekt.records import Timeline
from affekt.threads import Workers

# Browsers refuse longer strings than half a gigabyte, and base64 adds a third.
MAX_EMBEDDED_BYTES = 250 * 2**20
_CHUNK_BYTES = 3 * 2**18  # of three, so that the pieces of base64 can be joined
_SOUND = "<!-- sound -->"


def write_html(
    timeline: Timeline,
    out: TextIO,
    *,
    recording: str | Path | bytes | None = None,
    embed_audio: bool = False,
    link: str | None = None,
) -> None:
    """Write the report.

    Args:
        timeline: what it tells of.
        out: where the page goes.
        recording: for the waveform; a path or bytes, read once a track. None leaves it out.
        embed_audio: the page holds the recording itself.
        link: address of the recording where it is not embedded, relative to the page or absolute.

    Raises:
        ConfigError: there is no recording to embed, or it is too large for that.
        AudioError: the recording cannot be read.
    """
    sound = _sound_bytes(recording) if embed_audio else None
    with Workers(len(timeline.tracks)) as pool:  # decoding leaves the lock
        peaks = list(pool.map(lambda track: _peaks(recording, track.index), timeline.tracks))
    address = None if embed_audio else link
    head, tail = _page(timeline, peaks, link=address).split(_SOUND)
    out.write(head)
    if sound is not None:
        kind = media_type(recording_name(timeline)) if timeline.path else "application/octet-stream"
        out.write(f'<script type="text/plain" id="sound" data-type="{kind}">')
        for start in range(0, len(sound), _CHUNK_BYTES):
            out.write(base64.b64encode(sound[start : start + _CHUNK_BYTES]).decode("ascii"))
        out.write("</script>")
    out.write(tail)


def to_html(timeline: Timeline) -> str:
    """Return the report without waveform; a recording can be chosen in the page."""
    return _page(timeline, [None] * len(timeline.tracks), link=None).replace(_SOUND, "")


def link_to(recording: str | os.PathLike[str], page: str | os.PathLike[str] | None) -> str:
    """Return the address of a recording as seen from a page.

    Relative where the recording lies beside the page or below, so that both can be moved
    together; absolute otherwise, and where the page goes to standard output.
    """
    path = Path(recording).absolute()
    folder = None if page is None else Path(page).absolute().parent
    if folder is not None and path.is_relative_to(folder):
        return quote(path.relative_to(folder).as_posix())
    return path.as_uri()


def _page(timeline: Timeline, peaks: list[list[int] | None], *, link: str | None) -> str:
    known = looks(timeline.labels)
    places = {label: place for place, label in enumerate(known)}
    style, script, template = (_template(f"report.{kind}") for kind in ("css", "js", "html"))
    name = recording_name(timeline)
    return string.Template(template).substitute(
        title=escape(f"Emotions in {name}"),
        policy=(
            f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; "
            "media-src 'self' blob: file:; base-uri 'none'; form-action 'none'"
        ),
        style=style,
        script=script,
        patterns=patterns(known),
        facts=parts.facts_list(timeline),
        notice=escape(NOTICE_RECOGNISER),
        warnings=parts.warnings_list(timeline),
        legend=parts.legend(timeline, places),
        summary=parts.summary(timeline, places),
        filters=parts.filters(timeline, places),
        table=parts.table(timeline, places),
        link=escape(link or ""),
        about=escape(f"{NOTICE_WORKPLACE} {NO_LEGAL_ADVICE}"),
        maker=escape(f"affekt {__version__}, model {timeline.model}"),
        data=_safe(json.dumps(_data(timeline, peaks, places), separators=(",", ":"))),
        sound=_SOUND,
    )


def _data(
    timeline: Timeline, peaks: list[list[int] | None], places: dict[str, int]
) -> dict[str, Any]:
    """What the script draws from; segments are `[start_ms, end_ms, place of the label, text]`."""
    known = looks(timeline.labels)
    return {
        "duration_s": round(timeline.duration_s, 3),
        "looks": [
            {"label": label, "fill": look.fill, "ink": look.ink} for label, look in known.items()
        ],
        "tracks": [
            {
                "name": "" if track.name is None else track_name(track),
                "peaks": outline_of_track,
                "segments": [
                    [mark.start_ms, mark.end_ms, places[mark.label], mark.text]
                    for mark in marks(track, timeline)
                ],
            }
            for track, outline_of_track in zip(timeline.tracks, peaks, strict=True)
        ],
    }


def _peaks(recording: str | Path | bytes | None, channel: int | None) -> list[int] | None:
    """Return the outline in whole per cent of full scale."""
    if recording is None:
        return None
    return [min(100, round(100 * float(peak))) for peak in outline(recording, channel=channel)]


def _sound_bytes(recording: str | Path | bytes | None) -> bytes:
    if isinstance(recording, bytes):
        sound = recording
    elif recording is not None:
        path = Path(recording)
        if path.stat().st_size > MAX_EMBEDDED_BYTES:
            raise _too_large(PurePath(recording).name, path.stat().st_size)
        return path.read_bytes()
    else:
        raise ConfigError("there is no recording to embed: give its path or its bytes")
    if len(sound) > MAX_EMBEDDED_BYTES:
        raise _too_large("the recording", len(sound))
    return sound


def _too_large(name: str, size: int) -> ConfigError:
    return ConfigError(
        f"{name}: {size / 2**20:.0f} MB are too much to embed (at most "
        f"{MAX_EMBEDDED_BYTES / 2**20:.0f} MB): convert it to MP3, or leave it beside the report"
    )


def _template(name: str) -> str:
    found = resources.files(__package__).joinpath("templates", name)
    return found.read_text(encoding="utf-8")


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def _safe(document: str) -> str:
    """Keep names such as `</script>` from ending the element that holds the document."""
    return document.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
