"""Tables across runs: models beside each other, and what each of them answered to every clip."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.errors import ConfigError
from affekt.evaluation.figures import ClipPrediction, percent
from affekt.files import open_text
from affekt.output import write_outputs
from affekt.report import Table, csv_text, table_markdown

MEASURES: dict[str, str] = {
    "accuracy": "accuracy",
    "ua": "UA",
    "macro_f1": "macro F1",
    "weighted_f1": "weighted F1",
}
_CLIP_COLUMNS = ("clip", "speaker", "actual", "predicted")
_PROBABILITY = "p_"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedModel:
    """A row of the table that compares models.

    Attributes:
        name: of the model.
        figures: of its test part, in the form of `ClassificationFigures.to_dict()`.
        train_accuracy: on the training part, 0 to 1, where it was measured.
    """

    name: str
    figures: Mapping[str, Any]
    train_accuracy: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonTable:
    """Several models side by side."""

    rows: tuple[ComparedModel, ...]

    def to_dict(self) -> list[dict[str, Any]]:
        """Return one mapping a model in plain JSON types; shares from 0 to 1."""
        return [
            {
                "name": row.name,
                "clips": row.figures["clips"],
                "train_accuracy": row.train_accuracy,
                **{key: row.figures[key] for key in MEASURES},
                "intervals": row.figures["intervals"],
            }
            for row in self.rows
        ]

    def to_json(self) -> str:
        """Return `to_dict` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=1) + "\n"

    def to_csv(self) -> str:
        """Return one row a model, shares from 0 to 1, ends of the intervals in columns."""
        header = ["name", "clips", "train_accuracy"]
        for key in MEASURES:
            header += [key, f"{key}_low", f"{key}_high"]
        rows = []
        for row in self.rows:
            cells = [row.name, str(row.figures["clips"]), _share(row.train_accuracy)]
            for key in MEASURES:
                ends = row.figures["intervals"].get(key, {})
                shares = (row.figures[key], ends.get("low"), ends.get("high"))
                cells += [_share(share) for share in shares]
            rows.append(cells)
        return csv_text(header, rows)

    def to_markdown(self) -> str:
        """Return the table in percent, intervals in brackets."""
        table = Table(
            caption="Models beside each other",
            header=("model", "clips", "accuracy, training", *MEASURES.values()),
            rows=tuple(
                (
                    row.name,
                    str(row.figures["clips"]),
                    percent(row.train_accuracy),
                    *(_with_interval(row.figures, key) for key in MEASURES),
                )
                for row in self.rows
            ),
        )
        return table_markdown(table) + "\n"


def comparison_table(rows: Iterable[ComparedModel]) -> ComparisonTable:
    """Return the table of models, as Markdown, CSV or JSON."""
    return ComparisonTable(rows=tuple(rows))


def predictions_csv(labels: Sequence[str], predictions: Iterable[ClipPrediction]) -> str:
    """Return one row a clip: id, speaker, both labels, and the probability of every label."""
    return csv_text(
        [*_CLIP_COLUMNS, *(_PROBABILITY + label for label in labels)],
        (
            [item.clip, item.speaker, item.actual, item.predicted, *map(_share, item.probabilities)]
            for item in predictions
        ),
    )


def read_predictions(path: Path) -> tuple[ClipPrediction, ...]:
    """Return what `predictions_csv` wrote into a file.

    Raises:
        ConfigError: the file cannot be read, or is no such table.
    """
    try:
        with open_text(path, newline="") as file:
            rows = list(csv.DictReader(file))
            return tuple(_prediction(row) for row in rows)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise ConfigError(
            f"{path}: no table of predictions ({error}); it must be a report's predictions.csv"
        ) from error


def prediction_table(predictions: Mapping[str, Sequence[ClipPrediction]]) -> str:
    """Return, as CSV, each clip's actual label beside the answer of every model.

    Clips stand in the order in which they first come up; where a model was not given a clip its
    cell is empty.

    Args:
        predictions: model to its answers.

    Raises:
        ConfigError: a model has a clip twice, or two models disagree on what a clip is.
    """
    actual: dict[str, str] = {}
    answers: dict[str, dict[str, str]] = {}
    for name, items in predictions.items():
        own = answers.setdefault(name, {})
        for item in items:
            if item.clip in own:
                raise ConfigError(f"{name} has the clip '{item.clip}' twice")
            if actual.setdefault(item.clip, item.actual) != item.actual:
                raise ConfigError(
                    f"'{item.clip}' is '{item.actual}' to {name} and '{actual[item.clip]}' to "
                    "another model; join models of the same labels only"
                )
            own[item.clip] = item.predicted
    rows = (
        [clip, label, *(own.get(clip, "") for own in answers.values())]
        for clip, label in actual.items()
    )
    return csv_text(["clip", "actual", *answers], rows)


def write_prediction_tables(
    folder: Path,
    by_seed: Mapping[int, Mapping[str, Sequence[ClipPrediction]]],
    *,
    force: bool = False,
) -> tuple[Path, ...]:
    """Write one `prediction_table` a seed, as `predictions-seed-N.csv`; return the paths.

    Args:
        folder: made if it does not exist.
        by_seed: the answers of each model.
        force: replace files that Affekt did not write.

    Raises:
        ConfigError: as for `prediction_table`, or the folder cannot be written.
    """
    files = {
        f"predictions-seed-{seed}.csv": prediction_table(predictions)
        for seed, predictions in by_seed.items()
    }
    write_outputs(folder, files, force=force)
    return tuple(folder / name for name in files)


def _prediction(row: Mapping[str, str]) -> ClipPrediction:
    clip, speaker, actual, predicted = (row[name] for name in _CLIP_COLUMNS)
    return ClipPrediction(
        clip=clip,
        speaker=speaker,
        actual=actual,
        predicted=predicted,
        probability_of_actual=float(row[_PROBABILITY + actual]),
        probability_of_predicted=float(row[_PROBABILITY + predicted]),
        probabilities=tuple(
            float(value) for name, value in row.items() if name not in _CLIP_COLUMNS
        ),
    )


def _with_interval(figures: Mapping[str, Any], key: str) -> str:
    ends = figures["intervals"].get(key)
    if ends is None:
        return percent(figures[key])
    return f"{percent(figures[key])} ({percent(ends['low'])} to {percent(ends['high'])})"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"
