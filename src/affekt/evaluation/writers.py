"""A report as text or Markdown for people, as JSON with everything, and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from affekt.evaluation.answered import answered_cells, constant_facts, unanswered_facts
from affekt.evaluation.figures import (
    CorpusFigures,
    IntensityFigures,
    Scoring,
    ends,
    figure,
    listed_speakers,
    percent,
    speaker_count,
    spoken,
)
from affekt.evaluation.overlap import Leaks
from affekt.evaluation.people import GroupFigures
from affekt.evaluation.report import SCHEMA_VERSION, Report
from affekt.report import Block, Document, Facts, Section, Table, as_markdown, as_text
from affekt.text import csv_record

MARK = "*"
TRAINED_ON = "training may have used speakers or recordings under test"
MARKED = (
    f"every figure marked {MARK} is of a model whose {TRAINED_ON}: where it holds these, it is no "
    "measure of new speakers"
)
SHARES = ("ua", "wa", "macro_f1", "weighted_f1")
CSV_COLUMNS = (
    "protocol", "bundle", "bundle_sha256", "date", "affekt_version", "corpus", "scoring",
    "clips", "failed", "speakers", "classes", "ua", "ua_low", "ua_high", "wa", "macro_f1",
    "weighted_f1", "ece", "brier", "nll", "log", "wa_low", "wa_high", "macro_f1_low",
    "macro_f1_high", "weighted_f1_low", "weighted_f1_high", "attribute", "group", "new_speakers",
    "training_data_declared_by", "leaked_files", "leaked_copies", "leaked_speakers",
    "leaked_sentences", "constant", "constant_share", "answered",
    *(f"{name}_answered" for name in SHARES), "training_speakers",
    "intensity_correlation",
)  # fmt: skip
# Of attributes with more groups, people are shown the lowest and the highest; files hold all.
_MOST_GROUPS = 12
_SHOWN_ENDS = 4


def to_json(report: Report) -> str:
    """Return the whole report as one JSON object; shares lie between 0 and 1."""
    values = {"schema_version": SCHEMA_VERSION} | report.to_dict()
    return json.dumps(values, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def to_csv(report: Report) -> str:
    """Return one row for every corpus and scoring, then one a group; shares from 0 to 1.

    A corpus of which no clip could be scored keeps a row, without figures.
    """
    text = io.StringIO()
    rows = csv.DictWriter(text, CSV_COLUMNS, restval="", lineterminator="\n")
    rows.writeheader()
    stamp = {
        name: getattr(report, name)
        for name in ("protocol", "bundle", "bundle_sha256", "date", "affekt_version", "log")
    } | {"new_speakers": csv_known(report.new_speakers)}
    if report.leaks is not None:
        stamp["training_data_declared_by"] = report.leaks.declared_by
        for name in ("files", "copies", "speakers", "sentences"):
            stamp[f"leaked_{name}"] = csv_known(getattr(report.leaks, name))
    for figures in report.corpora:
        heads = {
            "corpus": figures.corpus,
            "failed": figures.failed,
            "speakers": len(figures.speakers),
            "training_speakers": csv_known(report.training_speakers[figures.corpus]),
        }
        calibration = {
            name: f"{getattr(figures.calibration, name):.6f}"
            for name in ("ece", "brier", "nll")
            if figures.calibration is not None
        }
        if figures.intensity is not None:
            calibration["intensity_correlation"] = f"{figures.intensity.correlation:.6f}"
        for item in figures.scorings:
            row: dict[str, object] = {
                "scoring": item.name,
                "clips": item.clips,
                "answered": item.answered,
                "classes": len(item.classes),
            }
            if item.constant is not None:
                row |= {
                    "constant": item.constant.label,
                    "constant_share": f"{item.constant.share:.6f}",
                }
            if alone := item.answered_alone:
                row |= {f"{name}_answered": f"{getattr(alone, name):.6f}" for name in SHARES}
            rows.writerow(csv_record(stamp | heads | row | csv_shares(item) | calibration))
        if not figures.scorings:
            rows.writerow(csv_record(stamp | heads | {"clips": 0}))
    for group in report.groups:
        heads = {
            name: getattr(group, name)
            for name in (
                *("scoring", "corpus", "attribute", "group", "clips", "speakers", "classes"),
            )
        }
        heads["training_speakers"] = csv_known(report.training_speakers[group.corpus])
        rows.writerow(csv_record(stamp | heads | csv_shares(group)))
    return text.getvalue()


def csv_known(value: bool | int | None) -> str:
    """Return what may be unknown as a cell, in the words of JSON: null is no empty cell."""
    return json.dumps(value)


def csv_shares(figures: object) -> dict[str, str]:
    """Return the four figures and the ends of their intervals as cells."""
    cells = {}
    for name in SHARES:
        cells[name] = f"{getattr(figures, name):.6f}"
        interval = getattr(figures, f"{name}_interval")
        if interval is not None:
            cells |= {f"{name}_low": f"{interval.low:.6f}", f"{name}_high": f"{interval.high:.6f}"}
    return cells


def to_text(report: Report) -> str:
    """Return the report for a terminal, figures in percent."""
    return as_text(_sections(report))


def to_markdown(report: Report) -> str:
    """Return the report as a Markdown page, figures in percent."""
    title = f"{report.bundle} under {report.protocol}"
    return as_markdown(Document(title, tuple(_sections(report))))


WRITERS: dict[str, Callable[[Report], str]] = {
    "text": to_text,
    "json": to_json,
    "md": to_markdown,
    "csv": to_csv,
}


def protocol_facts(report: Report) -> list[tuple[str, str]]:
    """Return what protocol was measured under, and what that does not allow to say."""
    facts = [
        (
            "protocol",
            f"{report.protocol} v{report.protocol_version}: {report.protocol_description}",
        )
    ]
    if not report.speakers_apart:
        facts.append(("WARNING", "no figure here says anything of new speakers"))
    if report.lockbox and report.protocol != "lockbox":
        kept = listed_speakers(report.lockbox)
        facts.append(("lockbox", f"choose nothing by figures that hold these: {kept}"))
    return facts


def source_facts(report: Report) -> list[tuple[str, str]]:
    """Return which file was measured, and what speaks against its figures."""
    facts = [
        ("bundle" if report.kind == "bundle" else "model", report.bundle),
        ("file", report.bundle_path),
        ("sha-256", report.bundle_sha256),
    ]
    if report.kind != "bundle":
        facts.insert(1, ("kind", report.kind))
    if report.training_speakers_tested:
        facts.append(
            (
                "WARNING",
                "these may be training speakers: "
                + listed_speakers(report.training_speakers_tested),
            )
        )
    if report.tests_training_speakers:
        facts.append(("WARNING", MARKED))
    if not report.training_data_known:
        facts.append(
            ("training", "unknown, and so is whether speakers under test are training speakers")
        )
    if report.unknown_origin:
        named = ", ".join(report.unknown_origin)
        facts.append(("training", f"whether speakers of {named} are training speakers is unknown"))
    return facts


def leak_facts(leaks: Leaks) -> list[tuple[str, str]]:
    """Return what the clips under test share with those that were learnt from."""
    named = ", ".join(leaks.not_compared)
    if not leaks.learnt:
        why = {
            "model": f"no recording that it learnt from is known to be at hand (of {named}); "
            "--corpora or AFFEKT_CORPORA says where they lie",
            "protocol": "the model does not say what it learnt from, and the protocol has no "
            "training part here",
        }
        return [("leaks", f"not checked: {why[leaks.declared_by]}")]
    whose = {
        "model": "that it may have learnt from, by its own word",
        "protocol": "of the protocol's training parts (what the model learnt from is unknown)",
    }[leaks.declared_by]
    shared = {
        "learnt from themselves": leaks.files,
        "by speakers of these": leaks.speakers,
        "saying a sentence of these": leaks.sentences,
    }
    counts = {what: "unknown" if count is None else count for what, count in shared.items()}
    counts["copies of recordings among these"] = (
        "not checked" if leaks.copies is None else leaks.copies
    )
    text = "; ".join(f"{what}: {count}" for what, count in counts.items())
    if named:
        text += f"; not checked, for no clip of theirs is among these: {named}"
    facts = [
        ("leaks", f"{leaks.tested} under test beside {leaks.learnt} clips {whose}; {text}"),
    ]
    facts += [
        ("WARNING", f"{item.tested} is a copy ({item.kind}) of {item.learnt}")
        for item in leaks.examples
    ]
    return facts


def _sections(report: Report) -> Iterator[Section]:
    yield _stamp(report)
    mark = mark_of(report)
    parts = [_summary(report), *([_floors(report)] if report.floors else ())]
    parts += group_sections(report)
    for figures in report.corpora:
        parts += _corpus(figures, mark)
    yield from (part.marked(mark) for part in parts) if mark else parts


def mark_of(report: Report) -> str:
    """Return what stands behind every figure of a model that is tested on training speakers."""
    return MARK if report.tests_training_speakers else ""


def _stamp(report: Report) -> Section:
    facts = [
        *protocol_facts(report),
        *source_facts(report),
        *(leak_facts(report.leaks) if report.leaks else ()),
        *unanswered_facts(report),
        *constant_facts(report.corpora),
        ("date", f"{report.date}, Affekt {report.affekt_version}"),
        ("tested on", spoken(report.clips, report.speakers, known=report.speakers_known)),
    ]
    if report.missing:
        facts.append(("missing", listed_speakers(report.missing)))
    if report.log is not None:
        facts.append(("log", report.log))
    return Section("", (Facts(tuple(facts)),))


def _summary(report: Report) -> Section:
    header = [
        "corpus", "clips", "speakers", "classes", "UA own", "95 % interval", "WA own", "F1 own",
        "UA all", "WA all", "ECE", "NLL",
    ]  # fmt: skip
    rows = [header]
    rows += [_summary_row(item) for item in report.corpora]
    pooled = report.calibration
    if pooled is not None and len(report.corpora) > 1:
        rows.append(["pooled", *[""] * 9, percent(pooled.ece), f"{pooled.nll:.3f}"])
    for name, value in (
        ("mean of eight", report.mean_of_eight),
        ("mean of five", report.mean_of_five),
    ):
        if value is not None:
            rows.append([name, "", "", "", percent(value), *[""] * 7])
    if report.failures:  # beside the figures over all clips, those on the answered ones alone
        owns = [item.scoring("own") for item in report.corpora]
        beside = [answered_cells(own) if own else ["-", "-"] for own in owns]
        beside = [["answered", "UA own, these"], *beside, *[["", ""]] * len(rows)]
        rows = [[*row[:6], *more, *row[6:]] for row, more in zip(rows, beside, strict=False)]
    about = (
        "Percent. own: answered among the corpus' own classes; "
        f"all: among all {len(report.labels)} labels of the model."
    )
    if report.failures:
        about += " Clips that were not answered count as wrong, except in ECE and NLL."
    rated = tuple(
        _intensity(item.corpus, item.intensity) for item in report.corpora if item.intensity
    )
    return Section("", (about, Table.of(rows), *rated))


def _intensity(corpus: str, of: IntensityFigures) -> str:
    ends = f", {of.interval.low:.2f} to {of.interval.high:.2f}" if of.interval else ""
    return (
        f"Intensity on {corpus}: correlation {of.correlation:.2f}{ends} with the ratings of "
        f"listeners, {of.clips} clips."
    )


def _summary_row(figures: CorpusFigures) -> list[str]:
    own, everything, calibration = (
        figures.scoring("own"),
        figures.scoring("all"),
        figures.calibration,
    )
    speakers = speaker_count(len(figures.speakers), known=figures.speakers_known)
    if own is None or everything is None:
        return [figures.corpus, "0", speakers, *["-"] * 9]
    return [
        figures.corpus,
        str(own.clips),
        speakers,
        str(len(own.classes)),
        percent(own.ua),
        ends(own.ua_interval, own.speakers, known=figures.speakers_known),
        percent(own.wa),
        percent(own.macro_f1),
        percent(everything.ua),
        percent(everything.wa),
        percent(calibration.ece) if calibration else "-",
        f"{calibration.nll:.3f}" if calibration else "-",
    ]


def _floors(report: Report) -> Section:
    rows = [
        [floor.name, f"{floor.asked:.1f}", figure(floor.measured), floor.verdict]
        for floor in report.floors
    ]
    return Section("", (Table.of([["floor, UA own", "asked", "measured", ""], *rows]),))


def group_sections(report: Report) -> Iterator[Section]:
    """Yield the figures of people and clips that share something, one section an attribute."""
    title = "Groups"
    everything = {
        (item.attribute, item.corpus, item.group): item
        for item in report.groups
        if item.scoring == "all"
    }
    for name in dict.fromkeys(item.attribute for item in report.groups):
        items = [item for item in report.groups if item.attribute == name and item.scoring == "own"]
        # One group for each corpus tells what the corpus' own row tells.
        known = [item for item in items if _is_known(item, items)]
        silent = sorted({item.corpus for item in items} - {item.corpus for item in known})
        blocks: list[Block] = []
        if silent:
            blocks.append(f"{name}: unknown, or the same for all, in {', '.join(silent)}")
        if known:
            header = [name, "corpus", "clips", "speakers", "classes", "UA own", "95 % interval",
                      "WA own", "F1 own", "UA all", "95 % interval", "WA all"]  # fmt: skip
            rows = _group_rows(known, everything, report.speakers_unknown)
            blocks.append(Table.of([header, *rows], words=(0, 1)))
        yield Section(title, tuple(blocks))
        title = ""


def _is_known(item: GroupFigures, items: Sequence[GroupFigures]) -> bool:
    return sum(other.corpus == item.corpus for other in items) > 1


def _group_rows(
    items: Sequence[GroupFigures],
    everything: Mapping[tuple[str, str, str], GroupFigures],
    speakers_unknown: Collection[str],
) -> Iterator[list[str]]:
    def row(item: GroupFigures) -> list[str]:
        twin = everything[item.attribute, item.corpus, item.group]
        return _group_row(item, twin, known=item.corpus not in speakers_unknown)

    for corpus in dict.fromkeys(item.corpus for item in items):
        within = [item for item in items if item.corpus == corpus]
        if len(within) <= _MOST_GROUPS:
            yield from map(row, within)
            continue
        ranked = sorted(within, key=lambda item: item.ua)
        yield from map(row, ranked[:_SHOWN_ENDS])
        yield [f"({len(ranked) - 2 * _SHOWN_ENDS} between)", corpus, *[""] * 10]
        yield from map(row, ranked[-_SHOWN_ENDS:])


def _group_row(item: GroupFigures, everything: GroupFigures, *, known: bool) -> list[str]:
    return [
        item.group,
        item.corpus,
        str(item.clips),
        speaker_count(item.speakers, known=known),
        str(item.classes),
        percent(item.ua),
        ends(item.ua_interval, item.speakers, known=known),
        percent(item.wa),
        percent(item.macro_f1),
        percent(everything.ua),
        ends(everything.ua_interval, item.speakers, known=known),
        percent(everything.wa),
    ]


def _corpus(figures: CorpusFigures, mark: str) -> Iterator[Section]:
    lines = []
    if figures.failed:
        lines.append(f"not answered, and wrong below: {figures.failed} of {figures.clips} clips")
    if figures.not_scored:
        named = ", ".join(f"{label} {count}" for label, count in figures.not_scored.items())
        lines.append(f"labels that the model does not have, not scored: {named}")
    known = figures.speakers_known
    named = ", ".join(figures.speakers) if known else "unknown"
    yield Section(f"{figures.corpus} (speakers: {named})", tuple(lines))
    yield from (_scoring(item, known=known, mark=mark) for item in figures.scorings)


def scoring_summary(scoring: Scoring, *, known: bool) -> str:
    """Return the figures of one scoring in a line.

    Args:
        scoring: the figures.
        known: somebody said who speaks.
    """
    named = (("UA", "ua"), ("WA", "wa"), ("macro F1", "macro_f1"), ("weighted F1", "weighted_f1"))
    figures = [f"{shown} {_with_interval(scoring, name)}" for shown, name in named]
    if scoring.ua_interval is None:
        figures[0] += f" ({ends(None, scoring.speakers, known=known)})"
    title = f"{scoring.name}: {', '.join(figures)}, {scoring.clips} clips"
    if alone := scoring.answered_alone:
        shares = ", ".join(f"{shown} {_with_interval(alone, name)}" for shown, name in named)
        title += f"; on the {alone.clips} answered alone: {shares}"
    return title


def _scoring(scoring: Scoring, *, known: bool, mark: str) -> Section:
    """The figures of one scoring, and its confusion matrix."""
    title = f"{scoring_summary(scoring, known=known)} {mark}".rstrip()
    heads = ("true \\ answered", "clips", *CLASS_HEADS)
    rows = [[*heads, *scoring.labels]]
    for item, cells in zip(scoring.classes, class_cells(scoring), strict=True):
        answered = scoring.confusion[scoring.labels.index(item.label)]
        rows.append([item.label, str(item.support), *cells, *map(str, answered)])
    return Section("", (title, Table.of(rows)))


CLASS_HEADS = ("recall", "95 %", "precision", "95 %", "F1", "95 %")


def class_cells(scoring: Scoring) -> Iterator[list[str]]:
    """Yield recall, precision and F1 of each class, each with its interval ("" without one)."""
    for item, interval in zip(scoring.classes, scoring.class_intervals, strict=True):
        cells = []
        for name in ("recall", "precision", "f1"):
            within = getattr(interval, name)
            between = ends(within, scoring.speakers) if within else ""
            cells += [percent(getattr(item, name)), between]
        yield cells


def _with_interval(scoring: Scoring, name: str) -> str:
    share, interval = getattr(scoring, name), getattr(scoring, f"{name}_interval")
    return percent(share) + (f" ({ends(interval, scoring.speakers)})" if interval else "")
