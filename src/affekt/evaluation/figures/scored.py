"""Each clip answered among its corpus' own classes, or among all labels of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt import metrics
from affekt.evaluation.figures.records import OTHER, ScoringName
from affekt.evaluation.runs import Answers
from affekt.records import Utterance


@dataclass(frozen=True, slots=True)
class Scored:
    """Clips and their answers under one scoring.

    Attributes:
        utterances: those of a class that the model knows and the corpus has; answered or not.
        truth: `[clips]`, places in `labels`.
        answered: `[clips]`, likewise.
        labels: of the model, and "other" at the end, which no answer counts as.
    """

    utterances: tuple[Utterance, ...]
    truth: npt.NDArray[np.int64]
    answered: npt.NDArray[np.int64]
    labels: tuple[str, ...]


def scored_answers(
    answers: Answers, classes: Mapping[str, Sequence[str]], scoring: ScoringName = "own"
) -> Scored:
    """Answer each clip among its corpus' own classes, or among all labels of the model.

    Args:
        answers: of a run.
        classes: corpus to its canonical labels.
        scoring: as in `Scoring`.
    """
    answers = answers.completed()
    place = {label: index for index, label in enumerate(answers.labels)}
    kept = [
        index
        for index, item in enumerate(answers.utterances)
        if item.emotion in place and item.emotion in classes.get(item.corpus, ())
    ]
    clips = tuple(answers.utterances[index] for index in kept)
    masks = {
        corpus: np.array([scoring == "all" or label in own for label in answers.labels])
        for corpus, own in classes.items()
    }
    allowed = np.array([masks[item.corpus] for item in clips]).reshape(len(clips), len(place))
    chances = answers.probabilities[kept]
    answered = metrics.argmax_among(chances, allowed)
    answered[~np.where(allowed, chances, 0.0).any(axis=1)] = len(place)
    return Scored(
        utterances=clips,
        truth=np.array([place[item.emotion or ""] for item in clips], np.int64),
        answered=answered,
        labels=(*answers.labels, OTHER),
    )
