"""Whether a model serves people alike: groups of speakers, and changes that should not matter.

In the spirit of audEERING's ser-tests (Derington et al. 2023, arXiv:2312.06270). A change that
should not matter has a limit, and passes or fails. A difference between groups does not: that
chance might have made it does not show that there is none. It has an interval, and differs, lies
within `MARGIN`, or cannot be told from either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from affekt import metrics
from affekt.audio import SAMPLING_RATE_HZ
from affekt.augment import change_pitch
from affekt.evaluation.figures import (
    SCORINGS,
    Scored,
    ScoringName,
    scored_answers,
)
from affekt.evaluation.people.groups import ATTRIBUTES
from affekt.evaluation.robustness import Condition, ConditionFigures, measure_robustness
from affekt.evaluation.runs import Answers, own_classes
from affekt.evaluation.sources import SignalSource
from affekt.metrics import Interval
from affekt.records import Utterance

MIN_SPEAKERS = 5
MARGIN = 0.05
LEVEL = 0.95
JUDGED = ("gender", "age")
_SHUFFLES = 2000
_SEED = 5

Verdict = Literal["pass", "fail"]
GroupVerdict = Literal["differs", "within 5 points", "cannot tell", "not testable"]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDifference:
    """The largest difference between groups of one corpus' speakers.

    Attributes:
        scoring: "own" or "all", as in `Scoring`.
        corpus: that they belong to: over several, language and recording would go along.
        attribute: what makes the groups.
        speakers: group to its number of speakers, all groups.
        ua: group to its UA, of the groups with at least `MIN_SPEAKERS`; where there are not two of
            these, of those with two speakers or more; none where it is not testable.
        difference: between the best and the worst of them; None where not testable.
        interval: of that, at `LEVEL`; the low end is negative where they may well stand the other
            way round. None where all speakers of a group fare alike, or where not testable.
        verdict: "within 5 points" if the interval lies inside `MARGIN`, "differs" if it leaves out
            zero, else "cannot tell", as with fewer than two groups of `MIN_SPEAKERS`. "not
            testable" without two groups of two, or without an emotion that all of these have.
    """

    scoring: ScoringName
    corpus: str
    attribute: str
    speakers: dict[str, int]
    ua: dict[str, float]
    difference: float | None
    interval: Interval | None
    verdict: GroupVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionStability:
    """A change that should not matter, how many answers stay, and how far the others move.

    Attributes:
        change: in words.
        unchanged: share of the clips whose answer, among all labels, stays, 0 to 1.
        limit: at least so much passes.
        unchanged_own: the same among the corpus' own classes; not judged.
        moved: how much probability goes to other labels, mean over clips, 0 to 1.
        moved_limit: at most so much passes.
        verdict: whether both do.
    """

    change: str
    unchanged: float
    limit: float
    unchanged_own: float
    moved: float
    moved_limit: float
    verdict: Verdict


def group_differences(answers: Answers) -> tuple[GroupDifference, ...]:
    """Compare the UA of groups of speakers, corpus by corpus, under both scorings.

    A group's UA is the mean recall over the emotions that all judged groups have.
    """
    classes = own_classes(answers.tested)
    scored = {name: scored_answers(answers, classes, name) for name in SCORINGS}
    corpora = dict.fromkeys(item.corpus for item in scored["own"].utterances)
    return tuple(
        _difference(scored[name], name, corpus, attribute)
        for corpus in corpora
        for attribute in JUDGED
        for name in SCORINGS
    )


def prediction_stability(
    model: SignalSource,
    utterances: Sequence[Utterance],
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[PredictionStability, ...]:
    """Change level and pitch a little, and see how many answers stay and how far they move.

    Raises:
        ConfigError: no clip can be decoded and scored.
    """
    measured = measure_robustness(
        model,
        utterances,
        [change.condition for change in _CHANGES],
        seed=seed,
        progress=progress,
    )
    return tuple(
        _prediction_stability(change, figures)
        for change, figures in zip(_CHANGES, measured.conditions, strict=True)
    )


def _prediction_stability(change: _Change, figures: ConditionFigures) -> PredictionStability:
    unchanged = figures.all.unchanged
    moved = 1.0 if figures.moved is None else figures.moved  # nothing is left of any answer
    return PredictionStability(
        change=change.condition.title,
        unchanged=unchanged,
        limit=change.unchanged,
        unchanged_own=figures.own.unchanged,
        moved=moved,
        moved_limit=change.moved,
        verdict="pass" if unchanged >= change.unchanged and moved <= change.moved else "fail",
    )


def _difference(
    scored: Scored, scoring: ScoringName, corpus: str, attribute: str
) -> GroupDifference:
    clips = [index for index, item in enumerate(scored.utterances) if item.corpus == corpus]
    group_of: dict[str, str] = {}
    for index in clips:
        value = ATTRIBUTES[attribute].value(scored.utterances[index])
        if value is not None:
            group_of[scored.utterances[index].speaker] = value
    sizes = dict(sorted(Counter(group_of.values()).items()))
    enough = [group for group, size in sizes.items() if size >= MIN_SPEAKERS]
    groups = enough if len(enough) > 1 else [group for group, size in sizes.items() if size > 1]
    measured = _measured(scored, clips, group_of, groups) if len(groups) > 1 else None
    difference = interval = None
    verdict: GroupVerdict = "not testable"
    if measured is not None:
        difference = float(np.ptp(measured.uas))
        interval = measured.interval
        verdict = "cannot tell" if len(enough) < 2 else _verdict(measured)
    return GroupDifference(
        scoring=scoring,
        corpus=corpus,
        attribute=attribute,
        speakers=sizes,
        ua={} if measured is None else dict(zip(groups, map(float, measured.uas), strict=True)),
        difference=difference,
        interval=interval,
        verdict=verdict,
    )


class _Measured(NamedTuple):
    """UA of each group, the interval of their largest difference, and what they are made of."""

    uas: Floats
    interval: Interval | None
    counts: Floats
    deal: npt.NDArray[np.int64]


def _measured(
    scored: Scored, clips: Sequence[int], group_of: Mapping[str, str], groups: Sequence[str]
) -> _Measured | None:
    """Measure groups over the emotions that all of them have; None without any."""
    names = [name for name in group_of if group_of[name] in groups]
    deal = np.array([groups.index(group_of[name]) for name in names])
    counts = _counts(scored, clips, names)
    uas = _group_uas(counts, deal, len(groups))
    if uas is None:
        return None
    member = np.eye(len(groups))[deal]
    common = (member.T @ counts[1] > 0).all(axis=0)
    pairs = len(groups) * (len(groups) - 1) // 2
    intervals = []
    for group in groups:
        own = np.array(
            [
                index
                for index in clips
                if group_of.get(scored.utterances[index].speaker) == group
                and common[scored.truth[index]]
            ]
        )
        found = metrics.figure_intervals(
            scored.truth[own],
            scored.answered[own],
            [scored.utterances[index].speaker_key for index in own],
            len(scored.labels),
            level=1.0 - (1.0 - LEVEL) / pairs,
        )
        intervals.append(found.get("ua"))
    known = [interval for interval in intervals if interval is not None]
    whole = len(known) == len(groups)
    interval = metrics.largest_difference(uas.tolist(), known, level=LEVEL) if whole else None
    return _Measured(uas, interval, counts, deal)


def _verdict(measured: _Measured) -> GroupVerdict:
    if measured.interval is not None:
        return verdict_of(measured.interval)
    # All speakers of a group fare alike, and draws of them tell nothing: deal them out again.
    rng = np.random.default_rng(_SEED)
    groups = len(measured.uas)
    deals = (rng.permutation(measured.deal) for _ in range(_SHUFFLES))
    uas = (_group_uas(measured.counts, deal, groups) for deal in deals)
    spreads = np.array([np.ptp(dealt) for dealt in uas if dealt is not None])
    as_far = 1 + int((spreads >= np.ptp(measured.uas) - 1e-12).sum())
    return "differs" if as_far <= (1.0 - LEVEL) * (1 + len(spreads)) else "cannot tell"


def verdict_of(interval: Interval) -> GroupVerdict:
    """Return what the interval of a difference between groups says."""
    if interval.low >= -MARGIN and interval.high <= MARGIN:
        return "within 5 points"
    return "differs" if interval.low > 0.0 else "cannot tell"


def _counts(scored: Scored, clips: Sequence[int], speakers: Sequence[str]) -> Floats:
    """Return `[2, speakers, classes]`: clips answered rightly, and all clips."""
    place = {name: index for index, name in enumerate(speakers)}
    counts = np.zeros((2, len(speakers), len(scored.labels)))
    for index in clips:
        speaker = place.get(scored.utterances[index].speaker)
        if speaker is not None:
            truth = scored.truth[index]
            counts[:, speaker, truth] += (scored.answered[index] == truth, 1)
    return counts


def _group_uas(counts: Floats, deal: npt.NDArray[np.int64], groups: int) -> Floats | None:
    """Return the UA of each group `[groups]`, over the classes that all have; None without any."""
    member = np.eye(groups)[deal]  # [speakers, groups]
    right, clips = member.T @ counts[0], member.T @ counts[1]
    common = (clips > 0).all(axis=0)
    if not common.any():
        return None
    uas: Floats = (right[:, common] / clips[:, common]).mean(axis=1)
    return uas


def _level(gain_db: float) -> Condition:
    factor = np.float32(10.0 ** (gain_db / 20.0))
    return Condition(
        group="level", name=f"{gain_db:+g} dB", apply=lambda signal, _rng, _voices: signal * factor
    )


def _pitch(semitones: float) -> Condition:
    return Condition(
        group="pitch",
        name=f"{semitones:+g} semitones",
        apply=lambda signal, _rng, _voices: change_pitch(
            signal, SAMPLING_RATE_HZ, semitones=semitones
        ),
    )


class _Change(NamedTuple):
    """A change, the share of answers that must stay, and how much probability may move."""

    condition: Condition
    unchanged: float
    moved: float


# A level says nothing at all; a semitone is less than lies between two people, but a voice does
# rise with arousal.
_CHANGES = (
    _Change(_level(-6.0), unchanged=0.95, moved=0.05),
    _Change(_level(6.0), unchanged=0.95, moved=0.05),
    _Change(_pitch(-1.0), unchanged=0.8, moved=0.15),
    _Change(_pitch(1.0), unchanged=0.8, moved=0.15),
)
