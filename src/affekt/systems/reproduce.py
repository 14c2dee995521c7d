"""Published beside measured here: all runs of some systems, and the table they end in."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.errors import BundleError, CorpusError
from affekt.evaluation.classification import ClipPrediction
from affekt.evaluation.files import write_files
from affekt.evaluation.run_tables import (
    ComparedModel,
    comparison_table,
    read_predictions,
    write_prediction_tables,
)
from affekt.systems.config import SYSTEMS, System
from affekt.systems.data import RULES, Rule, load_rows
from affekt.systems.job import RECORD, Job, read_record
from affekt.systems.run import run_job
from affekt.training.console import Say, reading_bar

QUICK_EPOCHS = 2
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
_COLUMN_OF: dict[Rule, str] = {
    "published": "as published",
    "split-before-copies": "split before copies",
    "speaker-disjoint": "speaker-disjoint",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a user asks `affekt reproduce` for.

    Attributes:
        systems: the configurations.
        rules: protocols; one that makes no difference to a system is passed over.
        out: folder of all runs.
        corpora: folder of the recordings.
        seeds: instead of the configuration's own.
        epochs: instead of the configuration's own.
        quick: a small share of the data, two epochs and one seed, to try the whole path.
        embed_audio: put the sound of misclassified clips into the HTML reports.
        command: as the user gave it, for the record.
        say: takes one line for the reader at a time.
        show_progress: draw progress bars.
    """

    systems: tuple[System, ...]
    rules: tuple[Rule, ...]
    out: Path
    corpora: Path
    seeds: tuple[int, ...] | None
    epochs: int | None
    quick: bool
    embed_audio: bool
    command: str
    say: Say
    show_progress: bool


def reproduce(request: Request) -> list[dict[str, Any]]:
    """Carry out every run that is not finished yet, and return the records of all.

    A system whose recordings are not here is passed over where others are asked for as well.

    Raises:
        CorpusError: no system has the recordings that it needs.
        BundleError: the bundle of the only system differs from its network.
        ConfigError: a folder holds a run of other settings.
        OSError: the folder of all runs cannot be made.
        KeyboardInterrupt: interrupted; the same request goes on where it was.
    """
    request.out.mkdir(parents=True, exist_ok=True)  # before hours of work end at it
    records: list[dict[str, Any]] = []
    for system in request.systems:
        try:
            records.extend(_runs_of(request, system))
        except (CorpusError, BundleError) as error:
            if len(request.systems) == 1:
                raise
            request.say(f"{system.name}: passed over: {error}")
        except KeyboardInterrupt:
            request.say("interrupted; the same command goes on where it was")
            raise
    if not records:
        raise CorpusError(f"{request.corpora} has the recordings of none of the systems")
    return records


def read_records(folder: Path) -> list[dict[str, Any]]:
    """Return the records of every run below a folder: published systems first, in their order."""
    records = [read_record(path) for path in sorted(folder.glob(f"*/*/*/{RECORD}"))]
    order = {name: place for place, name in enumerate(SYSTEMS)}
    return sorted(records, key=lambda record: order.get(record["name"], len(order)))


def table(records: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    """Return one row a system: published beside measured, as text in percent.

    A figure over several seeds is their mean, followed by their standard deviation.
    """
    by_name: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        by_name.setdefault(record["name"], []).append(record)
    return [_row(name, runs) for name, runs in by_name.items()]


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


def write_tables(folder: Path) -> None:
    """Write what puts all runs of a folder beside each other.

    The files are `table` (published beside measured) and `comparison` (accuracy, UA and F1 with
    their intervals), each as `.md`, `.csv` and `.json`, and below `predictions/` one CSV a text,
    protocol and seed: the actual label of each clip beside the answer of every model.
    """
    records = read_records(folder)
    rows = table(records)
    compared = comparison_table(
        ComparedModel(
            name=f"{record['name']}, {record['protocol']}, seed {record['seed']}",
            figures=record["figures"],
            train_accuracy=record["train_accuracy"],
        )
        for record in records
    )
    write_files(
        folder,
        {
            "table.md": to_markdown(rows),
            "table.csv": to_csv(rows),
            "table.json": json.dumps(rows, indent=1) + "\n",
            "comparison.md": compared.to_markdown(),
            "comparison.csv": compared.to_csv(),
            "comparison.json": compared.to_json(),
        },
    )
    _write_predictions(records, folder)


def _write_predictions(records: Sequence[dict[str, Any]], folder: Path) -> None:
    """Join the answers of the models of one text: they were given the same clips."""
    groups: dict[Path, dict[int, dict[str, tuple[ClipPrediction, ...]]]] = {}
    for record in records:
        name, rule, seed = record["name"], record["protocol"], record["seed"]
        text = re.sub(r"[^a-z0-9]+", "-", record["text"].split(",")[0].lower()).strip("-")
        place = folder / "predictions" / f"text-{text}-{len(record['labels'])}-classes" / rule
        run = folder / name / rule / f"seed-{seed}"
        answers = read_predictions(run / "predictions.csv")
        groups.setdefault(place, {}).setdefault(seed, {})[name] = answers
    for place, by_seed in groups.items():
        write_prediction_tables(place, by_seed)


def figure(record: dict[str, Any]) -> float:
    """Return the figure of a run that its text publishes, in percent."""
    value = record["figures"][record["published"]["metric"]]
    return 100.0 * float(value)


def _runs_of(request: Request, system: System) -> list[dict[str, Any]]:
    """Return the records of a system, after the runs that were not finished before."""
    jobs = _jobs(request, system)
    finished = [job.finished() for job in jobs]
    records = [record for record in finished if record is not None]
    if len(records) == len(jobs):
        stays = "; its reports stay as they are" if request.embed_audio else ""
        request.say(f"{system.name}: finished before, in {request.out / system.name}{stays}")
        return records
    with reading_bar(show=request.show_progress) as progress:
        rows = load_rows(system, request.corpora, quick=request.quick, progress=progress)
    if rows.missing:
        request.say(f"{system.name}: goes on without {', '.join(rows.missing)}, not found here")
    if rows.skipped:
        reason = rows.skipped[0][1]
        request.say(f"{system.name}: {len(rows.skipped)} clips left out, the first: {reason}")
    records = []
    for job, record in zip(jobs, finished, strict=True):
        if record is None:
            request.say(f"{system.name}, {job.rule}, seed {job.seed}")
            record = run_job(job, rows)
            request.say(_line(record))
        records.append(record)
    return records


def _jobs(request: Request, system: System) -> list[Job]:
    own_epochs = system.fit.epochs
    epochs = request.epochs or (QUICK_EPOCHS if request.quick else None)
    if epochs is not None:
        system = dataclasses.replace(system, fit=dataclasses.replace(system.fit, epochs=epochs))
    seeds = request.seeds or (system.seeds[:1] if request.quick else system.seeds)
    seeds = tuple(dict.fromkeys(seeds))  # a run that is counted twice would bend the mean
    rules = [
        rule
        for rule in request.rules
        if rule != "split-before-copies" or system.data.leak == "copies"
    ]
    return [
        Job(
            system=system,
            own_epochs=own_epochs,
            rule=rule,
            seed=seed,
            quick=request.quick,
            out=request.out,
            corpora=request.corpora,
            command=request.command,
            embed_audio=request.embed_audio,
            say=request.say,
        )
        for rule in rules
        for seed in seeds
    ]


def _line(record: dict[str, Any]) -> str:
    metric, published = record["published"]["metric"], record["published"]["value"]
    beside = "none given" if published is None else f"{published:g} %"
    return (
        f"{record['name']}, {record['protocol']}, seed {record['seed']}: {metric} "
        f"{figure(record):.1f} % (published: {beside}), {record['seconds']:.0f} s"
    )


def _row(name: str, runs: list[dict[str, Any]]) -> dict[str, str]:
    first = runs[0]
    published = first["published"]
    row = dict.fromkeys(COLUMNS, "-")
    row["name"] = name + (" (quick)" if any(run["quick"] for run in runs) else "")
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
    row["epochs"] = _epochs(runs)
    return row


def _mean(figures: Sequence[float]) -> str:
    if len(figures) == 1:
        return f"{figures[0]:.1f}"
    return f"{statistics.mean(figures):.1f} ± {statistics.stdev(figures):.1f}"


def _epochs(runs: Sequence[dict[str, Any]]) -> str:
    """Return how many epochs were run, of how many, and instead of how many."""
    done = sorted({run["epochs"] for run in runs})
    asked, own = runs[0]["epochs_asked"], runs[0]["epochs_of_recipe"]
    text = str(done[0]) if len(done) == 1 else f"{done[0]} to {done[-1]}"
    if done != [asked]:
        text += f" of {asked}"
    return text if asked == own else f"{text} instead of {own}"
