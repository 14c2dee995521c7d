"""Warnings of a report: sentences that the figures write by fixed rules."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from affekt.evaluation.answered import (
    answered_cells,
    constant_answers,
    unanswered,
    unknown_names,
)
from affekt.evaluation.card.card import Card
from affekt.evaluation.confidence import CalibrationMeasures
from affekt.evaluation.figures import CorpusFigures, Scoring, ends, listed_speakers, percent
from affekt.evaluation.people import MARGIN, MIN_SPEAKERS, GroupDifference
from affekt.evaluation.robustness import ConditionFigures
from affekt.metrics import Interval

LITTLE = 0.5  # a corpus of which less is recognised is named
MISSED = 0.25  # an emotion of which less is recognised is named
SPREAD = 0.2  # between the best and the worst corpus
DROP = 0.1  # a condition that costs more of the mean is named
REFUSED = 0.05  # likewise one under which more clips cannot be recognised at all
OVERCONFIDENT = 0.05  # more confidence than right answers
# A larger calibration error, over all clips or corpora, is named, unless chance may leave as much.
ECE_POOLED, ECE_MEAN = 0.05, 0.08
FOUND = 0.5  # of sounds that are no speech; a kind of which less is noticed is named
FLAGGED = 0.1  # more speech than this called out of the domain
_FEWEST_CLIPS = 10  # of an emotion, to name it
_MOST = 5  # of a kind
_CHOSEN_ON = ("select", "calibrate")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardWarning:
    """A reason not to rely on the model as it is.

    Attributes:
        about: what kind of reason, in a word or two.
        text: one or two sentences.
    """

    about: str
    text: str


def warnings_of(card: Card) -> tuple[CardWarning, ...]:
    """Return what a reader should know before any figure, the gravest kinds first."""
    return tuple(itertools.chain.from_iterable(rule(card) for rule in _RULES))


def share(value: float) -> str:
    """Return a share as a person would say it."""
    return f"{100.0 * value:.0f} %"


def guessing(scoring: Scoring) -> float:
    """Return the UA of answering at random."""
    return 1.0 / len(scoring.classes)


def _protocol(card: Card) -> Iterator[CardWarning]:
    report = card.report
    if not report.speakers_apart:
        yield CardWarning(
            about="protocol",
            text=f"Under '{report.protocol}' the model is tested on people it may have learnt "
            "from. No figure here says anything of new speakers.",
        )
    if report.protocol in _CHOSEN_ON:
        yield CardWarning(
            about="protocol",
            text=f"'{report.protocol}' tests {report.protocol_description}. Expect less of new "
            "speakers.",
        )


def _training(card: Card) -> Iterator[CardWarning]:
    report = card.report
    if report.training_speakers_tested:
        yield CardWarning(
            about="training speakers tested",
            text=f"{listed_speakers(report.training_speakers_tested)} may be training speakers: "
            "their figures are no measure of new speakers.",
        )
    if report.leaks is not None and report.leaks.files:
        yield CardWarning(
            about="recordings that were learnt from",
            text=f"Of {report.leaks.tested} clips under test, {report.leaks.files} may have been "
            "learnt from themselves.",
        )
    if report.leaks is not None and report.leaks.copies:
        first = report.leaks.examples[0]
        by_model = report.leaks.declared_by == "model"
        whose = "that may be learnt from" if by_model else "of the protocol's training parts"
        yield CardWarning(
            about="copies of what was learnt from",
            text=f"Of {report.leaks.tested} clips under test, {report.leaks.copies} are copies of "
            f"recordings {whose}, {first.tested} of {first.learnt} for one.",
        )
    if not report.training_data_known:
        yield CardWarning(
            about="training",
            text="The model does not say what it learnt from. Whether speakers under test are "
            "training speakers is unknown.",
        )
    if report.unknown_origin:
        yield CardWarning(
            about="training",
            text=f"Whether speakers of {_listed(list(report.unknown_origin))} are training "
            "speakers is unknown: only those who recorded them can say.",
        )


def _floors(card: Card) -> Iterator[CardWarning]:
    missed = [item for item in card.report.floors if item.verdict == "missed"]
    if missed:
        text = "; ".join(
            f"{item.name} {item.measured:.1f} % where {item.asked:.1f} % were asked for"
            for item in missed
            if item.measured is not None
        )
        yield CardWarning(about="less than was asked for", text=f"{text}.")


def _corpora(card: Card) -> Iterator[CardWarning]:
    scored = _scored(card)
    guesses = [
        item.corpus
        for item, own in scored
        if (own.ua if own.ua_interval is None else own.ua_interval.low) <= guessing(own)
    ]
    if guesses:
        yield CardWarning(
            about="no better than guessing",
            text=f"In {_listed(guesses)} the model cannot be told from one that guesses.",
        )
    little = sorted((pair for pair in scored if pair[1].ua < LITTLE), key=lambda pair: pair[1].ua)
    if little:
        text = "; ".join(
            f"{item.corpus} {share(own.ua)} (guessing {share(guessing(own))})"
            for item, own in little
        )
        yield CardWarning(
            about="worst corpora", text=f"Less than {share(LITTLE)} is recognised in: {text}."
        )
    if len(scored) > 1:
        worst, *_, best = sorted(scored, key=lambda pair: pair[1].ua)
        if best[1].ua - worst[1].ua >= SPREAD:
            yield CardWarning(
                about="no single figure",
                text=f"From {share(worst[1].ua)} in {worst[0].corpus} to {share(best[1].ua)} in "
                f"{best[0].corpus}: what it does on your recordings lies anywhere in between, or "
                "outside. Measure it there.",
            )


def _constant(card: Card) -> Iterator[CardWarning]:
    text = [said for item in card.report.corpora for said in constant_answers(item)]
    if text:
        yield CardWarning(
            about="one answer to everything",
            text=f"{'; '.join(text)}. It tells no clip from another there.",
        )


def _emotions(card: Card) -> Iterator[CardWarning]:
    missed = sorted(
        (item.recall, item.label, figures.corpus, item.support)
        for figures, own in _scored(card)
        for item in own.classes
        if item.recall is not None and item.recall < MISSED and item.support >= _FEWEST_CLIPS
    )
    if missed:
        text = "; ".join(
            f"{label} in {corpus} ({share(recall)} of {clips} clips)"
            for recall, label, corpus, clips in missed[:_MOST]
        )
        more = len(missed) - _MOST
        rest = f"; and {more} more below {share(MISSED)}" if more > 0 else ""
        yield CardWarning(about="emotions it misses", text=f"{text}{rest}.")


def _groups(card: Card) -> Iterator[CardWarning]:
    apart = [item for item in card.differences if _apart(item)]
    sure = [item for item in apart if item.verdict == "differs"]
    for item in sure:
        yield CardWarning(about="people are not served alike", text=f"In {_as_text(item)}.")
    others = [item for item in apart if item not in sure]
    if others:
        yield CardWarning(
            about="people may not be served alike",
            text=f"In {'; in '.join(map(_as_text, others))}. Whether other speakers would lie as "
            "far apart cannot be told.",
        )


def _apart(item: GroupDifference) -> bool:
    gap = item.difference or 0.0
    return gap > MARGIN or item.verdict == "differs"


def _as_text(item: GroupDifference) -> str:
    among = {"own": "its own emotions", "all": "all labels"}[item.scoring]
    groups = ", ".join(
        f"{group} {share(ua)} ({item.speakers[group]} speakers)" for group, ua in item.ua.items()
    )
    return (
        f"{item.corpus}, by {item.attribute}, among {among}: {groups}, "
        f"{percent(item.difference)} points apart ({between(item.interval)})"
    )


def between(interval: Interval | None) -> str:
    """Return the ends of the interval of a difference, in points."""
    if interval is None:
        return "no interval: the speakers of a group fare alike"
    return f"95 % interval {ends(interval, interval.speakers)}"


def points(value: float) -> str:
    """Return a difference of shares."""
    return f"{100.0 * value:.0f} points"


def _prediction_stability(card: Card) -> Iterator[CardWarning]:
    failed = [item for item in card.prediction_stability or () if item.verdict == "fail"]
    moved = [
        f"{share(1.0 - item.unchanged)} of the answers change with {item.change} "
        f"(at most {share(1.0 - item.limit)} may)"
        for item in failed
        if item.unchanged < item.limit
    ]
    moved += [
        f"{share(item.moved)} of the probability moves with {item.change} "
        f"(at most {share(item.moved_limit)} may)"
        for item in failed
        if item.moved > item.moved_limit
    ]
    if moved:
        yield CardWarning(about="answers move", text=f"{'; '.join(moved)}.")


def _conditions(card: Card) -> Iterator[CardWarning]:
    if card.robustness is None:
        return
    worst = {item.group: item for item in sorted(card.robustness.conditions, key=_drop)}
    costly = sorted((it for it in worst.values() if _drop(it) > DROP), key=_drop, reverse=True)
    if costly:
        text = "; ".join(
            f"{share(it.own.mean_ua)} under {it.group}, {it.name}" for it in costly[:_MOST]
        )
        yield CardWarning(
            about="worst conditions",
            text=f"Of clean sound it recognises {share(card.robustness.clean.own.mean_ua)} "
            f"(mean over corpora). That falls to {text}.",
        )
    refused = [it for it in card.robustness.conditions if it.refused > REFUSED]
    if refused:
        text = "; ".join(f"{it.group}, {it.name} {share(it.refused)}" for it in refused[:_MOST])
        yield CardWarning(about="not recognised at all", text=f"Clips refused under {text}.")


def _drop(condition: ConditionFigures) -> float:
    return condition.own.drop


def _confidence(card: Card) -> Iterator[CardWarning]:
    if card.confidence is None:
        return
    given = card.confidence.given.given
    wide = [
        f"{100 * error:.1f} % {of} (below {share(limit)} is wanted; if every probability were "
        f"right, chance would leave {100 * floor:.1f} %, up to {100 * most:.1f} %)"
        for of, error, floor, most, limit in (
            (
                "over all clips",
                *(given.pooled.ece, given.pooled.ece_floor, given.pooled.ece_by_chance),
                ECE_POOLED,
            ),
            (
                "in the mean of the corpora",
                *(given.mean_ece, given.mean_ece_floor, given.mean_ece_by_chance),
                ECE_MEAN,
            ),
        )
        if error >= limit and error > most
    ]
    if wide:
        yield CardWarning(
            about="confidence is off", text=f"The expected calibration error is {'; '.join(wide)}."
        )
    parts: dict[str, CalibrationMeasures] = {}
    if card.confidence.telephone is not None:
        parts["over a telephone"] = card.confidence.telephone.given.pooled
    parts = {"all clips": given.pooled} | parts | given.corpora
    over = [
        f"{name}: {share(of.confidence)} sure, {share(of.accuracy)} right"
        for name, of in parts.items()
        if of.confidence - of.accuracy > OVERCONFIDENT
    ]
    if over:
        yield CardWarning(about="surer than right", text=f"On average, {'; '.join(over)}.")


def _sets(card: Card) -> Iterator[CardWarning]:
    if card.confidence is None:
        return
    for where, measured in (
        ("", card.confidence.given),
        (" over a telephone", card.confidence.telephone),
    ):
        if measured is None or measured.sets is None or measured.rule is None:
            continue
        interval = measured.sets.interval
        most = measured.sets.share if interval is None else interval.high
        if most < measured.rule.coverage:
            yield CardWarning(
                about="sets that promise too much",
                text=f"Sets of labels{where} hold the right one in {share(measured.sets.share)} of "
                f"the clips, where {share(measured.rule.coverage)} are promised.",
            )
        short = [
            f"{corpus} {share(of.share)}"
            for corpus, of in measured.corpora_sets.items()
            if (of.share if of.interval is None else of.interval.high) < measured.rule.coverage
        ]
        if short:
            yield CardWarning(
                about="sets that promise too much",
                text=f"Of single corpora{where}, sets promise {share(measured.rule.coverage)} and "
                f"hold: {', '.join(short)}.",
            )


def _domain(card: Card) -> Iterator[CardWarning]:
    domain = card.confidence.domain if card.confidence else None
    if domain is None:
        return
    unnoticed = [f"{kind} {share(found)}" for kind, found in domain.found.items() if found < FOUND]
    if unnoticed:
        yield CardWarning(
            about="sounds taken for speech",
            text=f"Of these it notices less than {share(FOUND)}: {'; '.join(unnoticed)}.",
        )
    if domain.flagged > FLAGGED:
        yield CardWarning(
            about="speech taken for something else",
            text=f"{share(domain.flagged)} of the clips are called out of its domain.",
        )


def _speakers(card: Card) -> Iterator[CardWarning]:
    silent = [item.corpus for item in card.report.corpora if not item.speakers_known]
    one = [
        item.corpus
        for item in card.report.corpora
        if item.speakers_known and len(item.speakers) == 1
    ]
    few = [item.corpus for item in card.report.corpora if 1 < len(item.speakers) < MIN_SPEAKERS]
    if silent:
        yield CardWarning(
            about="speakers unknown",
            text=f"{_listed(silent)}: nobody says who speaks. No figure has an interval, and "
            "groups of people cannot be judged.",
        )
    if one:
        yield CardWarning(
            about="one speaker",
            text=f"{_listed(one)}: a figure of one person has no interval and says nothing of "
            "anybody else.",
        )
    if few:
        yield CardWarning(
            about="few speakers",
            text=f"{_listed(few)}: fewer than {MIN_SPEAKERS} speakers. The intervals are rough, "
            "and groups of people cannot be judged.",
        )


def _failures(card: Card) -> Iterator[CardWarning]:
    if card.report.failures:
        beside = "; ".join(
            f"{item.corpus} {share(own.ua)}, of the {own.answered} answered alone "
            f"{answered_cells(own)[1]} %"
            for item, own in _scored(card)
            if own.answered < own.clips
        )
        yield CardWarning(
            about="clips not answered",
            text=f"{unanswered(card.report).capitalize()}. They count as wrong, except in what is "
            f"said of confidence{f': {beside}' if beside else ''}.",
        )


def _unknown_names(card: Card) -> Iterator[CardWarning]:
    if card.report.unknown_names:
        yield CardWarning(
            about="answers to other clips",
            text=f"{unknown_names(card.report)}. They are passed over.",
        )


def _missing(card: Card) -> Iterator[CardWarning]:
    if card.report.missing:
        yield CardWarning(
            about="not the whole protocol",
            text=f"No clip is at hand of {listed_speakers(card.report.missing)}.",
        )


_RULES: tuple[Callable[[Card], Iterable[CardWarning]], ...] = (
    _protocol,
    _training,
    _failures,
    _unknown_names,
    _floors,
    _constant,
    _corpora,
    _emotions,
    _groups,
    _prediction_stability,
    _conditions,
    _confidence,
    _sets,
    _domain,
    _speakers,
    _missing,
)


def _scored(card: Card) -> list[tuple[CorpusFigures, Scoring]]:
    pairs = ((item, item.scoring("own")) for item in card.report.corpora)
    return [(item, own) for item, own in pairs if own is not None]


def _listed(names: list[str]) -> str:
    return ", ".join(names)
