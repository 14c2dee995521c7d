"""A run's report as one HTML file that needs nothing else: no network, no file beside it."""

from __future__ import annotations

import base64
import string
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from pathlib import Path

from affekt.errors import AffektError
from affekt.evaluation.classification import ClassificationFigures, ClipPrediction
from affekt.evaluation.files import Table
from affekt.evaluation.run_sections import (
    PLOTS,
    History,
    Sections,
    figures_note,
    misclassified_table,
    shown_of,
)
from affekt.evaluation.run_sounds import LONGEST_S, excerpt
from affekt.evaluation.run_tables import percent

CLIPS_SHOWN = 50


def to_html(
    title: str,
    parts: Sections,
    *,
    figures: ClassificationFigures,
    history: History,
    notes: Sequence[str],
    drawings: Mapping[str, str],
    recordings: Mapping[str, Path] | None,
) -> str:
    """Return the page.

    Args:
        title: its heading.
        parts: its tables.
        figures: what they were made of.
        history: one mapping an epoch.
        notes: sentences below the head.
        drawings: name of a plot to its SVG file.
        recordings: clip id to recording, where sound is wanted.
    """
    blocks = [_table(parts.facts)]
    if notes:
        blocks.append(f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>")
    blocks += ["<h2>Figures</h2>", f"<p>{escape(figures_note(figures))}</p>"]
    blocks += [_table(parts.summary), _table(parts.classes)]
    blocks += [_drawing(name, drawings[name]) for name in ("recalls", "confusion")]
    blocks.append(_folded("The confusion matrix as a table", _table(parts.confusion)))
    if history:
        blocks += ["<h2>Training</h2>", _drawing("curves", drawings["curves"])]
        blocks.append(_folded("The epochs as a table", _table(_epochs(history))))
    blocks.append("<h2>Misclassification</h2>")
    if not figures.misclassified:
        blocks.append("<p>No clip was misclassified.</p>")
    else:
        blocks.append(_table(parts.pairs))
        blocks.append(
            _table(misclassified_table(figures, CLIPS_SHOWN))
            if recordings is None
            else _heard(figures, recordings)
        )
    template = resources.files(__package__).joinpath("templates/run_report.html")
    page = string.Template(template.read_text(encoding="utf-8"))
    return page.substitute(title=escape(title), body="\n".join(blocks))


def _table(table: Table) -> str:
    head = "".join(
        f'<th scope="col"{_kind(table, place)}>{escape(cell)}</th>'
        for place, cell in enumerate(table.header)
    )
    body = "".join(_row(table, row) for row in table.rows)
    return _framed(table.caption, head, body)


def _row(table: Table, row: Sequence[str]) -> str:
    name, *cells = row
    rest = "".join(
        f"<td{_kind(table, place)}>{escape(cell)}</td>" for place, cell in enumerate(cells, 1)
    )
    return f'<tr><th scope="row" class="word">{escape(name)}</th>{rest}</tr>\n'


def _framed(caption: str, head: str, body: str) -> str:
    # A table wider than the window scrolls in its frame, which the keyboard must reach.
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table></div>"
    )


def _kind(table: Table, place: int) -> str:
    return ' class="word"' if place in table.words else ""


def _drawing(name: str, svg: str) -> str:
    caption = escape(PLOTS[name])
    source = _data("image/svg+xml", svg.encode("utf-8"))
    return (
        f'<figure><img src="{source}" alt="{caption}; the figures stand in the tables">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def _data(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


def _epochs(history: History) -> Table:
    columns = list(dict.fromkeys(name for row in history for name in row))
    return Table(
        caption="Training by epoch; accuracies from 0 to 1",
        header=tuple(name.replace("_", " ") for name in columns),
        rows=tuple(
            tuple(f"{row[name]:.4g}" if name in row else "-" for name in columns) for row in history
        ),
    )


def _heard(figures: ClassificationFigures, recordings: Mapping[str, Path]) -> str:
    """The misclassified clips of which there are recordings, with their sound."""
    chosen = [item for item in figures.misclassified if item.clip in recordings][:CLIPS_SHOWN]
    caption = (
        f"{shown_of(figures, len(chosen))}, the most confident first; of each recording at most "
        f"{LONGEST_S:.0f} s"
    )
    head = "".join(
        f'<th scope="col" class="word">{name}</th>'
        for name in ("clip", "speaker", "actual", "predicted", "sound and mel spectrogram")
    )
    return _framed(caption, head, "".join(_sounding_rows(chosen, recordings)))


def _sounding_rows(
    clips: Iterable[ClipPrediction], recordings: Mapping[str, Path]
) -> Iterable[str]:
    for item in clips:
        shares = (percent(item.probability_of_actual), percent(item.probability_of_predicted))
        cells = (
            item.speaker,
            f"{item.actual} ({shares[0]} %)",
            f"{item.predicted} ({shares[1]} %)",
        )
        words = "".join(f'<td class="word">{escape(cell)}</td>' for cell in cells)
        yield (
            f'<tr><th scope="row" class="word">{escape(item.clip)}</th>{words}'
            f'<td class="word">{_sound(item.clip, recordings[item.clip])}</td></tr>\n'
        )


def _sound(clip: str, path: Path) -> str:
    try:
        heard = excerpt(path)
    except AffektError as error:
        return f"cannot be played: {escape(str(error))}"
    name = escape(clip)
    return (
        f'<audio controls preload="none" aria-label="{name}" '
        f'src="{_data("audio/wav", heard.wav)}"></audio>'
        f'<img src="{_data("image/png", heard.png)}" alt="Mel spectrogram of {name}">'
    )
