"""Figures of a classifier on the clips of a test part: all that a report of a run is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt import metrics
from affekt.corpora.utterances import UNKNOWN_SPEAKER
from affekt.errors import ConfigError
from affekt.evaluation.figures.records import ClassFigures, ConstantAnswer
from affekt.evaluation.figures.scoring import class_figures, constant_answer
from affekt.metrics import Interval
from affekt.records import Utterance

_ONE_SPEAKER = "all clips are of one speaker"
_NOT_TOLD = "nobody told who speaks"
_ALIKE = "all draws of speakers agree"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPrediction:
    """What was answered to one clip.

    Attributes:
        clip: its id.
        speaker: who spoke, as `collection/speaker`.
        actual, predicted: labels.
        probability_of_actual, probability_of_predicted: 0 to 1; the second is the confidence.
        probabilities: of all labels, in the order of the figures' own.
    """

    clip: str
    speaker: str
    actual: str
    predicted: str
    probability_of_actual: float
    probability_of_predicted: float
    probabilities: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassificationFigures:
    """What was measured, as shares from 0 to 1.

    Means are taken over the classes that occur among the clips; one of these that was never
    answered enters a mean of precisions with 0, as in scikit-learn's `zero_division=0`.

    Attributes:
        labels: in the order of the confusion matrix and of all probabilities.
        clips, speakers: how many were measured.
        classes: one entry a label, also where no clip has it.
        accuracy: share of clips answered rightly; equals the weighted mean of the recalls.
        ua: unweighted average recall; equals the macro mean of the recalls.
        macro_precision, macro_f1: plain means.
        weighted_precision, weighted_f1: means weighted by support.
        intervals: bootstrap 95 % intervals, clustered by speaker, of accuracy, UA, and macro and
            weighted precision and F1; those that can be had.
        no_interval_reason: why there are none at all.
        constant: what it always answers, or nearly always; None of a model that tells clips apart.
        confusion: clips, row the actual class, column the predicted one.
        predictions: one entry a clip, in the order given.
    """

    labels: tuple[str, ...]
    clips: int
    speakers: int
    classes: tuple[ClassFigures, ...]
    accuracy: float
    ua: float
    macro_precision: float
    macro_f1: float
    weighted_precision: float
    weighted_f1: float
    intervals: Mapping[str, Interval]
    no_interval_reason: str | None
    constant: ConstantAnswer | None
    confusion: tuple[tuple[int, ...], ...]
    predictions: tuple[ClipPrediction, ...]

    @property
    def misclassified(self) -> tuple[ClipPrediction, ...]:
        """Clips that were answered wrongly, the most confident answer first."""
        wrong = [item for item in self.predictions if item.predicted != item.actual]
        return tuple(sorted(wrong, key=lambda item: -item.probability_of_predicted))

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain JSON types; single clips are left to the tables of clips."""
        return {
            "clips": self.clips,
            "speakers": self.speakers,
            "misclassified": len(self.misclassified),
            "accuracy": self.accuracy,
            "ua": self.ua,
            "macro_precision": self.macro_precision,
            "macro_recall": self.ua,
            "macro_f1": self.macro_f1,
            "weighted_precision": self.weighted_precision,
            "weighted_recall": self.accuracy,
            "weighted_f1": self.weighted_f1,
            "intervals": {name: dataclasses.asdict(item) for name, item in self.intervals.items()},
            "no_interval_reason": self.no_interval_reason,
            "constant": dataclasses.asdict(self.constant) if self.constant else None,
            "labels": list(self.labels),
            "classes": [dataclasses.asdict(item) for item in self.classes],
            "confusion": [list(row) for row in self.confusion],
        }


def classify(
    utterances: Sequence[Utterance],
    actual: Sequence[str],
    probabilities: npt.NDArray[np.floating],
    labels: Sequence[str],
    *,
    clip_ids: Sequence[str],
    rng: np.random.Generator,
) -> ClassificationFigures:
    """Measure the answers of a classifier.

    The answer to a clip is its most probable label.

    Args:
        utterances: `[clips]`, of which the speakers are taken.
        actual: `[clips]`, the true labels.
        probabilities: `[clips, classes]`, each row sums to one.
        labels: `[classes]`.
        clip_ids: `[clips]`, what to call each clip in tables.
        rng: of the bootstrap.

    Raises:
        ConfigError: there is no clip, or a probability is not finite.
        ValueError: lengths differ, or a true label is none of the labels.
    """
    if not len(utterances) == len(actual) == len(clip_ids) == len(probabilities):
        raise ValueError("utterances, labels, probabilities and clip ids must be equally many")
    if not len(actual):
        raise ConfigError("no clip to measure: the test part is empty; give more recordings")
    if not np.isfinite(probabilities).all():
        raise ConfigError(
            "the model answers with no number (NaN): its training diverged; lower the learning rate"
        )
    place = {label: index for index, label in enumerate(labels)}
    unknown = set(actual) - set(place)
    if unknown:
        raise ValueError(f"true labels that the model lacks: {', '.join(sorted(unknown))}")
    truth = np.array([place[label] for label in actual])
    predicted = probabilities.argmax(axis=1)
    speakers = [item.speaker_key for item in utterances]
    intervals = metrics.confusion_intervals(truth, predicted, speakers, len(labels), rng=rng)
    confusion = metrics.confusion_matrix(truth, predicted, len(labels))
    precision = np.nan_to_num(metrics.precisions(confusion))
    support = confusion.sum(axis=1)
    return ClassificationFigures(
        labels=tuple(labels),
        clips=len(actual),
        speakers=len(set(speakers)),
        classes=class_figures(labels, confusion),
        accuracy=metrics.accuracy(confusion),
        ua=metrics.unweighted_average_recall(confusion),
        macro_precision=float(precision[support > 0].mean()),
        macro_f1=metrics.macro_f1(confusion),
        weighted_precision=float(np.average(precision, weights=support)),
        weighted_f1=metrics.weighted_f1(confusion),
        intervals=intervals,
        no_interval_reason=None if intervals else _why_none(utterances),
        constant=constant_answer(labels, confusion),
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
        predictions=_predictions(utterances, truth, predicted, probabilities, labels, clip_ids),
    )


def _why_none(utterances: Sequence[Utterance]) -> str:
    if all(item.speaker == UNKNOWN_SPEAKER for item in utterances):
        return _NOT_TOLD
    return _ALIKE if len({item.speaker_key for item in utterances}) > 1 else _ONE_SPEAKER


def _predictions(
    utterances: Sequence[Utterance],
    truth: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
    probabilities: npt.NDArray[np.floating],
    labels: Sequence[str],
    clip_ids: Sequence[str],
) -> tuple[ClipPrediction, ...]:
    return tuple(
        ClipPrediction(
            clip=clip,
            speaker="/".join(item.speaker_key),
            actual=labels[true],
            predicted=labels[said],
            probability_of_actual=row[true],
            probability_of_predicted=row[said],
            probabilities=tuple(row),
        )
        for item, clip, true, said, row in zip(
            utterances, clip_ids, truth, predicted, probabilities.tolist(), strict=True
        )
    )
