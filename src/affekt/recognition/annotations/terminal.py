"""A timeline as a table on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from affekt.recognition.annotations.marks import (
    NOT_SPEECH,
    SILENCE,
    UNCERTAIN,
    clock,
    label_of,
    others,
    percent,
    recording_name,
    spelled_out,
    track_name,
)
from affekt.records import Timeline, Track
from affekt.terminal import open_console, plain_table, print_table

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_STYLES = {SILENCE: "dim", NOT_SPEECH: "dim", UNCERTAIN: "yellow"}


def write_table(timeline: Timeline, out: TextIO) -> None:
    """Write the segments of each track and its summary, as wide as the terminal allows."""
    from rich.text import Text

    console = open_console(out)
    heading = Text(recording_name(timeline), style="bold")
    heading.append(f"  {clock(timeline.duration_s)}, model {timeline.model}", style="dim")
    if timeline.purpose is not None:
        heading.append(f", purpose: {timeline.purpose}", style="dim")
    console.print(heading)
    for track in timeline.tracks:
        _write_track(console, track)


def _write_track(console: Console, track: Track) -> None:
    from rich.text import Text

    if track.name is not None or track.index is not None:
        note = "" if track.analysed else "  speech activity alone"
        console.print()
        console.print(Text(track_name(track), style="bold").append(note, style="dim"))
    table = _table()
    for segment in track.segments:
        style = _STYLES.get(label_of(segment, track), "")
        table.add_row(
            clock(segment.start_s),
            clock(segment.end_s),
            Text(spelled_out(segment, track), style=style),
            Text(others(segment), style="dim"),
        )
    print_table(console, table)
    for line in summary_lines(track):
        console.print(Text(line))


def _table() -> Table:
    table = plain_table()
    table.add_column("from", justify="right", no_wrap=True)
    table.add_column("to", justify="right", no_wrap=True)
    table.add_column("emotion", overflow="fold")
    table.add_column("next probable", overflow="fold")
    return table


def summary_lines(track: Track) -> list[str]:
    """Say what a track comes to: speech, shares, the longest negative stretch, turning points."""
    summary = track.summary
    lines = [f"speech: {clock(summary.speech_s)}"]
    if summary.shares:
        ranked = sorted(summary.shares.items(), key=lambda item: -item[1])
        lines.append("of it " + ", ".join(f"{label} {percent(share)}" for label, share in ranked))
    if summary.not_speech_s:
        lines.append(f"not speech: {clock(summary.not_speech_s)}")
    if summary.longest_negative is not None:
        start, end = summary.longest_negative
        lines.append(
            f"longest negative stretch: {clock(start)} to {clock(end)} ({end - start:.1f} s)"
        )
    if summary.turning_points:
        points = (f"{clock(p.time_s)} {p.before} to {p.after}" for p in summary.turning_points)
        lines.append("turning points: " + "; ".join(points))
    return lines
