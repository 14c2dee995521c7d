"""A report as text for people, as JSON with everything, and as CSV with one row a scoring."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence

from affekt.evaluation.report import Report
from affekt.evaluation.scoring import CorpusFigures, Scoring
from affekt.metrics import Interval

CSV_COLUMNS = (
    "protocol", "bundle", "bundle_sha256", "date", "affekt_version", "corpus", "scoring",
    "clips", "failed", "speakers", "classes", "ua", "ua_low", "ua_high", "wa", "macro_f1",
    "weighted_f1", "ece", "brier", "nll", "log",
)  # fmt: skip


def to_json(report: Report) -> str:
    """Return the whole report as one JSON object; shares lie between 0 and 1."""
    return json.dumps(report.to_dict(), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def to_csv(report: Report) -> str:
    """Return one row for every corpus and scoring; shares lie between 0 and 1.

    A corpus of which no clip could be scored keeps a row, without figures.
    """
    text = io.StringIO()
    rows = csv.DictWriter(text, CSV_COLUMNS, restval="", lineterminator="\n")
    rows.writeheader()
    stamp = {
        name: getattr(report, name)
        for name in ("protocol", "bundle", "bundle_sha256", "date", "affekt_version", "log")
    }
    for figures in report.corpora:
        heads = {
            "corpus": figures.corpus,
            "failed": figures.failed,
            "speakers": len(figures.speakers),
        }
        calibration = _shares(figures.calibration, "ece", "brier", "nll")
        for item in figures.scorings:
            row = {"scoring": item.name, "clips": item.clips, "classes": len(item.classes)}
            row |= _shares(item, "ua", "wa", "macro_f1", "weighted_f1")
            if item.ua_interval is not None:
                row["ua_low"] = f"{item.ua_interval.low:.6f}"
                row["ua_high"] = f"{item.ua_interval.high:.6f}"
            rows.writerow(stamp | heads | row | calibration)
        if not figures.scorings:
            rows.writerow(stamp | heads | {"clips": 0})
    return text.getvalue()


def to_text(report: Report) -> str:
    """Return the report for a terminal, figures in percent."""
    sections = [_stamp(report), _summary(report), _floors(report)]
    sections += [_corpus(figures) for figures in report.corpora]
    return "\n\n".join(section for section in sections if section) + "\n"


WRITERS: dict[str, Callable[[Report], str]] = {"text": to_text, "json": to_json, "csv": to_csv}


def _stamp(report: Report) -> str:
    lines = [
        (
            "protocol",
            f"{report.protocol} v{report.protocol_version}: {report.protocol_description}",
        ),
        ("bundle", report.bundle),
        ("file", report.bundle_path),
        ("sha-256", report.bundle_sha256),
        ("date", f"{report.date}, Affekt {report.affekt_version}"),
        ("tested on", f"{report.clips} clips of {report.speakers} speakers"),
    ]
    if report.missing:
        lines.append(("missing", _voices(report.missing)))
    if report.heard:
        lines.append(("WARNING", f"training may have heard these: {_voices(report.heard)}"))
    if report.log is not None:
        lines.append(("log", report.log))
    lines += [("failed", f"{item.corpus}: {item.reason}") for item in report.failures]
    return "\n".join(f"{name:<10} {value}" for name, value in lines)


def _voices(pairs: Iterable[tuple[str, str]]) -> str:
    speakers: dict[str, list[str]] = {}
    for corpus, speaker in pairs:
        speakers.setdefault(corpus, []).append(speaker)
    return "; ".join(f"{corpus} {', '.join(names)}" for corpus, names in speakers.items())


def _summary(report: Report) -> str:
    header = [
        "corpus", "clips", "speakers", "classes", "UA own", "95 % interval", "WA own", "F1 own",
        "UA all", "WA all", "ECE", "NLL",
    ]  # fmt: skip
    rows = [header]
    rows += [_summary_row(item) for item in report.corpora]
    pooled = report.calibration
    if pooled is not None and len(report.corpora) > 1:
        rows.append(["pooled", *[""] * 9, _percent(pooled.ece), f"{pooled.nll:.3f}"])
    for name, value in (
        ("mean of eight", report.mean_of_eight),
        ("mean of five", report.mean_of_five),
    ):
        if value is not None:
            rows.append([name, "", "", "", _percent(value), *[""] * 7])
    return (
        "Percent. own: answered among the corpus' own classes; "
        f"all: among all {len(report.labels)} labels of the model.\n\n{_table(rows)}"
    )


def _summary_row(figures: CorpusFigures) -> list[str]:
    own, everything, calibration = (
        figures.scoring("own"),
        figures.scoring("all"),
        figures.calibration,
    )
    if own is None or everything is None or calibration is None:
        return [figures.corpus, "0", str(len(figures.speakers)), *["-"] * 9]
    return [
        figures.corpus,
        str(own.clips),
        str(len(figures.speakers)),
        str(len(own.classes)),
        _percent(own.ua),
        _interval(own.ua_interval),
        _percent(own.wa),
        _percent(own.macro_f1),
        _percent(everything.ua),
        _percent(everything.wa),
        _percent(calibration.ece),
        f"{calibration.nll:.3f}",
    ]


def _floors(report: Report) -> str:
    rows = [
        [floor.name, f"{floor.asked:.1f}", _figure(floor.measured), floor.verdict]
        for floor in report.floors
    ]
    return _table([["floor, UA own", "asked", "measured", ""], *rows]) if rows else ""


def _corpus(figures: CorpusFigures) -> str:
    lines = [f"== {figures.corpus} (speakers: {', '.join(figures.speakers)})"]
    if figures.failed:
        lines.append(f"{figures.failed} of {figures.clips} clips failed, see above")
    if figures.not_scored:
        named = ", ".join(f"{label} {count}" for label, count in figures.not_scored.items())
        lines.append(f"outside the model's canonical labels and not scored: {named}")
    lines += [f"\n{_scoring(item)}" for item in figures.scorings]
    return "\n".join(lines)


def _scoring(scoring: Scoring) -> str:
    title = (
        f"{scoring.name}: UA {_percent(scoring.ua)} ({_interval(scoring.ua_interval)}), "
        f"WA {_percent(scoring.wa)}, macro F1 {_percent(scoring.macro_f1)}, "
        f"weighted F1 {_percent(scoring.weighted_f1)}, {scoring.clips} clips"
    )
    rows = [["true \\ answered", "clips", "recall", "precision", "F1", *scoring.labels]]
    for item in scoring.classes:
        cells = scoring.confusion[scoring.labels.index(item.label)]
        shares = [
            "-" if share is None else _percent(share)
            for share in (item.recall, item.precision, item.f1)
        ]
        rows.append([item.label, str(item.support), *shares, *map(str, cells)])
    return f"{title}\n{_table(rows)}"


def _shares(figures: object, *names: str) -> dict[str, str]:
    if figures is None:
        return {}
    return {name: f"{getattr(figures, name):.6f}" for name in names}


def _interval(interval: Interval | None) -> str:
    if interval is None:
        return "1 speaker, no interval"
    return f"{_percent(interval.low)} to {_percent(interval.high)}"


def _percent(share: float) -> str:
    return _figure(100.0 * share)


def _figure(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.1f}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Iterable[str]) -> str:
        first, *rest = (
            cell.ljust(width) if index == 0 else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join([first, *rest]).rstrip()

    return "\n".join(line(row) for row in rows)
