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
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from affekt import metrics
from affekt.evaluation.figures.records import (
    OTHER,
    UNANSWERED,
    CalibrationFigures,
    ClassFigures,
    ClassIntervals,
    ConstantAnswer,
    CorpusFigures,
    Scoring,
)
from affekt.evaluation.runs import Answers
from affekt.metrics import Interval
from affekt.records import Utterance

Figures = TypeVar("Figures")
# The bootstrap draws alike every time, so that a report can be reproduced digit for digit.
_BOOTSTRAP_SEED = 2
_RESAMPLES = 2000
# A model that gives so many of its clips one answer is called nearly constant.
NEARLY_ALL = 0.95


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
                [label for label, told in zip(canonical, answered, strict=True) if told],
                whole.probabilities[chosen][answered],
                answers.labels,
            )
            if scorings and answers.graded
            else None
        ),
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
    told = answered[kept]
    if (said[told] == len(allowed)).any():
        allowed = (*allowed, OTHER)
    speakers = [clips[index].speaker for index in kept]
    if told.all():
        return _scoring(name, allowed, true, said, speakers)
    alone = None
    if told.any():
        heard = [speaker for speaker, one in zip(speakers, told, strict=True) if one]
        alone = _scoring(name, allowed, true[told], said[told], heard)
    said[~told] = len(allowed)
    everything = _scoring(name, (*allowed, UNANSWERED), true, said, speakers)
    return dataclasses.replace(
        everything,
        answered=int(told.sum()),
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
    confusion = metrics.confusion_matrix(truth, answered, len(labels))
    classes = tuple(item for item in class_figures(labels, confusion) if item.support)
    return Scoring(
        name=name,
        labels=labels,
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
        clips=len(truth),
        answered=len(truth),
        speakers=len(set(speakers)),
        classes=classes,
        class_intervals=tuple(
            item
            for item in _class_intervals(truth, answered, speakers, labels)
            if any(item.label == of.label for of in classes)
        ),
        constant=constant_answer(labels, confusion),
        answered_alone=None,
        **shares(truth, answered, speakers, len(labels)),
    )


def shares(
    truth: npt.NDArray[np.integer],
    answered: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
) -> dict[str, Any]:
    """Return UA, WA, macro and weighted F1, each with its interval, under the names of `Scoring`.

    Args:
        truth: `[clips]`, class indices.
        answered: `[clips]`, likewise.
        speakers: `[clips]`, who spoke.
        classes: size of the label set.
    """
    confusion = metrics.confusion_matrix(truth, answered, classes)
    intervals = _bootstrapped(metrics.confusion_intervals, truth, answered, speakers, classes)
    return {
        "ua": metrics.unweighted_average_recall(confusion),
        "wa": metrics.accuracy(confusion),
        "macro_f1": metrics.macro_f1(confusion),
        "weighted_f1": metrics.weighted_f1(confusion),
        "ua_interval": intervals.get("ua"),
        "wa_interval": intervals.get("accuracy"),
        "macro_f1_interval": intervals.get("macro_f1"),
        "weighted_f1_interval": intervals.get("weighted_f1"),
    }


def ua_with_interval(
    truth: npt.NDArray[np.integer],
    answered: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
    *,
    level: float,
) -> tuple[float, Interval | None]:
    """Return UA and its interval at a level, from the same draws as those of `shares`."""
    intervals = _bootstrapped(
        metrics.confusion_intervals, truth, answered, speakers, classes, level=level
    )
    confusion = metrics.confusion_matrix(truth, answered, classes)
    return metrics.unweighted_average_recall(confusion), intervals.get("ua")


def _class_intervals(
    truth: npt.NDArray[np.integer],
    answered: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    labels: Sequence[str],
) -> Iterator[ClassIntervals]:
    found = _bootstrapped(metrics.class_intervals, truth, answered, speakers, len(labels))
    for place, label in enumerate(labels):
        yield ClassIntervals(label=label, **{name: found[name][place] for name in found})


def _bootstrapped(
    measure: Callable[..., Figures],
    truth: npt.NDArray[np.integer],
    answered: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
    *,
    level: float = 0.95,
) -> Figures:
    # The draws go to speakers in their order: that of the clips must not matter.
    order = sorted(range(len(speakers)), key=lambda index: str(speakers[index]))
    return measure(
        truth[order],
        answered[order],
        [speakers[index] for index in order],
        classes,
        rng=np.random.default_rng(_BOOTSTRAP_SEED),
        level=level,
        resamples=_RESAMPLES,
    )


def constant_answer(
    labels: Sequence[str], confusion: npt.NDArray[np.int64]
) -> ConstantAnswer | None:
    """Return what all or nearly all clips are answered with; None where clips are told apart.

    A label that nearly all clips truly have is no fault of the model's.

    Args:
        labels: `[classes]`.
        confusion: `[classes, classes]`, row the truth, column the answer.
    """
    support, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    clips, place = int(answered.sum()), int(answered.argmax())
    if (support > 0).sum() < 2:
        return None
    nearly = answered[place] >= NEARLY_ALL * clips > support[place]
    if answered[place] < clips and not nearly:
        return None
    return ConstantAnswer(label=labels[place], share=float(answered[place] / clips))


def class_figures(
    labels: Sequence[str], confusion: npt.NDArray[np.int64]
) -> tuple[ClassFigures, ...]:
    """Return the figures of every label, also of those that no clip has.

    Args:
        labels: `[classes]`.
        confusion: `[classes, classes]`, row the truth, column the answer.
    """
    columns = zip(
        labels,
        confusion.sum(axis=1),
        metrics.recalls(confusion),
        metrics.precisions(confusion),
        metrics.f1_scores(confusion),
        strict=True,
    )
    return tuple(
        ClassFigures(
            label=label,
            support=int(support),
            recall=_defined(recall),
            precision=_defined(precision),
            f1=_defined(f1),
        )
        for label, support, recall, precision, f1 in columns
    )


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


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
