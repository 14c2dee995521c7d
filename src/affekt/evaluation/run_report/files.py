"""The report of one training run, as a folder: JSON, Markdown, HTML, tables and plots."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from affekt.evaluation.figures import (
    ClassificationFigures,
    confusion_plot,
    curves_plot,
    recalls_plot,
)
from affekt.evaluation.run_report.page import to_html
from affekt.evaluation.run_report.sections import Facts, History, run_document
from affekt.evaluation.run_report.tables import predictions_csv
from affekt.output import write_outputs
from affekt.report import as_markdown, csv_text, to_png, to_svg


def write_report(
    folder: Path,
    *,
    title: str,
    figures: ClassificationFigures,
    history: History,
    facts: Facts,
    notes: Sequence[str] = (),
    recordings: Mapping[str, Path] | None = None,
    published_recalls: Mapping[str, float] | None = None,
    force: bool = False,
) -> None:
    """Write everything about a run that a reader may ask for.

    The files are `report.json`, `report.md`, `report.html` (one file that needs nothing else),
    `predictions.csv`, `misclassified.csv`, `confusion.csv`, `history.csv`, `confusion.png`,
    `recalls.png` and, where there is a history, `curves.png`. Each is replaced whole.

    Args:
        folder: made if it does not exist.
        title: heading of the report.
        figures: measured on the test part.
        history: one mapping an epoch.
        facts: what else stands in the report's head, by name.
        notes: sentences below the head.
        recordings: clip id to recording; given, the HTML file holds the sound of misclassified
            clips, which makes it a copy of a part of their corpus. Without it there is no sound.
        published_recalls: label to recall (0 to 1), drawn beside the measured ones.
        force: replace files that Affekt did not write.

    Raises:
        ConfigError: the folder cannot be written.
        MissingExtraError: matplotlib is not installed; nothing was written then.
    """
    drawings = {
        "confusion": confusion_plot(figures.labels, figures.confusion),
        "recalls": recalls_plot(
            figures.labels, [item.recall for item in figures.classes], published_recalls
        ),
    }
    if history:
        drawings["curves"] = curves_plot(history)
    document = run_document(
        title,
        figures=figures,
        history=history,
        facts=facts,
        notes=notes,
        drawings={name: to_svg(drawing) for name, drawing in drawings.items()},
        clips_listed=recordings is None,
    )
    files: dict[str, str | bytes] = {
        "report.json": _to_json(title, figures, history, facts, notes),
        "report.md": as_markdown(document),
        "report.html": to_html(document, figures=figures, recordings=recordings),
        "predictions.csv": predictions_csv(figures.labels, figures.predictions),
        "misclassified.csv": predictions_csv(figures.labels, figures.misclassified),
        "confusion.csv": _confusion_csv(figures),
        "history.csv": _history_csv(history),
        **{f"{name}.png": to_png(drawing) for name, drawing in drawings.items()},
    }
    write_outputs(folder, files, force=force)


def _confusion_csv(figures: ClassificationFigures) -> str:
    rows = ([label, *row] for label, row in zip(figures.labels, figures.confusion, strict=True))
    return csv_text(["actual \\ predicted", *figures.labels], rows)


def _history_csv(history: History) -> str:
    columns = list(dict.fromkeys(name for row in history for name in row))
    return csv_text(
        columns,
        ([f"{row[name]:.6g}" if name in row else "" for name in columns] for row in history),
    )


def _to_json(
    title: str,
    figures: ClassificationFigures,
    history: History,
    facts: Facts,
    notes: Sequence[str],
) -> str:
    report = {
        "title": title,
        "facts": dict(facts),
        "notes": list(notes),
        "figures": figures.to_dict(),
        "misclassified": [
            {
                "clip": item.clip,
                "speaker": item.speaker,
                "actual": item.actual,
                "predicted": item.predicted,
                "probability_of_actual": round(item.probability_of_actual, 6),
                "probability_of_predicted": round(item.probability_of_predicted, 6),
            }
            for item in figures.misclassified
        ],
        # A loss that ran away is no JSON number; the epoch stays.
        "history": [
            {name: value if math.isfinite(value) else None for name, value in row.items()}
            for row in history
        ],
    }
    return json.dumps(report, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
