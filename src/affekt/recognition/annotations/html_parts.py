"""Parts of the report that can be read without a script: facts, legend, summary, table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from affekt.recognition.annotations.marks import (
    SILENCE,
    UNCERTAIN,
    Mark,
    clock,
    facts,
    label_of,
    marks,
    milliseconds,
    others,
    percent,
    plain,
    track_name,
)
from affekt.recognition.annotations.palette import named
from affekt.records import Timeline, Track, TrackSummary

Places = Mapping[str, int]

_POINTS_SHOWN = 10


def facts_list(timeline: Timeline) -> str:
    """Return what was recognised, by what, and for what purpose."""
    channels = "1 channel" if timeline.channels == 1 else f"{timeline.channels} channels"
    known = {
        "length": clock(timeline.duration_s),
        "sound": f"{timeline.sampling_rate_hz} Hz, {channels}",
        **facts(timeline),
        "window": f"{timeline.window_s:g} s every {timeline.hop_s:g} s",
    }
    items = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>"
        for name, value in known.items()
    )
    return f'<dl class="facts">{items}</dl>'


def warnings_list(timeline: Timeline) -> str:
    """Return the warnings, or nothing."""
    if not timeline.warnings:
        return ""
    items = "".join(f"<li>{escape(plain(warning))}</li>" for warning in timeline.warnings)
    return f"<h2>What to know of this recording</h2>\n<ul>{items}</ul>"


def legend(timeline: Timeline, places: Places) -> str:
    """Return a sample of every label that occurs."""
    found = _labels_found(timeline) - {SILENCE}
    items = "".join(
        f"<li>{named(label, place)}</li>" for label, place in places.items() if label in found
    )
    return f'<ul class="legend" aria-label="Colours and patterns">{items}</ul>'


def summary(timeline: Timeline, places: Places) -> str:
    """Return the figures of each track."""
    return "\n".join(_track_summary(track, timeline, places) for track in timeline.tracks)


def filters(timeline: Timeline, places: Places) -> str:
    """Return what narrows the table down."""
    found = _labels_found(timeline)
    chosen = []
    if len(timeline.tracks) > 1:
        tracks = {track_name(track): number for number, track in enumerate(timeline.tracks)}
        chosen.append(_select("who", "Who", tracks))
    shown = {label: place for label, place in places.items() if label in found - {SILENCE}}
    chosen.append(_select("emotion", "Emotion", shown))
    if SILENCE in found:
        chosen.append(
            '<label class="check"><input type="checkbox" id="silence"> Show silence</label>'
        )
    return "\n".join(chosen)


def table(timeline: Timeline, places: Places) -> str:
    """Return the segments of all tracks in the order of time."""
    several = len(timeline.tracks) > 1
    columns = ["from", "to", "length", *(["who"] if several else []), "emotion", "confidence"]
    head = "".join(
        f'<th scope="col"{_kind(name)}><button type="button" data-column="{name}">{name}'
        '<span aria-hidden="true"></span></button></th>'
        for name in columns
    )
    rows = [
        (mark.start_ms, number, _row(mark, number, track, places, several=several))
        for number, track in enumerate(timeline.tracks)
        for mark in marks(track, timeline)
    ]
    body = "\n".join(row for _, _, row in sorted(rows))
    return (
        '<table id="segments"><caption>A time jumps there, a heading sorts.</caption>\n'
        f'<thead><tr>{head}<th scope="col" class="word">next probable</th></tr></thead>\n'
        f"<tbody>{body}</tbody></table>"
    )


def _row(mark: Mark, number: int, track: Track, places: Places, *, several: bool) -> str:
    confidence = mark.segment.confidence
    start_s, end_s = mark.start_ms / 1000, mark.end_ms / 1000
    label = mark.label
    if label == UNCERTAIN:
        label += f" ({plain(mark.segment.emotion or 'too short')})"
    who = f'<td class="word">{escape(track_name(track))}</td>' if several else ""
    return (
        f'<tr data-track="{number}" data-from="{mark.start_ms}" data-to="{mark.end_ms}" '
        f'data-kind="{places[mark.label]}" data-confidence="{confidence or 0.0:.4f}">'
        f"<td>{_jump(mark.start_ms, clock(start_s))}</td>"
        f'<td class="extra">{clock(end_s)}</td><td class="extra">{end_s - start_s:.1f} s</td>{who}'
        f'<td class="word">{named(label, places[mark.label])}</td>'
        f"<td>{'' if confidence is None else percent(confidence)}</td>"
        f'<td class="word faint">{escape(others(mark.segment))}</td></tr>'
    )


def _track_summary(track: Track, timeline: Timeline, places: Places) -> str:
    found = track.summary
    share = found.speech_s / timeline.duration_s if timeline.duration_s else 0.0
    note = "" if track.analysed else " Emotion was not inferred."
    blocks = [
        f"<p>Speaks for {clock(found.speech_s)} of {clock(timeline.duration_s)} "
        f"({percent(share)}).{note}</p>"
    ]
    if found.not_speech_s:
        blocks.append(
            f"<p>Sound that is not speech (music, noise, a tone): {clock(found.not_speech_s)}.</p>"
        )
    if found.shares:
        blocks.append(_shares(found, places))
    if track.analysed:
        blocks.append(f"<p>Longest negative stretch: {_negative(found)}.</p>")
        blocks.append(_turning_points(found))
    heading = "" if len(timeline.tracks) == 1 else f"<h3>{escape(track_name(track))}</h3>"
    return f'<section class="track-summary">{heading}{"".join(blocks)}</section>'


def _shares(found: TrackSummary, places: Places) -> str:
    ranked = sorted(found.shares.items(), key=lambda item: -item[1])
    left = 0.0
    bars, rows = [], []
    for label, share in ranked:
        place = places.get(label, places[UNCERTAIN])
        bars.append(
            f'<rect x="{left * 100:.3f}%" y="0" width="{share * 100:.3f}%" height="20" '
            f'fill="url(#p{place})"/>'
        )
        rows.append(
            f'<tr><th scope="row" class="word">{named(label, place)}</th>'
            f"<td>{percent(share)}</td><td>{clock(share * found.speech_s)}</td></tr>"
        )
        left += share
    return (
        f'<svg class="shares" height="20" aria-hidden="true">{"".join(bars)}</svg>'
        '<table><thead><tr><th scope="col" class="word">emotion</th>'
        '<th scope="col">share of speech</th><th scope="col">time</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _negative(found: TrackSummary) -> str:
    if found.longest_negative is None:
        return "none"
    start_s, end_s = found.longest_negative
    start = _jump(milliseconds(start_s), clock(start_s))
    return f"{start} to {clock(end_s)} ({end_s - start_s:.1f} s)"


def _turning_points(found: TrackSummary) -> str:
    items = [
        f"<li>{_jump(milliseconds(point.time_s), clock(point.time_s))} "
        f"from {escape(plain(point.before))} to {escape(plain(point.after))}</li>"
        for point in found.turning_points
    ]
    if not items:
        return "<p>Turning points: none.</p>"
    more = "".join(items[_POINTS_SHOWN:])
    if more:
        head = f"<summary>{len(items) - _POINTS_SHOWN} more</summary>"
        more = f"<details>{head}<ul>{more}</ul></details>"
    return f"<p>Turning points:</p><ul>{''.join(items[:_POINTS_SHOWN])}</ul>{more}"


def _jump(start_ms: int, text: str) -> str:
    return f'<button type="button" class="jump" data-from="{start_ms}">{text}</button>'


def _select(name: str, title: str, choices: Mapping[str, int]) -> str:
    options = '<option value="">all</option>' + "".join(
        f'<option value="{value}">{escape(text)}</option>' for text, value in choices.items()
    )
    return f'<label>{title} <select id="{name}">{options}</select></label>'


def _kind(column: str) -> str:
    if column in ("who", "emotion"):
        return ' class="word"'
    return ' class="extra"' if column in ("to", "length") else ""  # hidden on narrow screens


def _labels_found(timeline: Timeline) -> set[str]:
    return {label_of(segment, track) for track in timeline.tracks for segment in track.segments}
