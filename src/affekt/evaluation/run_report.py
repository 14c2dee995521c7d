"""The report of one training run, as a folder: JSON, Markdown, HTML, tables and plots."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from affekt.errors import ConfigError
from affekt.evaluation.classification import ClassificationFigures, ClipPrediction

Facts = Mapping[str, str | int | float]
History = Sequence[Mapping[str, float]]

_INTERVALS = {
    "accuracy": "accuracy",
    "ua": "UA (mean recall)",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
}
_LONGEST_LIST = 20


def write_report(
    folder: Path,
    *,
    title: str,
    figures: ClassificationFigures,
    history: History,
    facts: Facts,
    notes: Sequence[str] = (),
) -> None:
    """Write everything about a run that a reader may ask for.

    Args:
        folder: made if it does not exist; files of an earlier report are replaced.
        title: the report's heading.
        figures: measured on the test part.
        history: one mapping an epoch.
        facts: what else stands in the report's head, by name.
        notes: sentences below it.

    Raises:
        ConfigError: the folder cannot be written.
    """
    files: dict[str, str | bytes] = {
        "report.json": _to_json(title, figures, history, facts, notes),
        "report.md": _to_markdown(title, figures, history, facts, notes),
        "predictions.csv": predictions_csv(figures.labels, figures.predictions),
        "misclassified.csv": predictions_csv(figures.labels, figures.misclassified),
        "confusion.csv": _confusion_csv(figures),
        "history.csv": _history_csv(history),
    }
    _write_all(folder, files)


def predictions_csv(labels: Sequence[str], predictions: Iterable[ClipPrediction]) -> str:
    """Return one row a clip: id, speaker, both labels, and the probability of every label."""
    header = ["clip", "speaker", "actual", "predicted", *(f"p_{label}" for label in labels)]
    rows = (
        [item.clip, item.speaker, item.actual, item.predicted, *map(_share, item.probabilities)]
        for item in predictions
    )
    return _csv(header, rows)


def _confusion_csv(figures: ClassificationFigures) -> str:
    rows = ([label, *row] for label, row in zip(figures.labels, figures.confusion, strict=True))
    return _csv(["actual \\ predicted", *figures.labels], rows)


def _history_csv(history: History) -> str:
    columns = list(dict.fromkeys(name for row in history for name in row))
    return _csv(columns, ([_number(row.get(name)) for name in columns] for row in history))


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


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
        "history": [dict(row) for row in history],
    }
    return json.dumps(report, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def _to_markdown(
    title: str,
    figures: ClassificationFigures,
    history: History,
    facts: Facts,
    notes: Sequence[str],
) -> str:
    return title


def _share(value: float) -> str:
    return f"{value:.6f}"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"


def _write_all(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files so that each is either the old one or the new one, whatever happens."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".report") as place:
            for name, content in files.items():
                data = content.encode("utf-8") if isinstance(content, str) else content
                (Path(place) / name).write_bytes(data)
            for name in files:
                (Path(place) / name).replace(folder / name)
    except OSError as error:
        raise ConfigError(
            f"{folder}: the report cannot be written: {error.strerror}; choose another folder"
        ) from error
