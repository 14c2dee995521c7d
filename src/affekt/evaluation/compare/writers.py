"""A comparison as text or Markdown for people, as JSON with everything, and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence

from affekt.evaluation.answered import constant_facts, unanswered_facts
from affekt.evaluation.compare.comparison import MEAN, Comparison, Difference, SharedFigures
from affekt.evaluation.compare.references import FIGURES, ReferenceRow
from affekt.evaluation.figures import (
    ends,
    percent,
    speaker_count,
    spoken,
)
from affekt.evaluation.writers import (
    SHARES,
    csv_known,
    leak_facts,
    mark_of,
    protocol_facts,
    source_facts,
)
from affekt.report import Document, Facts, Section, Table, as_markdown, as_text
from affekt.text import csv_record

CSV_COLUMNS = (
    "row", "protocol", "corpus", "scoring", "figure", "model", "other", "value", "low", "high",
    "p_value", "clips", "speakers", "match", "comparable", "reason", "source", "new_speakers",
    "model_letter", "other_letter",
)  # fmt: skip


def to_json(comparison: Comparison) -> str:
    """Return the whole comparison as one JSON object; shares lie between 0 and 1."""
    return json.dumps(comparison.to_dict(), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def to_csv(comparison: Comparison) -> str:
    """Return one row a figure, a difference, and a published figure and model.

    Shares lie between 0 and 1. `row` says what a row is: "figure" counts clips that a model did
    not answer as wrong, "figure of answered" leaves out what any of them did not answer. The
    letters tell models of one title apart, A the first.
    """
    text = io.StringIO()
    rows = csv.DictWriter(text, CSV_COLUMNS, restval="", lineterminator="\n")
    rows.writeheader()
    first = comparison.reports[0]
    stamp = {"protocol": first.protocol}
    titles = [report.bundle for report in comparison.reports]
    for found in (
        _csv_figures(comparison, "figure", comparison.shared),
        _csv_figures(comparison, "figure of answered", comparison.answered_by_all),
        _csv_differences(comparison, titles),
        _csv_references(comparison, titles),
    ):
        rows.writerows(csv_record(stamp | row) for row in found)
    return text.getvalue()


def to_text(comparison: Comparison) -> str:
    """Return the comparison for a terminal, figures in percent."""
    return as_text(_sections(comparison))


def to_markdown(comparison: Comparison) -> str:
    """Return the comparison as a Markdown page, figures in percent."""
    titles = ", ".join(report.bundle for report in comparison.reports)
    title = f"{titles} under {comparison.reports[0].protocol}"
    return as_markdown(Document(title, tuple(_sections(comparison))))


WRITERS: dict[str, Callable[[Comparison], str]] = {
    "text": to_text,
    "json": to_json,
    "md": to_markdown,
    "csv": to_csv,
}


def letter(model: int) -> str:
    """Return what a model is called in the tables: A, B, ... Z, then numbers."""
    return chr(ord("A") + model) if model < 26 else str(model + 1)


def _called(comparison: Comparison, model: int) -> str:
    """Return the letter of a model, marked where it is tested on training speakers."""
    return letter(model) + mark_of(comparison.reports[model])


def _sections(comparison: Comparison) -> Iterator[Section]:
    first = comparison.reports[0]
    facts = [
        *protocol_facts(first),
        ("date", f"{first.date}, Affekt {first.affekt_version}"),
        ("tested on", spoken(first.clips, first.speakers, known=first.speakers_known)),
    ]
    yield Section("", (Facts(tuple(facts)),))
    for place, report in enumerate(comparison.reports):
        facts = source_facts(report)
        facts += leak_facts(report.leaks) if report.leaks else ()
        facts += unanswered_facts(report)
        facts += constant_facts(report.corpora)
        if report.log is not None:
            facts.append(("log", report.log))
        yield Section(f"Model {_called(comparison, place)}", (Facts(tuple(facts)),))
    yield _side_by_side(comparison)
    if comparison.answered_by_all:
        shown = _figures(comparison, comparison.answered_by_all)
        yield Section("", ("The same on the clips that every model answered:", shown))
    if comparison.differences:
        yield _differences(comparison)
    yield from _references(comparison)


def _side_by_side(comparison: Comparison) -> Section:
    lines = [
        "Percent, on the clips whose class all models know. own: among the corpus' classes that "
        "they all know; all: among all labels of each."
    ]
    for item in comparison.left_out:
        classes = ", ".join(f"{label} {count}" for label, count in item.unknown_class.items())
        lines.append(f"left out of {item.corpus}: a model does not know {classes}")
    lines += [
        f"counted as wrong in {of.corpus}: {_called(comparison, of.model)} did not answer "
        f"{of.clips} clips"
        for of in comparison.unanswered
    ]
    return Section("Side by side", (*lines, _figures(comparison, comparison.shared)))


def _figures(comparison: Comparison, figures: Sequence[SharedFigures]) -> Table:
    header = ["corpus", "scoring", "model", "clips", "speakers", "classes", "UA", "95 % interval",
              "WA", "95 % interval", "macro F1", "weighted F1"]  # fmt: skip
    order = list(dict.fromkeys((item.corpus, item.scoring) for item in figures))
    items = sorted(figures, key=lambda item: (order.index((item.corpus, item.scoring)), item.model))
    speakers_unknown = comparison.reports[0].speakers_unknown
    rows = [
        _shared_row(
            item, _called(comparison, item.model), known=item.corpus not in speakers_unknown
        )
        for item in items
    ]
    return Table.of([header, *rows], words=(0, 1, 2))


def _shared_row(item: SharedFigures, model: str, *, known: bool) -> list[str]:
    mean = item.corpus == MEAN  # which has no interval
    return [
        item.corpus,
        item.scoring,
        model,
        str(item.clips),
        speaker_count(item.speakers, known=known),
        str(item.classes),
        percent(item.ua),
        "" if mean else ends(item.ua_interval, item.speakers, known=known),
        percent(item.wa),
        "" if mean else ends(item.wa_interval, item.speakers, known=known),
        percent(item.macro_f1),
        percent(item.weighted_f1),
    ]


def _differences(comparison: Comparison) -> Section:
    tests = len(comparison.differences)
    about = (
        "Points of the first less the second. p: how often swapping their answers speaker by "
        f"speaker makes as large a difference, two-sided; one of {tests} tests, not corrected "
        "for their number. least: no p of so few speakers is smaller."
    )
    header = ["corpus", "scoring", "figure", "models", "difference", "p", "least", "speakers", ""]
    speakers_unknown = comparison.reports[0].speakers_unknown
    rows = [
        _difference_row(
            item,
            f"{_called(comparison, item.first)} - {_called(comparison, item.second)}",
            known=item.corpus not in speakers_unknown,
        )
        for item in comparison.differences
    ]
    return Section("Differences", (about, Table.of([header, *rows], words=(0, 1, 2, 3, 8))))


def _difference_row(item: Difference, models: str, *, known: bool) -> list[str]:
    test = item.test
    none = "1 speaker, no test" if known else "speakers unknown, no test"
    how = "all swaps" if test.exact else f"{test.permutations} swaps drawn"
    return [
        item.corpus,
        item.scoring,
        item.figure.upper(),
        models,
        f"{100.0 * test.difference:+.1f}",
        _p(test.p_value),
        _p(test.least_p),
        speaker_count(test.speakers, known=known),
        none if test.p_value is None else how,
    ]


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _references(comparison: Comparison) -> Iterator[Section]:
    for corpus in dict.fromkeys(row.reference.corpus for row in comparison.references):
        rows = [row for row in comparison.references if row.reference.corpus == corpus]
        header = ["published", "UA", "WA", "macro F1", "protocol there", "compared with here",
                  "may be compared", "source"]  # fmt: skip
        called = [_called(comparison, place) for place in range(len(comparison.reports))]
        body = [_reference_row(row, called) for row in rows]
        measured = ", ".join(
            f"{called[place]} UA {percent(own.ua)}, WA {percent(own.wa)}"
            for place, report in enumerate(comparison.reports)
            for item in report.corpora
            if item.corpus == corpus and (own := item.scoring("own")) is not None
        )
        yield Section(
            f"Published on {corpus}",
            (
                f"Percent. Measured here, own classes: {measured}.",
                Table.of([header, *body], words=(0, 4, 5, 6, 7)),
            ),
        )


def _reference_row(row: ReferenceRow, called: Sequence[str]) -> list[str]:
    published = [percent(row.reference.figures.get(name)) for name in FIGURES]
    verdicts = [item.verdict + (f" ({item.reason})" if item.reason else "") for item in row.models]
    if len(set(verdicts)) == 1:
        said = verdicts[0]
    else:
        said = "; ".join(
            f"{name} {verdict}" for name, verdict in zip(called, verdicts, strict=True)
        )
    reference = row.reference
    return [reference.system, *published, reference.protocol, row.match, said, reference.source]


def _csv_figures(
    comparison: Comparison, kind: str, figures: Sequence[SharedFigures]
) -> Iterator[dict[str, object]]:
    for item in figures:
        for name in SHARES:
            interval = getattr(item, f"{name}_interval")
            yield {
                "row": kind,
                "corpus": item.corpus,
                "scoring": item.scoring,
                "figure": name,
                "model": comparison.reports[item.model].bundle,
                "model_letter": letter(item.model),
                "new_speakers": csv_known(comparison.new_speakers(item.model)),
                "value": f"{getattr(item, name):.6f}",
                "low": f"{interval.low:.6f}" if interval else "",
                "high": f"{interval.high:.6f}" if interval else "",
                "clips": item.clips,
                "speakers": item.speakers,
            }


def _csv_differences(comparison: Comparison, titles: list[str]) -> Iterator[dict[str, object]]:
    for item in comparison.differences:
        p_value = item.test.p_value
        yield {
            "row": "difference",
            "corpus": item.corpus,
            "scoring": item.scoring,
            "figure": item.figure,
            "model": titles[item.first],
            "other": titles[item.second],
            "model_letter": letter(item.first),
            "other_letter": letter(item.second),
            "new_speakers": csv_known(comparison.new_speakers(item.first, item.second)),
            "value": f"{item.test.difference:.6f}",
            "p_value": "" if p_value is None else f"{p_value:.6f}",
            "speakers": item.test.speakers,
        }


def _csv_references(comparison: Comparison, titles: list[str]) -> Iterator[dict[str, object]]:
    for row in comparison.references:
        for place, (title, verdict) in enumerate(zip(titles, row.models, strict=True)):
            for name, share in row.reference.figures.items():
                yield {
                    "row": "reference",
                    "corpus": row.reference.corpus,
                    "scoring": "own",
                    "figure": name,
                    "model": title,
                    "model_letter": letter(place),
                    "new_speakers": csv_known(comparison.new_speakers(place)),
                    "other": row.reference.system,
                    "value": f"{share:.6f}",
                    "match": row.match,
                    "comparable": verdict.verdict,
                    "reason": verdict.reason,
                    "source": row.reference.source,
                }
