"""The cards of the shipped models, from what the files say of themselves and their reports."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import report_card
from affekt.corpora import CORPORA
from affekt.evaluation.figures import percent
from affekt.recognition import Bundle, encoder_terms, shipped_bundles
from affekt.recognition.bundles import BundleMetadata
from doc_tables import LANGUAGES
from md import table


def overview() -> str:
    """Return the table of the shipped models."""
    rows = []
    for name, path in shipped_bundles().items():
        bundle = Bundle.load(path)
        metadata = bundle.metadata
        rows.append(
            [
                f"[`{name}`]({name}.md)",
                metadata.version,
                ", ".join(metadata.labels),
                ", ".join(str(item["corpus"]) for item in metadata.training_data),
                f"{bundle.size_bytes / 1e6:.1f} MB",
                metadata.licence,
            ]
        )
    return table(("model", "version", "labels", "learnt from", "size", "licence"), rows)


def choices() -> str:
    """Return the table that a model is chosen by: terms, languages and size."""
    rows = []
    for name, path in shipped_bundles().items():
        bundle = Bundle.load(path)
        heard = {CORPORA[str(item["corpus"])].language for item in bundle.metadata.training_data}
        rows.append(
            [
                f"[`{name}`](models/{name}.md)",
                bundle.metadata.licence,
                ", ".join(sorted(LANGUAGES[code] for code in heard)),
                str(len(bundle.metadata.training_data)),
                ", ".join(bundle.metadata.labels),
                f"{bundle.size_bytes / 1e6:.1f} MB",
            ]
        )
    return table(("model", "terms", "languages", "corpora", "labels", "size"), rows)


def limitations() -> str:
    """Return what the reports of the shipped models warn of, model by model."""
    parts = []
    for name, path in shipped_bundles().items():
        bundle = Bundle.load(path)
        report = report_card.read_report(name, bundle.sha256)
        if report is not None:
            parts += [
                f"## What the report of `{name}` {bundle.metadata.version} warns of",
                report_card.warnings(report),
            ]
    return "\n\n".join(parts)


def card(name: str) -> str:
    """Return the card of a shipped model in Markdown."""
    bundle = Bundle.load(name)
    metadata = bundle.metadata
    report = report_card.read_report(name, bundle.sha256)
    told = report["figures"]["protocol"] if report else None
    figures = {kind: values for kind, values in metadata.figures.items() if kind != told}
    facts = [
        ("labels", ", ".join(metadata.labels)),
        ("file", f"`{name}.onnx`, {bundle.size_bytes / 1e6:.1f} MB"),
        ("SHA-256", f"`{bundle.sha256}`"),
        ("made", metadata.created),
        ("licence of the weights", metadata.licence),
        ("what may be done with it", _use(metadata)),
        *(
            (("begins with", f"{encoder.name}, {encoder.licence}"),)
            if (encoder := encoder_terms(metadata.recipe))
            else ()
        ),
        ("uncertain below", f"{metadata.threshold:.3f}"),
        *_calibration(metadata),
    ]
    sections = [
        f"# Model `{name}` {metadata.version}",
        metadata.description,
        table(("", ""), facts),
        "## Not for",
        "\n".join(f"- {use}" for use in metadata.not_for),
        "## Learnt from",
        _records(metadata.training_data),
        "## Speakers it never heard",
        table(
            ("corpus", "speakers"),
            [(corpus, ", ".join(map(str, who))) for corpus, who in metadata.held_out.items()],
        ),
        *(report_card.sections(report) if report else ()),
        *(_own_figures(figures) if figures else ()),
        f"## Licence of the weights\n\n{metadata.licence}",
        re.sub(r"^#", "###", bundle.licence_text.strip(), flags=re.MULTILINE),
        "## Recipe",
        f"```json\n{json.dumps(metadata.recipe, indent=2, ensure_ascii=False)}\n```",
    ]
    return "\n\n".join(sections) + "\n"


def _use(metadata: BundleMetadata) -> str:
    """Say in one line what the terms of the recordings let people do, on our reading."""
    terms = {str(item["corpus"]): CORPORA[str(item["corpus"])] for item in metadata.training_data}
    closed = [of.title for of in terms.values() if not of.licence.commercial]
    if closed:
        return (
            "research and other non-commercial use; no commercial use by the terms of "
            f"{', '.join(closed)}"
        )
    return (
        "any use, commercial use included, on our reading of the terms of "
        f"{', '.join(of.title for of in terms.values())}; the licence below says under which duties"
    )


def _calibration(metadata: BundleMetadata) -> list[tuple[str, str]]:
    if metadata.calibration is None or metadata.prediction_set is None:
        return [("temperature", f"{metadata.temperature:.3f}")]
    fit, sets = metadata.calibration, metadata.prediction_set
    least, most = min(fit["temperatures"].values()), max(fit["temperatures"].values())
    temperature = f"{least:.3f}"
    if least < most:
        temperature += f" to {most:.3f}, by how many speakers were heard of what a clip resembles"
    return [
        ("calibrated on", f"{fit['clips']} clips of {fit['speakers']} speakers set apart"),
        ("temperature", temperature),
        (
            f"sets that promise {percent(sets.coverage)} %",
            percent(1.0 - sets.quantile) + " % or more",
        ),
        ("out of domain", f"novelty above 1, {percent(fit['false_alarms'])} % of those clips"),
    ]


def _own_figures(figures: Mapping[str, Any]) -> list[str]:
    return [
        "## Figures",
        "Shares from 0 to 1, speakers never shared with training. `ua` is the unweighted average "
        "recall and `wa` the accuracy, answered among the corpus' own classes; `_all` among all "
        "labels of the model. [Evaluation](../evaluation.md) says how they were measured.",
        *(_figures(kind, values) for kind, values in figures.items()),
    ]


def _records(records: tuple[dict[str, Any], ...]) -> str:
    keys = list(dict.fromkeys(key for record in records for key in record))
    rows = [[record.get(key, "") for key in keys] for record in records]
    return table(keys, rows, right="".join("r" if _numeric(records, key) else "l" for key in keys))


def _figures(kind: str, values: Any) -> str:
    if not isinstance(values, Mapping):
        return f"{kind}: {values}"
    nested = {name: item for name, item in values.items() if isinstance(item, Mapping)}
    if len(nested) < len(values):
        rows = [(name, _text(item)) for name, item in values.items()]
        return f"### {kind}\n\n{table(('corpus', 'value'), rows, right='lr')}"
    keys = list(dict.fromkeys(key for item in nested.values() for key in item))
    rows_of = [(name, *(_text(item.get(key, "")) for key in keys)) for name, item in nested.items()]
    return f"### {kind}\n\n{table(('corpus', *keys), rows_of, right='l' + 'r' * len(keys))}"


def _numeric(records: tuple[dict[str, Any], ...], key: str) -> bool:
    return all(isinstance(record.get(key, 0), int | float) for record in records)


def _text(value: Any) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)
