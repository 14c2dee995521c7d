"""Whether a model serves people alike: groups of speakers, and changes that should not matter.

In the spirit of audEERING's ser-tests (Derington et al. 2023, arXiv:2312.06270): what is measured
has a limit, and passes or fails. As there, the limit of a difference between groups is what a
model without any bias would show by chance at this number of speakers, but no less than
`DIFFERENCE`; here chance is had by dealing the speakers out to the groups again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ
from affekt.augment.waveform import change_pitch
from affekt.evaluation.conditions import Condition
from affekt.evaluation.groups import ATTRIBUTES, Scored, scored_answers
from affekt.evaluation.robustness import ConditionFigures, measure_robustness
from affekt.evaluation.runs import Answers, own_classes
from affekt.evaluation.scoring import SCORINGS, ScoringName
from affekt.evaluation.sources import Listener
from affekt.records import Utterance

MIN_SPEAKERS = 5
DIFFERENCE = 0.05
JUDGED = ("gender", "age")
_SHUFFLES = 2000
_SEED = 5

Verdict = Literal["pass", "fail", "not testable"]
Counts = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDifference:
    """The largest difference between groups of one corpus' speakers.

    Attributes:
        scoring: "own" or "all", as in `Scoring`.
        corpus: that they belong to: over several, language and recording would go along.
        attribute: what makes the groups.
        speakers: group to its number of speakers, all groups.
        ua: group to its UA, of the groups with at least `MIN_SPEAKERS`; none where it is not
            testable.
        difference: between the best and the worst of them; None where not testable.
        limit: at most so much passes.
        verdict: "not testable" with fewer than two groups of `MIN_SPEAKERS`, or without an
            emotion that all of these have.
    """

    scoring: ScoringName
    corpus: str
    attribute: str
    speakers: dict[str, int]
    ua: dict[str, float]
    difference: float | None
    limit: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
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


def steadiness(
    model: Listener,
    utterances: Sequence[Utterance],
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Steadiness, ...]:
    """Change level and pitch a little, and see how many answers stay and how far they move.

    Raises:
        ConfigError: no clip can be heard and scored.
    """
    measured = measure_robustness(
        model,
        utterances,
        [change.condition for change in _CHANGES],
        seed=seed,
        progress=progress,
    )
    return tuple(
        _steadiness(change, figures)
        for change, figures in zip(_CHANGES, measured.conditions, strict=True)
    )


def _steadiness(change: _Change, figures: ConditionFigures) -> Steadiness:
    unchanged = figures.all.unchanged
    moved = 1.0 if figures.moved is None else figures.moved  # nothing is left of any answer
    return Steadiness(
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
    chosen = [index for index, item in enumerate(scored.utterances) if item.corpus == corpus]
    group_of: dict[str, str] = {}
    for index in chosen:
        item = scored.utterances[index]
        value = ATTRIBUTES[attribute].value(item)
        if value is not None:
            group_of[item.speaker] = value
    members = {
        group: [speaker for speaker in group_of if group_of[speaker] == group]
        for group in sorted(set(group_of.values()))
    }
    judged = {group: names for group, names in members.items() if len(names) >= MIN_SPEAKERS}
    sizes = {group: len(names) for group, names in members.items()}
    names = [name for group in judged.values() for name in group]
    counts = _counts(scored, chosen, names)
    deal = np.repeat(np.arange(len(judged)), [len(group) for group in judged.values()])
    uas = _group_uas(counts, deal, len(judged)) if len(judged) > 1 else None
    if uas is None:
        return GroupDifference(
            scoring=scoring,
            corpus=corpus,
            attribute=attribute,
            speakers=sizes,
            ua={},
            difference=None,
            limit=None,
            verdict="not testable",
        )
    difference = float(np.ptp(uas))
    rng = np.random.default_rng(_SEED)
    deals = (_group_uas(counts, rng.permutation(deal), len(judged)) for _ in range(_SHUFFLES))
    chance = [np.ptp(dealt) for dealt in deals if dealt is not None]
    limit = max(DIFFERENCE, float(np.quantile(chance, 0.95)) if chance else 0.0)
    return GroupDifference(
        scoring=scoring,
        corpus=corpus,
        attribute=attribute,
        speakers=sizes,
        ua=dict(zip(judged, map(float, uas), strict=True)),
        difference=difference,
        limit=limit,
        verdict="pass" if difference <= limit else "fail",
    )


def _counts(scored: Scored, chosen: Sequence[int], speakers: Sequence[str]) -> Counts:
    """Return `[2, speakers, classes]`: clips answered rightly, and all clips."""
    place = {name: index for index, name in enumerate(speakers)}
    counts = np.zeros((2, len(speakers), len(scored.labels)))
    for index in chosen:
        speaker = place.get(scored.utterances[index].speaker)
        if speaker is not None:
            truth = scored.truth[index]
            counts[:, speaker, truth] += (scored.answered[index] == truth, 1)
    return counts


def _group_uas(counts: Counts, deal: npt.NDArray[np.int64], groups: int) -> Counts | None:
    """Return the UA of each group `[groups]`, over the classes that all have; None without any."""
    member = np.eye(groups)[deal]  # [speakers, groups]
    right, clips = member.T @ counts[0], member.T @ counts[1]
    common = (clips > 0).all(axis=0)
    if not common.any():
        return None
    uas: Counts = (right[:, common] / clips[:, common]).mean(axis=1)
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
