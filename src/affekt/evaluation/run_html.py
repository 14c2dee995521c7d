"""A run's report as one HTML file that needs nothing else: no network, no file beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from affekt.errors import AffektError
from affekt.evaluation.classification import ClassificationFigures, ClipPrediction
from affekt.evaluation.files import Table
from affekt.evaluation.page import data_address, drawing, folded, framed, page, table_block
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
    blocks = [table_block(parts.facts)]
    if notes:
        blocks.append(f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in notes)}</ul>")
    blocks += ["<h2>Figures</h2>", f"<p>{escape(figures_note(figures))}</p>"]
    blocks += [table_block(parts.summary), table_block(parts.classes)]
    blocks += [drawing(drawings[name], PLOTS[name]) for name in ("recalls", "confusion")]
    blocks.append(folded("The confusion matrix as a table", table_block(parts.confusion)))
    if history:
        blocks += ["<h2>Training</h2>", drawing(drawings["curves"], PLOTS["curves"])]
        blocks.append(folded("The epochs as a table", table_block(_epochs(history))))
    blocks.append("<h2>Misclassification</h2>")
    if not figures.misclassified:
        blocks.append("<p>No clip was misclassified.</p>")
    else:
        blocks.append(table_block(parts.pairs))
        blocks.append(
            table_block(misclassified_table(figures, CLIPS_SHOWN))
            if recordings is None
            else _heard(figures, recordings)
        )
    return page(title, blocks)


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
    return framed(caption, head, "".join(_sounding_rows(chosen, recordings)))


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
        f'src="{data_address("audio/wav", heard.wav)}"></audio>'
        f'<img src="{data_address("image/png", heard.png)}" alt="Mel spectrogram of {name}">'
    )
