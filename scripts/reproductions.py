"""The reproductions' page: tables made of the records that `affekt reproduce` wrote.

    python scripts/reproductions.py DIR    take the finished runs of DIR into docs/reproductions/

The records keep everything; the figures of each epoch are rounded, and stand together by name.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from affekt.published import RULES, SYSTEMS, claims_of, load_system, picture, read_records
from affekt.published.job import settings_of
from affekt.published.tables import figure
from affekt.report import to_svg
from affekt.training import Recipe

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reproductions"
# Beside the systems, one with weaker copies, whose strength Pathak's text does not give.
MEASURED = (*SYSTEMS, "pathak-mlp-weak-copies")
BELOW, ABOVE = -3.0, 10.0  # points of difference beyond which the text beside the table explains

Record = dict[str, Any]


def collect(folder: Path) -> int:
    """Copy the records of finished runs of the systems as they are now; return how many.

    Quick and shortened runs are left out, and so are those of a configuration that has changed.
    """
    taken = 0
    for record in read_records(folder, say=print):
        if record["quick"] or not _current(record):
            print(f"left out: {record['name']}, {record['protocol']}, seed {record['seed']}")
            continue
        kept = {**record, "history": _by_figure(record["history"])}
        place = FOLDER / record["name"] / f"{record['protocol']}-seed-{record['seed']}.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(kept) + "\n", encoding="utf-8")
        taken += 1
    return taken


def _by_figure(history: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    figures = dict.fromkeys(key for row in history for key in row if key != "epoch")
    return {key: [float(f"{row[key]:.4g}") for row in history if key in row] for key in figures}


def records(name: str, rule: str | None = None) -> list[Record]:
    """Return the records of a system, of one protocol or of all, by seed."""
    paths = sorted((FOLDER / name).glob(f"{rule or '*'}-seed-*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def overview() -> str:
    """Return the table: published beside measured, and by how much they differ."""
    lines = [
        "| Configuration | Figure | Published | As published | Difference "
        "| No speaker in two parts | Seeds | Parameters | Epochs | Minutes |",
        "| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: |",
    ]
    for name in SYSTEMS:
        runs = records(name)
        published = claims_of(load_system(name))
        metric = {"ua": "UA", "accuracy": "accuracy"}.get(published.metric, published.metric)
        claim = _claim(published.value, otherwise="none given")
        if not runs:
            lines.append(f"| `{name}` | {metric} | {claim} | not run | | not run | | | | |")
            continue
        same = [figure(run) for run in runs if run["protocol"] == "published"]
        apart = [figure(run) for run in runs if run["protocol"] == "speaker-disjoint"]
        cells = [
            f"`{name}`",
            metric,
            claim,
            _mean(same),
            _difference(same, published.value),
            _mean(apart),
            _range(list(Counter(run["protocol"] for run in runs).values())),
            f"{runs[0]['parameters']:,}",
            _range([run["epochs"] for run in runs]),
            f"{statistics.mean(run['seconds'] for run in runs) / 60:.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def drawing() -> str:
    """Return the overview as a drawing, in SVG."""
    return to_svg(picture(run for name in SYSTEMS for run in records(name)))


def leak() -> str:
    """Return the table of what copies on both sides are worth."""
    lines = [
        "| Configuration | Published | As published: copies on both sides | Split before copying "
        "| The leak | No speaker in two parts |",
        "| --- | --: | --: | --: | --: | --: |",
    ]
    for name in MEASURED:
        system = _system(name)
        if system.protocol.leak != "copies":
            continue
        found = {rule: [figure(run) for run in records(name, rule)] for rule in RULES}
        leaky, clean = found["published"], found["split-before-copies"]
        worth = f"{_average(leaky) - _average(clean):+.1f}" if leaky and clean else ""
        claim = _claim(claims_of(system).value, otherwise="")
        lines.append(
            f"| `{name}` | {claim} | {_mean(leaky)} | {_mean(clean)} | {worth} "
            f"| {_mean(found['speaker-disjoint'])} |"
        )
    return "\n".join(lines)


def claims() -> str:
    """Return what else the texts claim, beside what was measured as published."""
    lines = [
        "| Configuration | What | Published | As published |",
        "| --- | --- | --: | --: |",
    ]
    for name in SYSTEMS:
        published, runs = claims_of(load_system(name)), records(name, "published")
        rows: list[tuple[str, float, list[float]]] = []
        if published.train_value is not None:
            learnt = [100 * run["train_accuracy"] for run in runs]
            rows.append(("accuracy on the training part", published.train_value, learnt))
        for what, value in published.others.items():
            key = "macro_f1" if "f1" in what else "accuracy"
            rows.append(
                (
                    what.replace("_f1", " F1").replace("f1", "F1, beside macro F1"),
                    value,
                    [100 * run["figures"][key] for run in runs],
                )
            )
        lines += [f"| `{name}` | {what} | {value:g} | {_mean(m)} |" for what, value, m in rows]
    return "\n".join(lines)


def by_corpus() -> str:
    """Return the accuracy on each corpus of the test part, protocol by protocol."""
    runs_of = {name: records(name) for name in SYSTEMS}
    found = dict.fromkeys(
        corpus for name in SYSTEMS for run in runs_of[name] for corpus in run["by_corpus"]
    )
    lines = [
        f"| Configuration | Protocol | {' | '.join(found)} |",
        f"| --- | --- |{' --: |' * len(found)}",
    ]
    for name in SYSTEMS:
        if len(load_system(name).data.corpora) < 2:
            continue
        for rule in RULES:
            runs = records(name, rule)
            if not runs:
                continue
            told = [run["by_corpus"] for run in runs]
            cells = [_mean([100 * by[c]["accuracy"] for by in told if c in by]) for c in found]
            shown = ["" if cell == "not run" else cell for cell in cells]
            lines.append(f"| `{name}` | {rule} | {' | '.join(shown)} |")
    return "\n".join(lines)


def details() -> str:
    """Return every run with its interval, its parts and what they share."""
    lines = [
        "| Configuration | Protocol | Seed | Figure, 95 % interval by speaker | UA | Macro F1 "
        "| On the training part | Rows: train, validation, test | Test rows whose recording is in "
        "training | Test speakers in training |",
        "| --- | --- | --: | --- | --: | --: | --: | --- | --: | --: |",
    ]
    for name in MEASURED:
        for run in records(name):
            figures, rows = run["figures"], run["rows"]
            interval = figures["intervals"].get(run["published"]["metric"])
            ends = ""
            if interval:
                ends = f", {100 * interval['low']:.1f} to {100 * interval['high']:.1f}"
            lines.append(
                f"| `{name}` | {run['protocol']} | {run['seed']} | {figure(run):.1f}{ends} "
                f"| {100 * figures['ua']:.1f} | {100 * figures['macro_f1']:.1f} "
                f"| {100 * run['train_accuracy']:.1f} "
                f"| {rows['train']}, {rows['validation']}, {rows['test']} "
                f"| {run['test_rows_with_their_recording_in_training']} "
                f"| {run['test_speakers_in_training']} of {figures['speakers']} |"
            )
    return "\n".join(lines)


def provenance() -> str:
    """Return the commands, corpora, commits and versions that the records name."""
    runs = [run for name in MEASURED for run in records(name)]
    if not runs:
        return "No run has been recorded yet."
    counts: dict[str, set[int]] = {}
    for run in runs:
        for corpus, count in run["corpora"].items():
            counts.setdefault(corpus, set()).add(count)
    corpora = [f"{corpus} {_range(sorted(found))}" for corpus, found in counts.items()]
    missing = sorted({corpus for run in runs for corpus in run["corpora_missing"]})
    versions = sorted({f"{k} {v}" for run in runs for k, v in run["versions"].items()})
    precisions = sorted({run["precision"] for run in runs})
    processors = sorted({run["processor"] for run in runs})
    by_commit: dict[str, set[str]] = {}
    for run in runs:
        by_commit.setdefault(_short(run["commit"]), set()).add(f"`{run['name']}`")
    commits = [f"{key} ({', '.join(sorted(names))})" for key, names in sorted(by_commit.items())]
    commands = [_command(name) for name in MEASURED if records(name)]
    return "\n".join(
        [
            "```console",
            *(f"$ {command}" for command in commands),
            "```",
            "",
            f"Corpora and clips with a label that the text has: {', '.join(corpora)}. "
            f"Not at hand: {', '.join(missing) or 'none'}.",
            f"Versions: {', '.join(versions)}; Lightning's precision: {', '.join(precisions)}. "
            f"Processor: {'; '.join(processors)}. Commits: {', '.join(commits)}.",
        ]
    )


def speed() -> str:
    """Return what the features and a quick pass cost, as `benchmarks/systems.py` measured it."""
    found = json.loads((FOLDER.parent / "system-speed.json").read_text(encoding="utf-8"))
    ratio = found["librosa_ms"] / found["affekt_ms"]
    lines = [
        "| What | Time |",
        "| --- | --: |",
        f"| `vector-162` of a clip of 3 s, on one core | {found['affekt_ms']:.1f} ms |",
        f"| the same values by librosa, its defaults | {found['librosa_ms']:.1f} ms, "
        f"{ratio:.1f} times as long |",
        f"| `affekt features extract --corpus cremad --set vector-162 --out features.parquet` "
        f"| {found['extraction_s']:.0f} s |",
        f"| `affekt reproduce all --quick --out DIR` | {found['quick_s'] / 60:.1f} minutes |",
        "",
        f"{found['date']}, {found['processor']}, nothing in the cache: "
        "`python benchmarks/systems.py --corpora FOLDER`.",
    ]
    return "\n".join(lines)


def inferred() -> str:
    """Return what each text leaves open and was chosen here."""
    lines: list[str] = []
    for name in SYSTEMS:
        published = claims_of(load_system(name))
        lines.append(f"**`{name}`** ({published.text}).")
        lines.append(" ".join(published.inferred))
        lines.append("")
    return "\n".join(lines)


PARTS: dict[str, Callable[[], str]] = {
    "overview": overview,
    "claims": claims,
    "leak": leak,
    "by corpus": by_corpus,
    "details": details,
    "provenance": provenance,
    "speed": speed,
    "inferred": inferred,
}


def _place(name: str) -> str:
    """Return what the command calls a configuration: a name, or the path of its recipe."""
    return name if name in SYSTEMS else f"recipes/systems/{name}.toml"


def _system(name: str) -> Recipe:
    place = _place(name)
    return load_system(place if name in SYSTEMS else str(ROOT / place))


def _claim(value: float | None, *, otherwise: str) -> str:
    return otherwise if value is None else f"{value:g}"


def _current(record: Record) -> bool:
    """Whether a run was made with what its system's configuration says today."""
    if record["name"] not in MEASURED:
        return False
    system = json.loads(json.dumps(settings_of(_system(record["name"]))))
    kept = record["settings"]
    return all(kept[key] == system[key] for key in kept if key in system)


def _short(commit: str) -> str:
    """Return the beginning of a commit's hash, and whether files differed from it."""
    return commit[:12] + ("-dirty" if commit.endswith("-dirty") else "")


def _command(name: str) -> str:
    seeds = sorted({run["seed"] for run in records(name)})
    chosen = "" if tuple(seeds) == claims_of(_system(name)).seeds else _seeds(seeds)
    return f"affekt reproduce {_place(name)} --out DIR{chosen}"


def _seeds(seeds: Sequence[int]) -> str:
    return "".join(f" --seed {seed}" for seed in seeds)


def _average(figures: Sequence[float]) -> float:
    return statistics.mean(figures)


def _mean(figures: Sequence[float]) -> str:
    if not figures:
        return "not run"
    spread = f" ± {statistics.stdev(figures):.1f}" if len(figures) > 1 else ""
    return f"{_average(figures):.1f}{spread}"


def _difference(figures: Sequence[float], published: float | None) -> str:
    if not figures or published is None:
        return ""
    points = _average(figures) - published
    return f"{points:+.1f}" if BELOW <= points <= ABOVE else f"**{points:+.1f}**"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return str(low) if low == high else f"{low} to {high}"


if __name__ == "__main__":
    print(f"{collect(Path(sys.argv[1]))} runs taken into {FOLDER}")
