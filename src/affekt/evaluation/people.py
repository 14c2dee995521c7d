"""Whether a model serves people alike: groups of speakers, and changes that should not matter.

In the spirit of audEERING's ser-tests (Derington et al. 2023, arXiv:2312.06270): what is measured
has a limit, and passes or fails. As there, the limit of a difference between groups is what a
model without any bias would show by chance at this number of speakers, but no less than
`DIFFERENCE`; here chance is had by dealing the speakers out to the groups again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ
from affekt.augment.waveform import change_pitch
from affekt.evaluation.conditions import Condition
from affekt.evaluation.groups import ATTRIBUTES, OwnAnswers, own_answers
from affekt.evaluation.robustness import measure_robustness
from affekt.evaluation.runs import Answers
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

    corpus: str
    attribute: str
    speakers: dict[str, int]
    ua: dict[str, float]
    difference: float | None
    limit: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Steadiness:
    """A change that should not matter, and how many answers stay.

    Attributes:
        change: in words.
        unchanged: share of the clips whose answer stays, 0 to 1.
        limit: at least so much passes.
        verdict: whether it does.
    """

    change: str
    unchanged: float
    limit: float
    verdict: Verdict


def group_differences(
    answers: Answers, classes: Mapping[str, Sequence[str]]
) -> tuple[GroupDifference, ...]:
    """Compare the UA of groups of speakers, corpus by corpus.

    A group's UA is the mean recall over the emotions that all judged groups have.

    Args:
        answers: of a run.
        classes: corpus to its canonical labels.
    """
    scored = own_answers(answers, classes)
    corpora = dict.fromkeys(item.corpus for item in scored.utterances)
    return tuple(
        _difference(scored, corpus, attribute) for corpus in corpora for attribute in JUDGED
    )


def steadiness(
    model: Listener,
    utterances: Sequence[Utterance],
    classes: Mapping[str, Sequence[str]],
    *,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Steadiness, ...]:
    """Change level and pitch a little, and count the answers that stay.

    Raises:
        ConfigError: no clip can be heard and scored.
    """
    measured = measure_robustness(
        model,
        utterances,
        classes,
        [condition for condition, _ in _CHANGES],
        seed=seed,
        progress=progress,
    )
    return tuple(
        Steadiness(
            change=condition.title,
            unchanged=figures.unchanged,
            limit=limit,
            verdict="pass" if figures.unchanged >= limit else "fail",
        )
        for (condition, limit), figures in zip(_CHANGES, measured.conditions, strict=True)
    )


def _difference(scored: OwnAnswers, corpus: str, attribute: str) -> GroupDifference:
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
        corpus=corpus,
        attribute=attribute,
        speakers=sizes,
        ua=dict(zip(judged, map(float, uas), strict=True)),
        difference=difference,
        limit=limit,
        verdict="pass" if difference <= limit else "fail",
    )


def _counts(scored: OwnAnswers, chosen: Sequence[int], speakers: Sequence[str]) -> Counts:
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


# With the share of answers that must stay: a level says nothing at all; a semitone is less than
# lies between two people, but a voice does rise with arousal.
_CHANGES = (
    (_level(-6.0), 0.95),
    (_level(6.0), 0.95),
    (_pitch(-1.0), 0.8),
    (_pitch(1.0), 0.8),
)
