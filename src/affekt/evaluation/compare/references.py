"""Published figures, and whether one measured here may stand beside them.

The figures lie in `data/references.csv`, each with its source and with how its speakers were split.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from affekt.corpora import CORPORA
from affekt.evaluation.figures import CorpusFigures
from affekt.evaluation.report import Report
from affekt.protocols import Protocol, lockbox_speakers, protocol, read_table

Match = Literal["matches", "other folds", "other speakers", "speakers shared", "unknown"]
Verdict = Literal["yes", "roughly", "no", "unknown"]
FIGURES = ("ua", "wa", "macro_f1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A system on a corpus, as somebody published it.

    Attributes:
        corpus, system: what was measured on what.
        figures: "ua", "wa", "macro_f1" to shares from 0 to 1, those that were published.
        classes: how many were told apart; None where nobody says.
        protocol: in the source's words.
        affekt_protocol: the protocol here that makes the same splits; "" where there is none,
            "people" for listeners, who learn from nobody.
        tested: "all" speakers of the corpus, a "part", or "unknown".
        speakers: "apart" in training and test, "shared", or "unknown".
        source: where it was published.
    """

    corpus: str
    system: str
    figures: Mapping[str, float]
    classes: int | None
    protocol: str
    affekt_protocol: str
    tested: str
    speakers: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparable:
    """Whether a model's figure may stand beside a reference, and why not."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """A reference beside what was measured here.

    Attributes:
        reference: the published figures.
        match: how its protocol compares with the one that was measured under.
        models: one entry a model, in the order given.
    """

    reference: Reference
    match: Match
    models: tuple[Comparable, ...]


@cache
def references() -> tuple[Reference, ...]:
    """Return every published figure that ships, those of one system on one corpus together."""
    place = resources.files(__package__).joinpath("data", "references.csv")
    together: dict[tuple[str, ...], dict[str, float]] = {}
    for row in csv.DictReader(place.read_text(encoding="utf-8").splitlines()):
        figure, percent = row.pop("figure"), row.pop("percent")
        together.setdefault(tuple(row.values()), {})[figure] = float(percent) / 100.0
    return tuple(
        Reference(
            corpus=corpus,
            system=system,
            figures=figures,
            classes=int(classes) if classes else None,
            protocol=words,
            affekt_protocol=name,
            tested=tested,
            speakers=speakers,
            source=source,
        )
        for (corpus, system, classes, words, name, tested, speakers, source), figures in (
            together.items()
        )
    )


def beside(reports: Iterable[Report], rule: Protocol) -> tuple[ReferenceRow, ...]:
    """Put the references of the corpora under test beside reports under one protocol.

    Args:
        reports: of the same clips.
        rule: the protocol of all of them.
    """
    reports = tuple(reports)
    figures = [{item.corpus: item for item in report.corpora} for report in reports]
    rows = []
    for reference in references():
        here = [item.get(reference.corpus) for item in figures]
        if not any(here):
            continue
        tested = {name for item in here if item for name in item.speakers}
        match = match_of(reference, rule, tested)
        rows.append(
            ReferenceRow(
                reference=reference,
                match=match,
                models=tuple(
                    _comparable(reference, match, report, item)
                    for report, item in zip(reports, here, strict=True)
                ),
            )
        )
    return tuple(rows)


def match_of(reference: Reference, rule: Protocol, tested: set[str]) -> Match:
    """Say how the protocol of a reference compares with the one measured under.

    Args:
        reference: a published figure.
        rule: what was measured under.
        tested: the speakers of the reference's corpus that it tested.
    """
    if "unknown" in (reference.speakers, reference.tested):
        return "unknown"
    if reference.speakers == "shared" or not rule.new_speakers:
        return "speakers shared"
    if reference.tested == "part":
        return "matches" if tested == _part(reference) else "other speakers"
    if len(tested) != CORPORA[reference.corpus].official.speakers:
        return "other speakers"
    if reference.affekt_protocol == "people":
        return "matches"
    own, theirs = (
        _folding(name, reference.corpus) for name in (rule.name, reference.affekt_protocol)
    )
    return "matches" if own == theirs else "other folds"


def _part(reference: Reference) -> set[str]:
    named = (
        lockbox_speakers()
        if reference.affekt_protocol == "lockbox"
        else protocol(reference.affekt_protocol).tested()
    )
    return {speaker for corpus, speaker in named if corpus == reference.corpus}


def _folding(name: str, corpus: str) -> str:
    """Name the folds of a protocol; the official ones of some corpora hold a speaker each."""
    folds = [row["fold"] for row in read_table("speaker_folds") if row["corpus"] == corpus]
    alone = name == "official" and folds and len(set(folds)) == len(folds)
    return "leave-one-speaker-out" if alone else name


def _comparable(
    reference: Reference, match: Match, report: Report, figures: CorpusFigures | None
) -> Comparable:
    """Judge one figure; the gravest objection is the one that is said."""
    if match not in {"matches", "other folds"}:
        return Comparable(verdict="no", reason=_OBJECTIONS[match])
    own = figures.scoring("own") if figures else None
    if figures is None or own is None:
        return Comparable(verdict="no", reason="nothing was measured")
    shared = [
        speaker for corpus, speaker in report.training_speakers_tested if corpus == reference.corpus
    ]
    if shared:
        return Comparable(
            verdict="no", reason=f"{len(shared)} of the test speakers may be its training speakers"
        )
    declared = {label.emotion for label in CORPORA[reference.corpus].labels.values()}
    missing = sorted(label for label in declared if label and label not in report.labels)
    if missing:
        return Comparable(verdict="no", reason=f"it does not know {', '.join(missing)}")
    if figures.failed:
        return Comparable(verdict="no", reason=f"{figures.failed} clips failed")
    if not report.training_data_known:
        return Comparable(verdict="unknown", reason="its training speakers are unknown")
    if None in declared and reference.classes is None:
        return Comparable(
            verdict="roughly", reason="the reference may count classes that are left out here"
        )
    if match == "other folds":
        return Comparable(verdict="roughly", reason="the same speakers in other folds")
    return Comparable(verdict="yes", reason="")


_OBJECTIONS: dict[Match, str] = {
    "other speakers": "other speakers were tested",
    "speakers shared": "test speakers are training speakers, here or there",
    "unknown": "nobody says how its speakers were split",
}
