"""Figures of a classifier on the clips of a test part: all that a report of a run is made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt import metrics
from affekt.corpora import UNKNOWN_SPEAKER
from affekt.errors import ConfigError
from affekt.metrics import DetailedFigures, Interval
from affekt.records import Utterance

MEANS = ("ua", "wa", "macro_precision", "weighted_precision", "macro_f1", "weighted_f1")
_ONE_SPEAKER = "all clips are of one speaker"
_NOBODY_NAMED = "nobody says who speaks"
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
class ClassificationFigures(DetailedFigures):
    """What was measured of a classifier; classes are all labels, also those that no clip has.

    Means are taken over the classes that occur among the clips; one of these that was never
    answered enters a mean of precisions with 0, as in scikit-learn's `zero_division=0`.

    Attributes:
        macro_precision, weighted_precision: means over the classes present, plain and by support.
        macro_precision_interval, weighted_precision_interval: like the other intervals.
        no_interval_reason: why there are none at all.
        predictions: one entry a clip, in the order given.
    """

    macro_precision: float
    weighted_precision: float
    macro_precision_interval: Interval | None
    weighted_precision_interval: Interval | None
    no_interval_reason: str | None
    predictions: tuple[ClipPrediction, ...]

    @property
    def intervals(self) -> dict[str, Interval]:
        """The intervals that can be had, by the name of their figure."""
        found = {name: getattr(self, f"{name}_interval") for name in MEANS}
        return {name: interval for name, interval in found.items() if interval is not None}

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
            "accuracy": self.wa,
            "ua": self.ua,
            "macro_precision": self.macro_precision,
            "macro_recall": self.ua,
            "macro_f1": self.macro_f1,
            "weighted_precision": self.weighted_precision,
            "weighted_recall": self.wa,
            "weighted_f1": self.weighted_f1,
            "intervals": {
                "accuracy" if name == "wa" else name: dataclasses.asdict(item)
                for name, item in self.intervals.items()
            },
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
) -> ClassificationFigures:
    """Measure the answers of a classifier.

    The answer to a clip is its most probable label.

    Args:
        utterances: `[clips]`, of which the speakers are taken.
        actual: `[clips]`, the true labels.
        probabilities: `[clips, classes]`, each row sums to one.
        labels: `[classes]`.
        clip_ids: `[clips]`, what to call each clip in tables.

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
    figures = metrics.measure_classes(truth, predicted, speakers, labels)
    intervals = metrics.figure_intervals(truth, predicted, speakers, len(labels))
    confusion = np.array(figures.confusion)
    precision = np.nan_to_num(metrics.precisions(confusion))
    support = confusion.sum(axis=1)
    return ClassificationFigures(
        **figures.values(),
        macro_precision=float(precision[support > 0].mean()),
        weighted_precision=float(np.average(precision, weights=support)),
        macro_precision_interval=intervals.get("macro_precision"),
        weighted_precision_interval=intervals.get("weighted_precision"),
        no_interval_reason=None if intervals else _why_none(utterances),
        predictions=_predictions(utterances, truth, predicted, probabilities, labels, clip_ids),
    )


def _why_none(utterances: Sequence[Utterance]) -> str:
    if all(item.speaker == UNKNOWN_SPEAKER for item in utterances):
        return _NOBODY_NAMED
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
