"""The overview of many recordings: a row a recording, with the figures of each voice in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, NamedTuple, Self, TextIO

from affekt.recognition.annotations.marks import clock, percent, plain
from affekt.recognition.options import Failure
from affekt.records import Timeline, Track
from affekt.terminal import open_console, plain_table, print_table
from affekt.text import csv_cell, printable

_HEAD = ("path", "duration_s", "channels", "model", "purpose")
_TAIL = ("warnings", "report", "error")


class Entry(NamedTuple):
    """What became of one recording, in a few words: timelines of hours are not kept for it.

    Attributes:
        name: of the recording, as people shall read it.
        row: of the table for programs.
        length: of the recording, in words.
        voices: name, speech, longest negative stretch and emotions of each analysed one, in words.
        failed: why there is no timeline; "" where there is one.
    """

    name: str
    row: dict[str, Any]
    length: str
    voices: tuple[tuple[str, str, str, str], ...]
    failed: str

    @classmethod
    def of(cls, name: str, answer: Timeline | Failure, report: str | None) -> Self:
        """Return the entry of a recording.

        Args:
            name: of the recording, as people shall read it.
            answer: its timeline, or why there is none.
            report: where the timeline was written; None where nowhere.
        """
        if isinstance(answer, Failure):
            row = {"path": answer.path, "error": str(answer.error)}
            return cls(name, row, "-", (), answer.reason)
        voices = tuple(_said(track) for track in answer.tracks if track.analysed)
        return cls(name, _row(answer, report), clock(answer.duration_s), voices, "")


def overview_csv(entries: Sequence[Entry]) -> str:
    """Return a row a recording; columns of a named voice begin with its name and an underscore."""
    rows = [entry.row for entry in entries]
    figures = dict.fromkeys(name for row in rows for name in row if name not in _HEAD + _TAIL)
    columns = (*_HEAD, *figures, *_TAIL)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([csv_cell("", name) for name in columns])
    for row in rows:
        writer.writerow([csv_cell(name, row.get(name)) for name in columns])
    return out.getvalue()


def overview_table(entries: Sequence[Entry], out: TextIO) -> None:
    """Write the overview for people: of each analysed voice speech, negative stretch, emotions."""
    from rich.text import Text

    table = plain_table()
    table.add_column("recording", overflow="fold")
    table.add_column("length", justify="right", no_wrap=True)
    table.add_column("voice", overflow="fold")
    table.add_column("speech", justify="right", no_wrap=True)
    table.add_column("longest negative", no_wrap=True)
    table.add_column("emotions", overflow="fold")
    for entry in entries:
        head = [Text(printable(entry.name)), Text(entry.length)]
        if entry.failed:
            said = Text(f"failed: {printable(entry.failed)}", style="red")
            table.add_row(*head, "-", "-", "-", said)
        for voice in entry.voices:
            table.add_row(*head, *map(Text, voice))
            head = [Text(""), Text("")]
    print_table(open_console(out), table)


def _said(track: Track) -> tuple[str, str, str, str]:
    summary = track.summary
    ranked = sorted(summary.shares.items(), key=lambda item: -item[1])
    shares = ", ".join(f"{plain(label)} {percent(share)}" for label, share in ranked[:3])
    negative = summary.longest_negative
    stretch = "-"
    if negative is not None:
        stretch = f"{clock(negative[0])} to {clock(negative[1])}"
    name = "" if track.name is None else plain(track.name)
    return name, clock(summary.speech_s), stretch, shares or "-"


def _row(timeline: Timeline, report: str | None) -> dict[str, Any]:
    record = timeline.to_dict()
    row = {name: record[name] for name in _HEAD}
    for track in record["tracks"]:
        prefix = "" if track["name"] is None else f"{track['name']}_"
        row |= {f"{prefix}{name}": value for name, value in _figures(track).items()}
    return row | {"warnings": " ".join(record["warnings"]), "report": report}


def _figures(track: dict[str, Any]) -> dict[str, Any]:
    summary = track["summary"]
    figures = {"speech_s": summary["speech_s"], "not_speech_s": summary["not_speech_s"]}
    if not track["analysed"]:
        return figures
    start_s, end_s = summary["longest_negative"] or (None, None)
    return {
        **figures,
        **{f"share_{label}": share for label, share in summary["shares"].items()},
        "longest_negative_start_s": start_s,
        "longest_negative_end_s": end_s,
        "turning_points": len(summary["turning_points"]),
    }
