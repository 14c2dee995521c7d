"""A model beside people: how far it agrees with those who listened to CREMA-D.

People chose one of six emotions for the sound alone, about ten of them a clip; their votes are a
distribution, and the model's probabilities of the same six emotions are another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.corpora import VOTED, VOTED_CORPUS
from affekt.errors import ConfigError
from affekt.evaluation.runs import Answers
from affekt.metrics import pearson

AGREED = 0.7  # share of the votes for one emotion from which people are said to agree
_SMALLEST = 1e-12

Shares = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerFigures:
    """Figures over some clips, shares from 0 to 1.

    Attributes:
        clips: how many.
        model_right: the model's answer, among the six, is what the actor meant.
        crowd_right: most listeners heard what the actor meant; ties count by halves and so on.
        listener_right: a single listener heard it, on average.
        model_with_crowd: the model's answer is what most listeners heard.
        cross_entropy: of the model under the votes, in nats; None of mere labels.
        cross_entropy_of_votes: the votes' own entropy, below which no model can come.
        correlation: Pearson's, of probabilities with shares of votes over all clips and emotions;
            None where one of them does not vary, and of mere labels.
    """

    clips: int
    model_right: float
    crowd_right: float
    listener_right: float
    model_with_crowd: float
    cross_entropy: float | None
    cross_entropy_of_votes: float
    correlation: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listeners:
    """A model beside people.

    Attributes:
        everything: all clips with votes.
        left_out: clips with votes that the model did not answer, or for which it gives none of the
            six emotions a chance.
        agreed: those where at least `AGREED` of the votes are for one emotion; None without any.
        disputed: the others; None without any.
    """

    everything: ListenerFigures
    left_out: int
    agreed: ListenerFigures | None
    disputed: ListenerFigures | None


def beside_listeners(answers: Answers, votes: Mapping[str, tuple[int, ...]]) -> Listeners:
    """Put the answers to CREMA-D's clips beside the votes.

    Args:
        answers: of a run; clips of other corpora and clips without votes are passed over.
        votes: stem to votes in the order of `VOTED`.

    Raises:
        ConfigError: no clip has votes, or the model does not know all six emotions, or gives them
            no chance.
    """
    answers = answers.completed()
    emotions = tuple(VOTED.values())
    unknown = [emotion for emotion in emotions if emotion not in answers.labels]
    if unknown:
        raise ConfigError(f"the model does not know what listeners chose: {', '.join(unknown)}")
    chosen = [
        index
        for index, item in enumerate(answers.utterances)
        if item.corpus == VOTED_CORPUS
        and any(votes.get(item.path.stem, ()))
        and item.emotion in emotions
    ]
    if not chosen:
        raise ConfigError("no clip of CREMA-D with votes is among those under test")
    columns = [answers.labels.index(emotion) for emotion in emotions]
    known = answers.probabilities[np.ix_(chosen, columns)]
    among = known.sum(axis=1) > 0.0
    if not among.any():
        raise ConfigError("the model answers no clip with what listeners could choose")
    model = known[among] / known[among].sum(axis=1, keepdims=True)
    clips = [answers.utterances[index] for index in np.array(chosen)[among]]
    counts = np.array([votes[item.path.stem] for item in clips], dtype=np.float64)
    heard = counts / counts.sum(axis=1, keepdims=True)
    meant = np.array([emotions.index(str(item.emotion)) for item in clips])
    clear = heard.max(axis=1) >= AGREED
    parts = {"everything": np.ones_like(clear), "agreed": clear, "disputed": ~clear}
    figures = {
        name: _figures(model[part], heard[part], meant[part], graded=answers.graded)
        for name, part in parts.items()
        if part.any()
    }
    return Listeners(
        everything=figures["everything"],
        left_out=len(chosen) - len(clips),
        agreed=figures.get("agreed"),
        disputed=figures.get("disputed"),
    )


def _figures(
    model: Shares, heard: Shares, meant: npt.NDArray[np.intp], *, graded: bool
) -> ListenerFigures:
    rows = np.arange(len(meant))
    answered = model.argmax(axis=1)
    # Where two emotions have most votes, each is what the crowd says by half.
    crowd = (heard == heard.max(axis=1, keepdims=True)).astype(np.float64)
    crowd /= crowd.sum(axis=1, keepdims=True)
    return ListenerFigures(
        clips=len(meant),
        model_right=float(np.mean(answered == meant)),
        crowd_right=float(crowd[rows, meant].mean()),
        listener_right=float(heard[rows, meant].mean()),
        model_with_crowd=float(crowd[rows, answered].mean()),
        cross_entropy=_cross_entropy(model, heard) if graded else None,
        cross_entropy_of_votes=_cross_entropy(heard, heard),
        correlation=pearson(model.ravel(), heard.ravel()) if graded else None,
    )


def _cross_entropy(model: Shares, heard: Shares) -> float:
    logs = np.log(np.maximum(model, _SMALLEST))
    return float(-np.sum(heard * logs, axis=1).mean())
