"""The report of a call: one page that opens from disk and needs nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import quote

from affekt._version import __version__
from affekt.audio import media_type
from affekt.errors import ConfigError
from affekt.files import read_bytes
from affekt.parallel import Workers
from affekt.recognition.annotations.marks import (
    SILENCE,
    UNCERTAIN,
    clock,
    facts,
    label_of,
    marks,
    milliseconds,
    others,
    percent,
    plain,
    recording_name,
    track_name,
)
from affekt.recognition.annotations.palette import TILE, looks
from affekt.recognition.annotations.sounds import outline
from affekt.recognition.notices import NO_LEGAL_ADVICE, NOTICE_RECOGNISER, NOTICE_WORKPLACE
from affekt.records import Timeline, TrackSummary
from affekt.report import render, stylesheet

# Browsers refuse longer strings than half a gigabyte, and base64 adds a third.
MAX_EMBEDDED_BYTES = 250 * 2**20
_CHUNK_BYTES = 3 * 2**18  # of three, so that the pieces of base64 can be joined
_SOUND = "<!-- sound -->"
_POINTS_SHOWN = 10


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
    found = {label_of(segment, track) for track in timeline.tracks for segment in track.segments}
    several = len(timeline.tracks) > 1
    channels = "1 channel" if timeline.channels == 1 else f"{timeline.channels} channels"
    rows = [
        (mark.start_ms, number, mark)
        for number, track in enumerate(timeline.tracks)
        for mark in marks(track, timeline)
    ]
    return render(
        __package__,
        "report.html",
        timeline=timeline,
        title=f"Emotions in {recording_name(timeline)}",
        facts=[
            ("length", clock(timeline.duration_s)),
            ("sound", f"{timeline.sampling_rate_hz} Hz, {channels}"),
            *facts(timeline).items(),
            ("window", f"{timeline.window_s:g} s every {timeline.hop_s:g} s"),
        ],
        style=stylesheet() + _template("report.css"),
        script=_template("report.js"),
        notice=NOTICE_RECOGNISER,
        about=f"{NOTICE_WORKPLACE} {NO_LEGAL_ADVICE}",
        maker=f"affekt {__version__}, model {timeline.model}",
        link=link or "",
        data=_safe(json.dumps(_data(timeline, peaks, places), separators=(",", ":"))),
        sound=_SOUND,
        looks=list(known.values()),
        tile=TILE,
        places=places,
        found=found,
        silence=SILENCE,
        uncertain=UNCERTAIN,
        several=several,
        track_places=[(track_name(track), number) for number, track in enumerate(timeline.tracks)],
        emotion_places=[
            (label, place) for label, place in places.items() if label in found and label != SILENCE
        ],
        columns=["from", "to", "length", *(["who"] if several else []), "emotion", "confidence"],
        rows=[(number, mark) for _, number, mark in sorted(rows, key=lambda row: row[:2])],
        points_shown=_POINTS_SHOWN,
        ranked_shares=_ranked_shares,
        digest=_digest,
        milliseconds=milliseconds,
        clock=clock,
        percent=percent,
        plain=plain,
        others=others,
        track_name=track_name,
    )


def _ranked_shares(found: TrackSummary) -> list[tuple[str, float, float]]:
    """Labels, the largest share first, with where its bar begins (0 to 1) and the share."""
    ranked = sorted(found.shares.items(), key=lambda item: -item[1])
    ends = itertools.accumulate((share for _, share in ranked), initial=0.0)
    return [(label, left, share) for (label, share), left in zip(ranked, ends, strict=False)]


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
        try:
            if path.stat().st_size > MAX_EMBEDDED_BYTES:
                raise _too_large(path.name, path.stat().st_size)
            return read_bytes(path)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be embedded: {error.strerror}") from error
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
