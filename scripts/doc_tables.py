"""Tables of the documents, each made from the declarations in the code or from the log."""

from __future__ import annotations

import ast
import csv
import dataclasses
import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from affekt.augment import (
    AUGMENTATIONS,
    IMAGE_AUGMENTATIONS,
    WAVEFORM_AUGMENTATIONS,
    Augmentation,
)
from affekt.corpora import CORPORA, classes_of
from affekt.corpora.tables import COLUMNS
from affekt.emotions import VOCABULARIES
from affekt.evaluation import MEASURED, ORIGINS
from affekt.features import FEATURE_SETS
from affekt.protocols import PROTOCOLS, lockbox_speakers, selection_speakers
from affekt.recognition import Bundle, shipped_bundles
from md import table

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "docs" / "lockbox-log.csv"
LANGUAGES = {
    "en": "English",
    "de": "German",
    "el": "Greek",
    "fa": "Persian",
    "fr": "French",
    "it": "Italian",
    "pl": "Polish",
    "zh": "Mandarin",
}


def read_log() -> list[dict[str, str]]:
    """Return the readings of lockbox speakers, oldest first."""
    if not LOG.exists():
        return []
    return list(csv.DictReader(LOG.read_text(encoding="utf-8").splitlines()))


def releases() -> list[dict[str, str]]:
    """Return the readings that figures are taken from, oldest first: of releases, whole."""
    return [
        row
        for row in read_log()
        if (row["origin"], row["protocol"], row["failed"]) == ("release", "lockbox", "0")
    ]


def latest_readings() -> dict[str, dict[str, str]]:
    """Return the latest reading of each shipped file, by name."""
    last = {row["bundle_sha256"]: row for row in releases()}
    shipped = {name: Bundle.load(path).sha256 for name, path in shipped_bundles().items()}
    return {name: last[digest] for name, digest in shipped.items() if digest in last}


def figures() -> str:
    """UA on the lockbox speakers; each shipped model beside the classes that it answers among."""
    latest = latest_readings()
    asked = {name: _classes_asked(name) for name in latest}
    counts = {name: {corpus: len(asked[name][corpus]) for corpus in MEASURED} for name in latest}
    held_out = lockbox_speakers()
    rows: list[list[object]] = []
    for corpus in MEASURED:
        row: list[object] = [
            f"{CORPORA[corpus].title} ({LANGUAGES[CORPORA[corpus].language]})",
            sum(1 for place, _ in held_out if place == corpus),
        ]
        for name, reading in latest.items():
            classes = counts[name][corpus]
            row += [classes, f"{100 / classes:.1f}", _figure(reading[f"ua_{corpus}"])]
        rows.append(row)
    alike = _alike(asked)
    if len(latest) > 1 and alike:
        mean: list[object] = ["mean where all answer among the same", ""]
        for name, reading in latest.items():
            guessing = sum(100 / counts[name][corpus] for corpus in alike) / len(alike)
            mean += ["", f"{guessing:.1f}", _mean([reading[f"ua_{corpus}"] for corpus in alike])]
        rows.append(mean)
    head = ["recordings", "unheard speakers"]
    for name in latest:
        head += [f"`{name}`: classes", "guessing", "UA"]
    files = "; ".join(
        f"`{name}`: SHA-256 `{row['bundle_sha256'][:12]}`, measured {_day(row)}"
        for name, row in latest.items()
    )
    parts = [table(head, rows, right="lr" + "rrr" * len(latest))]
    if len(latest) > 1 and alike:
        titles = " and ".join(CORPORA[corpus].title for corpus in alike)
        parts.append(
            f"Models can be compared on {titles}: there they answer among the same classes. In the "
            "other rows each answers among those that it knows, and is asked their clips alone."
        )
    return "\n\n".join([*parts, files])


def _classes_asked(name: str) -> dict[str, frozenset[str]]:
    """Return what a shipped model answers each corpus' clips among: emotions known to both."""
    known = frozenset(Bundle.load(name).metadata.labels)
    return {corpus: known.intersection(classes_of(corpus)) for corpus in MEASURED}


def _alike(asked: Mapping[str, Mapping[str, frozenset[str]]]) -> list[str]:
    """Return the corpora that all models answer among the same classes."""
    return [
        corpus for corpus in MEASURED if len({classes[corpus] for classes in asked.values()}) == 1
    ]


def _mean(values: Sequence[str]) -> str:
    return f"{sum(map(float, values)) / len(values):.2f}" if all(values) else "-"


def readings() -> str:
    """Every reading of the lockbox: how many by origin, the models', the others', by run."""
    log = read_log()
    counts = Counter(row["origin"] for row in log)
    told = [[f"`{name}`", counts[name], what] for name, what in ORIGINS.items() if counts[name]]
    models = [
        [
            _day(row),
            _commit(row["commit"]),
            row["protocol"],
            row["bundle"],
            f"`{row['bundle_sha256'][:12]}`",
            row["clips"],
            row["failed"],
            _figure(row["mean_of_eight"]),
            _figure(row["mean_of_five"]),
        ]
        for row in log
        if row["origin"] == "release"
    ]
    others = [
        [_day(row), row["origin"], row["bundle"], row["protocol"], _uas(row), row["note"]]
        for row in log
        if row["origin"] in ("user", "reference", "probe", "study")
    ]
    heads = (
        *("date", "commit", "protocol", "bundle", "SHA-256", "clips", "failed", "mean of 8"),
        "mean of 5",
    )
    return "\n\n".join(
        [
            f"{len(log)} readings are in the log:",
            table(("origin", "rows", "what was measured"), told, right="lrl"),
            "Of releases:",
            table(heads, models, right="lllllrrrr"),
            "A mean is of one model's own classes: models that know other emotions are asked other "
            "clips, and their means are no comparison.",
            "Of anything else, UA in percent:",
            table(("date", "origin", "what", "tested", "UA", "remark"), others),
            "Of the configurations of [reproductions](reproductions.md):",
            _reproduced([row for row in log if row["origin"] == "reproduction"]),
        ]
    )


def _reproduced(rows: Sequence[Mapping[str, str]]) -> str:
    """Count the rows of each configuration, a column a protocol."""
    runs = Counter((row["bundle"].partition(", seed")[0], row["protocol"]) for row in rows)
    protocols = list(dict.fromkeys(protocol for _, protocol in runs))
    counted = [
        [f"`{name}`", *(runs[name, protocol] or "-" for protocol in protocols)]
        for name in dict.fromkeys(name for name, _ in runs)
    ]
    heads = [protocol.removeprefix("reproduce: ") for protocol in protocols]
    return table(("configuration", *heads), counted, right="l" + "r" * len(heads))


def _day(row: Mapping[str, str]) -> str:
    return row["date"].partition("T")[0]


def _uas(row: Mapping[str, str]) -> str:
    mean = [f"mean {row['mean_of_eight']}"] if row["mean_of_eight"] else []
    each = [f"{name} {row[f'ua_{name}']}" for name in MEASURED if row[f"ua_{name}"]]
    return ", ".join([*mean, *each]) or "-"


def floors() -> str:
    """What was asked of the models, and what the latest reading says."""
    text = (ROOT / "src/affekt/evaluation/floors.toml").read_text(encoding="utf-8")
    latest = latest_readings()
    rows = []
    for model, asked in tomllib.loads(text).items():
        row = latest.get(model, {})
        for name, least in asked.items():
            title = CORPORA[name].title if name in CORPORA else name
            key = f"ua_{name}" if name in CORPORA else name.replace(" ", "_")
            measured = row.get(key, "")
            verdict = "" if not measured else "yes" if float(measured) >= least else "no"
            rows.append([f"`{model}`", title, f"{least:.1f}", _figure(measured), verdict])
    return table(("model", "on", "asked, UA %", "measured", "reached"), rows, right="llrrl")


def corpora() -> str:
    """The corpora as they declare themselves."""
    rows = [
        [
            f"`{corpus.name}`",
            f"[{corpus.title}]({corpus.access.url})",
            LANGUAGES[corpus.language],
            corpus.official.files or "-",
            corpus.official.speakers,
            ", ".join(corpus.classes),
            corpus.licence.id.removeprefix("LicenseRef-"),
            f"`affekt corpora get {corpus.name}`" if corpus.access.remotes else "on request",
        ]
        for corpus in CORPORA.values()
    ]
    head = ("name", "corpus", "language", "files", "speakers", "labels", "licence", "obtain")
    return table(head, rows, right="lllrrlll")


def columns() -> str:
    """What a table of recordings may tell, and the names of its columns."""
    rows = [[told, ", ".join(f"`{name}`" for name in names)] for told, names in COLUMNS.items()]
    return table(("what", "names of the column"), rows)


def faults() -> str:
    """What is known to be wrong with the published files."""
    rows = [
        [
            corpus.title,
            fault.kind,
            " = ".join(f"`{name}`" for name in (fault.name, fault.other) if name),
            fault.note,
        ]
        for corpus in CORPORA.values()
        for fault in corpus.faults
    ]
    return table(("corpus", "kind", "file", "remark"), rows)


def vocabularies() -> str:
    """The vocabularies that `--emotions` offers."""
    rows = [[size, ", ".join(labels)] for size, labels in VOCABULARIES.items()]
    return table(("`--emotions`", "labels"), rows, right="rl")


def protocols() -> str:
    """The protocols of `affekt evaluate`."""
    rows = [
        [f"`{item.name}`", item.description, len(item.tested()) or "-"]
        for item in PROTOCOLS.values()
    ]
    kept = len(lockbox_speakers()) + sum(
        len(selection_speakers(use)) for use in ("select", "calibrate")
    )
    note = f"The tables name {kept} speakers of a corpus; the others are learnt from."
    return f"{table(('protocol', 'tests', 'speakers'), rows, right='llr')}\n\n{note}"


def augmentations() -> str:
    """The augmentations a recipe may name, with their settings."""
    return _augmentations(AUGMENTATIONS)


def other_augmentations() -> str:
    """The augmentations of images and of waveforms, with their settings."""
    return (
        f"Of spectrogram images:\n\n{_augmentations(IMAGE_AUGMENTATIONS)}\n\n"
        f"Of waveforms:\n\n{_augmentations(WAVEFORM_AUGMENTATIONS)}"
    )


def _augmentations(known: Mapping[str, type[Augmentation]]) -> str:
    rows = []
    for name, kind in known.items():
        settings = [
            f"`{item.name}`{_default(item)}"
            for item in dataclasses.fields(kind)
            if item.name not in ("probability", "sampling_rate_hz")
        ]
        rows.append([f"`{name}`", _first_line(kind.__doc__), ", ".join(settings)])
    return table(("name", "what it does", "settings and defaults"), rows)


def feature_sets() -> str:
    """The feature sets, with what each is made of."""
    rows = [
        [
            f"`{item.name}`",
            item.form,
            " x ".join(str(size) for size in item.shape),
            item.version,
            item.description,
        ]
        for item in FEATURE_SETS.values()
    ]
    return table(("set", "form", "shape", "version", "how it is made"), rows, right="llrrl")


def rooms() -> str:
    """The rooms by the layers of the import rules, top first, and what each says of itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(
        item for item in project["tool"]["importlinter"]["contracts"] if item["type"] == "layers"
    )
    rows = [
        [f"`{room}`", level, _first_line(_docstring(room))]
        for level, room in _levels(contract["layers"])
    ]
    return table(("room", "level", "what it is"), rows, right="lrl")


def _levels(layers: list[str]) -> Iterable[tuple[int, str]]:
    for depth, layer in enumerate(layers):
        for room in layer.replace(":", "|").split("|"):
            yield len(layers) - depth, room.strip()


def _docstring(room: str) -> str | None:
    package = ROOT / "src" / "affekt"
    path = package / f"{room}.py"
    path = path if path.exists() else package / room / "__init__.py"
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def _first_line(text: str | None) -> str:
    return (text or "").strip().split("\n\n")[0].replace("\n", " ")


def _default(item: dataclasses.Field[object]) -> str:
    if item.default is not dataclasses.MISSING:
        return f" = {item.default}"
    if item.default_factory is not dataclasses.MISSING:
        return f" = {item.default_factory()}"
    return ""


def _commit(name: str) -> str:
    commit, _, changed = name.partition("-")
    return f"`{commit[:10]}`{' and changes' if changed else ''}"


def _figure(value: str) -> str:
    """Return a figure as the log has it: rounded once more it might differ from the report's."""
    return value or "-"


def relevance() -> str:
    """Whether silencing what was relevant costs more than silencing anything, by corpus."""
    lockbox, select = (
        json.loads((ROOT / "docs" / "relevance" / f"{part}.json").read_text(encoding="utf-8"))
        for part in ("lockbox", "select")
    )
    whole, chosen_on = lockbox["rows"][-1], select["rows"][-1]
    held_out = Bundle.load("default").metadata.held_out
    learnt = any(who not in held_out[name] for name, who in selection_speakers("select"))
    taught = " and from whom the model learnt in the end" if learnt else ""
    rows = [
        [
            row["corpus"],
            row["clips"],
            f"{100 * row['share']:.1f} % ({_ends(row)})",
            f"{row['fall_by_relevance']:.3f}",
            f"{row['fall_by_chance']:.3f}",
        ]
        for row in lockbox["rows"]
    ]
    heads = ["corpus", "clips", "share of clips", "mean fall by relevance", "by chance"]
    return "\n".join(
        [
            f"It does on **{100 * whole['share']:.1f} %** of the lockbox clips (95 % interval by "
            f"speaker {_ends(whole)}), with `{lockbox['model']}`; on `select` speakers, on whom "
            f"everything was settled{taught}, on {100 * chosen_on['share']:.1f} %.",
            "",
            table(heads, rows, right="lrlrr"),
            "",
            f"Read on {lockbox['date']}, seed {lockbox['seed']}. Left out for being longer than "
            f"{lockbox['left_out_longer_than_s']:.0f} s: {lockbox['left_out'] or 'none'}.",
        ]
    )


def leaks() -> str:
    """What each leak adds to the figure of one and the same network."""
    found = json.loads((ROOT / "docs" / "leaks.json").read_text(encoding="utf-8"))
    rows, before = [], None
    for row in found["rows"]:
        ua = 100 * row["ua"]
        worth = "" if before is None else f"{ua - before:+.1f}"
        rows.append([row["leak"], f"{ua:.1f} ± {100 * row['deviation']:.1f}", worth])
        before = ua
    title = CORPORA[found["corpus"]].title
    return "\n".join(
        [
            table(("leak, on top of those above", "UA %", "points"), rows, right="lrr"),
            "",
            f"{title}, {found['clips']} clips of {found['speakers']} speakers, "
            f"`{found['features']}`, {found['folds']} folds, mean and standard deviation over "
            f"{len(found['seeds'])} seeds; {found['date']}, "
            "`python benchmarks/leaks.py --corpora FOLDER`.",
        ]
    )


def copies() -> str:
    """How many planted copies an audit finds, by kind and by the tool that made them."""
    found = json.loads((ROOT / "docs" / "copies.json").read_text(encoding="utf-8"))
    rows = []
    for row in found["rows"]:
        share = 100 * (row["certain"] + row["suspected"]) / row["copies"]
        counts = (row[name] for name in ("kind", "tool", "copies", "certain", "suspected"))
        rows.append([*counts, f"{share:.0f}"])
    return "\n".join(
        [
            table(
                ("copy", "made by", "copies", "certain", "suspected", "found %"),
                rows,
                right="llrrrr",
            ),
            "",
            f"One clip each of {found['speakers']} speakers. Among {found['pairs']} pairs in which "
            f"one speaker says one sentence twice, {found['pairs_taken']} were taken for copies; "
            f"{found['date']}, `python benchmarks/copies.py --write`.",
        ]
    )


def _ends(row: Mapping[str, Any]) -> str:
    if row["speakers"] < 5:  # too few to draw from
        return "1 speaker" if row["speakers"] == 1 else f"{row['speakers']} speakers"
    if row["interval"] is None:
        return "all draws agree"
    low, high = row["interval"]
    return f"{100 * low:.1f} to {100 * high:.1f}"
