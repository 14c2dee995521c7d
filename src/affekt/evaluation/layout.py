"""A report as a row of sections, for a terminal or as Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from affekt.evaluation.files import Table
from affekt.metrics import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a report.

    Attributes:
        title: its heading; "" goes on with the part before.
        facts: names and what they are.
        lines: sentences.
        table: what they are about.
    """

    title: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    lines: tuple[str, ...] = ()
    table: Table | None = None


def as_text(sections: Iterable[Section]) -> str:
    """Return sections for a terminal."""
    parts = []
    for section in sections:
        lines = [f"== {section.title}"] if section.title else []
        lines += [f"{name:<10} {value}" for name, value in section.facts]
        lines += section.lines
        if section.table is not None:
            if len(section.lines) > 1:
                lines.append("")
            lines.append(_aligned(section.table))
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def as_markdown(title: str, sections: Iterable[Section]) -> str:
    """Return sections as a Markdown page."""
    parts = [f"# {title}"]
    for section in sections:
        if section.title:
            parts.append(f"## {section.title}")
        if section.facts:
            parts.append("\n".join(f"- **{name}**: {value}" for name, value in section.facts))
        parts += section.lines
        if section.table is not None:
            parts.append(section.table.to_markdown().rstrip())
    return "\n\n".join(parts) + "\n"


def table(rows: Sequence[Sequence[str]], *, words: Iterable[int] = (0,)) -> Table:
    """Make a table; the first row is its header, `words` are its columns of words."""
    header, *body = rows
    return Table(
        caption="",
        header=tuple(header),
        rows=tuple(tuple(row) for row in body),
        words=frozenset(words),
    )


def percent(share: float | None) -> str:
    """Return a share in percent with one decimal, "-" where there is none."""
    return figure(None if share is None else 100.0 * share)


def figure(value: float | None) -> str:
    """Return a number with one decimal, "-" where there is none."""
    return "-" if value is None or math.isnan(value) else f"{value:.1f}"


def ends(interval: Interval | None, speakers: int, *, told: bool = True) -> str:
    """Return both ends of an interval in percent, or why there is none.

    Args:
        interval: over speakers.
        speakers: how many spoke.
        told: somebody said who speaks.
    """
    if interval is None:
        return f"{why_no_interval(speakers, told=told)}, no interval"
    return f"{percent(interval.low)} to {percent(interval.high)}"


def why_no_interval(speakers: int, *, told: bool = True) -> str:
    """Return why a figure has no interval: nobody to draw, or nobody who differs."""
    if not told:
        return "speakers not told"
    return "1 speaker" if speakers < 2 else "all draws agree"


def spoken(clips: int, speakers: int, *, told: bool = True) -> str:
    """Say how many clips there are, and of how many people if that is told."""
    if not told:
        return f"{clips} clips, speakers not told"
    return f"{clips} clips of {speakers} speaker{'' if speakers == 1 else 's'}"


def speaker_count(speakers: int, *, told: bool = True) -> str:
    """Return a number of speakers."""
    return str(speakers) if told else "not told"


def voices(pairs: Iterable[tuple[str, str]], *, most: int = 20) -> str:
    """Name speakers corpus by corpus; of many, only how many they are."""
    speakers: dict[str, list[str]] = {}
    for corpus, speaker in pairs:
        speakers.setdefault(corpus, []).append(speaker)
    return "; ".join(
        f"{corpus} {', '.join(names) if len(names) <= most else f'{len(names)} speakers'}"
        for corpus, names in speakers.items()
    )


def _aligned(shown: Table) -> str:
    rows = [shown.header, *shown.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Iterable[str]) -> str:
        cells = (
            cell.ljust(width) if place in shown.words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join(line(row) for row in rows)
