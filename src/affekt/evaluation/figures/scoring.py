"""Figures of one corpus, always under two scorings.

`own`: the answer is the most probable of the corpus' own classes, the setting in which figures of
different systems can be compared. `all`: the most probable of everything the model knows, which
is what a user gets. Clips without a canonical emotion (EmoDB's boredom) take part in neither;
where the model knows their native label, a third scoring, `own and more`, adds them.

An answer without any probability among what may be answered, as a table of mere labels gives, is
counted as `other`, and as wrong. So is a clip that was not answered at all, as `unanswered`: a
model that leaves out what is hard must not gain by it. What it answered is scored beside that.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from affekt import metrics
from affekt.corpora import ratings_of_clips, read_intensities
from affekt.errors import CorpusError
from affekt.evaluation.figures.records import (
    OTHER,
    UNANSWERED,
    CalibrationFigures,
    CorpusFigures,
    IntensityFigures,
    Scoring,
)
from affekt.evaluation.runs import Answers
from affekt.records import Utterance


def score_corpus(corpus: str, answers: Answers, classes: Sequence[str]) -> CorpusFigures:
    """Score the answers to one corpus' clips.

    Args:
        corpus: its name; answers to other corpora's clips are passed over.
        answers: of a run.
        classes: the canonical labels the corpus has; a clip competes only among these.
    """
    whole = answers.completed()
    chosen = [index for index, item in enumerate(whole.utterances) if item.corpus == corpus]
    clips = [whole.utterances[index] for index in chosen]
    answered = np.array(chosen, np.int64) < len(answers.utterances)
    own = tuple(label for label in answers.labels if label in classes)
    canonical: list[str | None] = [item.emotion for item in clips]
    more: list[str | None] = [item.emotion or item.native_label for item in clips]
    beyond = tuple(
        label
        for label in answers.labels
        if any(item.emotion is None and item.native_label == label for item in clips)
    )
    rules = [("own", own, canonical), ("all", answers.labels, canonical)]
    if beyond:
        rules.append(("own and more", own + beyond, more))
    scorings = [
        _score(name, labels, truth, clips, whole.probabilities[chosen], answers.labels, answered)
        for name, labels, truth in rules
        if any(label in own for label in truth)
    ]
    return CorpusFigures(
        corpus=corpus,
        speakers=tuple(sorted({item.speaker for item in clips})),
        clips=len(clips),
        failed=int((~answered).sum()),
        not_scored=dict(Counter(item.native_label for item in clips if item.emotion not in own)),
        scorings=tuple(scorings),
        calibration=(
            _calibration(
                [label for label, given in zip(canonical, answered, strict=True) if given],
                whole.probabilities[chosen][answered],
                answers.labels,
            )
            if scorings and answers.graded
            else None
        ),
        intensity=(
            None if whole.intensities is None else _intensity(clips, whole.intensities[chosen])
        ),
    )


def _intensity(
    clips: Sequence[Utterance], told: npt.NDArray[np.float64]
) -> IntensityFigures | None:
    """Put the intensities that a model tells beside listeners' ratings, where there are any."""
    try:
        rated = np.array(ratings_of_clips(clips, read_intensities), dtype=np.float64)
    except CorpusError:  # the ratings are not among the corpus' files
        return None
    correlation = metrics.pearson(told, rated)
    if correlation is None:
        return None
    speakers = [item.speaker_key for item in clips]
    return IntensityFigures(
        clips=int((~np.isnan(told + rated)).sum()),
        correlation=correlation,
        interval=metrics.pearson_interval(told, rated, speakers, rng=np.random.default_rng(0)),
    )


def pooled_calibration(answers: Answers) -> CalibrationFigures | None:
    """Return the calibration over all clips of a run whose emotion the model knows.

    None where there are none, or the model gave no probabilities.
    """
    if not answers.graded:
        return None
    truth = [item.emotion for item in answers.utterances]
    return _calibration(truth, answers.probabilities, answers.labels)


def mean_ua(figures: Mapping[str, CorpusFigures], corpora: Sequence[str]) -> float | None:
    """Return the mean UA (`own`) over corpora; None unless every one of them was measured."""
    scorings = [figures[name].scoring("own") if name in figures else None for name in corpora]
    measured = [item.ua for item in scorings if item is not None]
    return float(np.mean(measured)) if len(measured) == len(corpora) else None


def _score(
    name: str,
    allowed: tuple[str, ...],
    truth: Sequence[str | None],
    clips: Sequence[Utterance],
    probabilities: npt.NDArray[np.float64],
    labels: tuple[str, ...],
    answered: npt.NDArray[np.bool_],
) -> Scoring:
    kept = [index for index, label in enumerate(truth) if label in allowed]
    place = {label: index for index, label in enumerate(allowed)}
    columns = [labels.index(label) for label in allowed]
    true = np.array([place[label] for label in (truth[index] for index in kept) if label])
    chances = probabilities[kept][:, columns]
    said = np.where(chances.any(axis=1), chances.argmax(axis=1), len(allowed))
    given = answered[kept]
    if (said[given] == len(allowed)).any():
        allowed = (*allowed, OTHER)
    speakers = [clips[index].speaker for index in kept]
    if given.all():
        return _scoring(name, allowed, true, said, speakers)
    alone = None
    if given.any():
        named = [speaker for speaker, one in zip(speakers, given, strict=True) if one]
        alone = _scoring(name, allowed, true[given], said[given], named)
    said[~given] = len(allowed)
    everything = _scoring(name, (*allowed, UNANSWERED), true, said, speakers)
    return dataclasses.replace(
        everything,
        answered=int(given.sum()),
        answered_alone=alone,
        constant=alone.constant if alone else None,
    )


def _scoring(
    name: str,
    labels: tuple[str, ...],
    truth: npt.NDArray[np.integer],
    answered: npt.NDArray[np.integer],
    speakers: Sequence[str],
) -> Scoring:
    figures = metrics.measure_classes(truth, answered, speakers, labels)
    present = {item.label for item in figures.classes if item.support}
    return Scoring(
        **figures.values()
        | {
            "classes": tuple(item for item in figures.classes if item.label in present),
            "class_intervals": tuple(
                item for item in figures.class_intervals if item.label in present
            ),
        },
        name=name,
        answered=len(truth),
        answered_alone=None,
    )


def _calibration(
    truth: Sequence[str | None],
    probabilities: npt.NDArray[np.float64],
    labels: tuple[str, ...],
) -> CalibrationFigures | None:
    kept = [index for index, label in enumerate(truth) if label in labels]
    if not kept:
        return None
    true = np.array([labels.index(label) for label in (truth[index] for index in kept) if label])
    return CalibrationFigures(
        ece=metrics.expected_calibration_error(probabilities[kept], true),
        brier=metrics.brier_score(probabilities[kept], true),
        nll=metrics.log_loss(probabilities[kept], true),
    )
