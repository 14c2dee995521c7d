"""Published beside measured here: the tables that runs end in."""

from __future__ import annotations

import csv
import io
import json
import re
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affekt.errors import ConfigError
from affekt.evaluation.figures import ClipPrediction, comparison_plot
from affekt.evaluation.run_report import (
    ComparedModel,
    comparison_table,
    read_predictions,
    write_prediction_tables,
)
from affekt.output import write_outputs
from affekt.published.config import SYSTEMS
from affekt.published.job import RECORD, read_record
from affekt.report import to_png
from affekt.training import RULES, Rule, Say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = (
    "name",
    "corpora",
    "missing",
    "metric",
    "published",
    "as published",
    "split before copies",
    "speaker-disjoint",
    "seeds",
    "seconds",
    "parameters",
    "epochs",
)
# What puts the runs of a folder beside each other.
TABLES = (
    *("table.md", "table.csv", "table.json", "table.png"),
    *("comparison.md", "comparison.csv", "comparison.json"),
)
_QUICK = " (quick)"
_COLUMN_OF: dict[Rule, str] = {
    "published": "as published",
    "split-before-copies": "split before copies",
    "speaker-disjoint": "speaker-disjoint",
}


def read_records(folder: Path, *, say: Say) -> list[dict[str, Any]]:
    """Return the records of every run below a folder: published systems first, in their order.

    A damaged one is said, and passed over: the others are no worse for it.
    """
    records = []
    for path in sorted(folder.glob(f"*/*/*/{RECORD}")):
        try:
            records.append(read_record(path))
        except ConfigError as error:
            say(f"left out of the tables: {error}")
    order = {name: place for place, name in enumerate(SYSTEMS)}
    return sorted(records, key=lambda record: order.get(record["name"], len(order)))


def table(records: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Return one row a system: published beside measured, as text in percent.

    A figure over several seeds is their mean, followed by their standard deviation.
    """
    return [_row(name, runs) for name, runs in _by_name(records).items()]


def to_markdown(rows: Sequence[dict[str, str]]) -> str:
    """Return the table as Markdown."""
    lines = [" | ".join(COLUMNS), " | ".join("---" for _ in COLUMNS)]
    lines += [" | ".join(row[name] for name in COLUMNS) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def to_csv(rows: Sequence[dict[str, str]]) -> str:
    """Return the table as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def picture(records: Iterable[dict[str, Any]]) -> Figure:
    """Draw what `table` says: a line a system, each figure the mean over the seeds."""
    by_name = _by_name(records)
    series: dict[str, list[float | None]] = {"published": []}
    for runs in by_name.values():
        series["published"].append(runs[0]["published"]["value"])
        for rule in RULES:
            figures = [figure(run) for run in runs if run["protocol"] == rule]
            mean = statistics.mean(figures) if figures else None
            series.setdefault(_COLUMN_OF[rule], []).append(mean)
    return comparison_plot(list(by_name), series)


def write_tables(folder: Path, *, say: Say, force: bool = False) -> None:
    """Write what puts all runs of a folder beside each other.

    The files are `table` (published beside measured) and `comparison` (accuracy, UA and F1 with
    their intervals), each as `.md`, `.csv` and `.json`; `table.png`, which draws the former; and
    below `predictions/` one CSV a text, protocol and seed: the actual label of each clip beside
    the answer of every model.

    Args:
        folder: of the runs.
        say: takes one line for the reader at a time.
        force: replace files that Affekt did not write.

    Raises:
        ConfigError: a file may not be replaced, or the folder cannot be written.
    """
    records = read_records(folder, say=say)
    rows = table(records)
    compared = comparison_table(
        ComparedModel(
            name=f"{record['name']}, {record['protocol']}, seed {record['seed']}"
            + (_QUICK if record["quick"] else ""),
            figures=record["figures"],
            train_accuracy=record["train_accuracy"],
        )
        for record in records
    )
    contents = (
        to_markdown(rows),
        to_csv(rows),
        json.dumps(rows, indent=1) + "\n",
        to_png(picture(records)),
        compared.to_markdown(),
        compared.to_csv(),
        compared.to_json(),
    )
    write_outputs(folder, dict(zip(TABLES, contents, strict=True)), force=force)
    _write_predictions(records, folder, say=say, force=force)


def _write_predictions(
    records: Sequence[dict[str, Any]], folder: Path, *, say: Say, force: bool
) -> None:
    """Join the answers of the models of one text: they were given the same clips."""
    groups: dict[Path, dict[int, dict[str, tuple[ClipPrediction, ...]]]] = {}
    for record in records:
        name, rule, seed = record["name"], record["protocol"], record["seed"]
        text = re.sub(r"[^a-z0-9]+", "-", record["text"].split(",")[0].lower()).strip("-")
        place = folder / "predictions" / f"text-{text}-{len(record['labels'])}-classes" / rule
        run = folder / name / rule / f"seed-{seed}"
        try:
            answers = read_predictions(run / "predictions.csv")
        except ConfigError as error:
            say(f"left out of the tables of answers: {error}")
            continue
        groups.setdefault(place, {}).setdefault(seed, {})[name] = answers
    for place, by_seed in groups.items():
        write_prediction_tables(place, by_seed, force=force)


def figure(record: dict[str, Any]) -> float:
    """Return the figure of a run that its text publishes, in percent."""
    value = record["figures"][record["published"]["metric"]]
    return 100.0 * float(value)


def _by_name(records: Iterable[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    by_name: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_name.setdefault(record["name"], []).append(record)
    return by_name


def _row(name: str, runs: list[dict[str, Any]]) -> dict[str, str]:
    first = runs[0]
    published = first["published"]
    row = dict.fromkeys(COLUMNS, "-")
    row["name"] = name + (_QUICK if any(run["quick"] for run in runs) else "")
    row["corpora"] = " ".join(first["corpora"])
    row["missing"] = " ".join(first["corpora_missing"]) or "none"
    row["metric"] = published["metric"].replace("_", " ")
    if published["value"] is not None:
        row["published"] = f"{published['value']:g}"
    for rule in RULES:
        figures = [figure(run) for run in runs if run["protocol"] == rule]
        if figures:
            row[_COLUMN_OF[rule]] = _mean(figures)
    row["seeds"] = " ".join(str(seed) for seed in sorted({run["seed"] for run in runs}))
    row["seconds"] = f"{statistics.mean(run['seconds'] for run in runs):.0f}"
    row["parameters"] = f"{first['parameters']:,}"
    row["epochs"] = epochs_of(runs)
    return row


def _mean(figures: Sequence[float]) -> str:
    if len(figures) == 1:
        return f"{figures[0]:.1f}"
    return f"{statistics.mean(figures):.1f} ± {statistics.stdev(figures):.1f}"


def epochs_of(runs: Sequence[dict[str, Any]]) -> str:
    """Return how many epochs some runs had, of how many, and instead of how many."""
    parts = []
    for asked, own in sorted({(run["epochs_asked"], run["epochs_of_recipe"]) for run in runs}):
        done = sorted({run["epochs"] for run in runs if run["epochs_asked"] == asked})
        text = str(done[0]) if len(done) == 1 else f"{done[0]} to {done[-1]}"
        if done != [asked]:
            text += f" of {asked}"
        parts.append(text if asked == own else f"{text} instead of {own}")
    return "; ".join(parts)
