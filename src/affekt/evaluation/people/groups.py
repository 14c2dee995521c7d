"""Figures of people and clips that share something: gender, age, language, length and more.

Every clip is answered twice: among the classes of its own corpus, and among all labels. A group
within a corpus is one of that corpus' people or clips; over all corpora, the groups are mixtures in
which language, age and the way of recording go together with the corpus, so that a difference there
may be one of corpora.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.audio import announced_s
from affekt.evaluation.figures import SCORINGS, Scored, ScoringName, scored_answers
from affekt.evaluation.runs import Answers, own_classes
from affekt.metrics import Figures, measure_figures
from affekt.records import Utterance

UNKNOWN = "unknown"
ALL_CORPORA = "all"
DURATION_BANDS_S = (1.0, 2.0, 3.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures(Figures):
    """Figures of a group, answered or not.

    Attributes:
        scoring: "own" or "all", as in `Scoring`.
        corpus: that the group lies in; "all" for all corpora under test together.
        attribute: what its members share, one of `ATTRIBUTES`.
        group: the value that they share; "unknown" where the corpus does not say.
        classes: how many occur among them; UA is the mean of so many recalls.
    """

    scoring: ScoringName
    corpus: str
    attribute: str
    group: str
    classes: int


class Attribute(NamedTuple):
    """What groups are made by.

    Attributes:
        value: the group of a clip; None where it is unknown.
        across: it means the same in every corpus, so that all corpora have groups together.
    """

    value: Callable[[Utterance], str | None]
    across: bool


def age_band(utterance: Utterance) -> str | None:
    """Return the speaker's decade of life, "under 20" and "70 or older" at the ends."""
    age = utterance.age
    if age is None:
        return None
    if age < 20:
        return "under 20"
    return "70 or older" if age >= 70 else f"{age // 10 * 10} to {age // 10 * 10 + 9}"


def duration_band(utterance: Utterance) -> str | None:
    """Return the band of `DURATION_BANDS_S` that a clip's length lies in."""
    duration_s = duration_of(utterance)
    if duration_s is None:
        return None
    if duration_s < DURATION_BANDS_S[0]:
        return f"under {DURATION_BANDS_S[0]:g} s"
    if duration_s >= DURATION_BANDS_S[-1]:
        return f"{DURATION_BANDS_S[-1]:g} s or longer"
    low, high = next(ends for ends in itertools.pairwise(DURATION_BANDS_S) if duration_s < ends[1])
    return f"{low:g} to {high:g} s"


def duration_of(utterance: Utterance) -> float | None:
    """Return a clip's length in seconds by its file's header; None where that does not tell."""
    start_s = utterance.start_s or 0.0
    if utterance.end_s is not None:
        return utterance.end_s - start_s
    length_s = announced_s(utterance.path)
    return None if length_s is None else length_s - start_s


ATTRIBUTES: dict[str, Attribute] = {
    "gender": Attribute(lambda item: item.gender, across=True),
    "age": Attribute(age_band, across=True),
    "language": Attribute(lambda item: item.language, across=True),
    "duration": Attribute(duration_band, across=True),
    "intensity": Attribute(lambda item: item.intensity, across=False),
    "sentence": Attribute(lambda item: item.sentence, across=False),
}


def group_figures(answers: Answers) -> tuple[GroupFigures, ...]:
    """Return the figures of every group of every attribute, under both scorings."""
    classes = own_classes(answers.tested)
    scored = {name: scored_answers(answers, classes, name) for name in SCORINGS}
    clips = scored["own"].utterances  # the same under both
    corpora = np.array([item.corpus for item in clips])
    names = list(dict.fromkeys(corpora.tolist()))
    figures: list[GroupFigures] = []
    for name, attribute in ATTRIBUTES.items():
        values = np.array([attribute.value(item) or UNKNOWN for item in clips])
        if attribute.across and len(names) > 1:
            figures += _groups(scored, values, ALL_CORPORA, name, np.ones(len(values), np.bool_))
        for corpus in names:
            figures += _groups(scored, values, corpus, name, corpora == corpus)
    return tuple(figures)


def _groups(
    scored: Mapping[ScoringName, Scored],
    values: npt.NDArray[np.str_],
    corpus: str,
    attribute: str,
    inside: npt.NDArray[np.bool_],
) -> Iterator[GroupFigures]:
    for value in sorted(set(values[inside].tolist()), key=_order):
        chosen = np.flatnonzero(inside & (values == value))
        for name, of in scored.items():
            speakers = [of.utterances[index].speaker_key for index in chosen]
            yield GroupFigures(
                scoring=name,
                corpus=corpus,
                attribute=attribute,
                group=value,
                classes=len(np.unique(of.truth[chosen])),
                **measure_figures(
                    of.truth[chosen], of.answered[chosen], speakers, len(of.labels)
                ).values(),
            )


def _order(group: str) -> tuple[bool, bool, float, str]:
    """Bands by their number, "under" first; then words; what is unknown last."""
    number = next((word for word in group.split() if word.replace(".", "").isdecimal()), None)
    return (
        group == UNKNOWN,
        not group.startswith("under"),
        float(number) if number else float("inf"),
        group,
    )
