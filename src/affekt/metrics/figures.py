"""The figures of classified clips: one record of them, and one way to compute it.

Equal answers have equal figures, whoever measures them: the bootstrap draws alike every time, and
draws speakers in their order, so that neither the run nor the order of the clips matters.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from affekt.metrics.intervals import Interval, class_intervals, confusion_intervals
from affekt.metrics.recalls import (
    accuracy,
    confusion_matrix,
    f1_scores,
    macro_f1,
    precisions,
    recalls,
    unweighted_average_recall,
    weighted_f1,
)

Found = TypeVar("Found")
_SEED = 2
_RESAMPLES = 2000
# A model that gives so many of its clips one answer is called nearly constant.
NEARLY_ALL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures of some clips, as shares from 0 to 1.

    Attributes:
        clips, speakers: how many were measured, and of how many people.
        ua: unweighted average recall over the classes present in the truth.
        wa: share of clips answered rightly.
        macro_f1, weighted_f1: means over the classes present, plain and by support.
        ua_interval, wa_interval, macro_f1_interval, weighted_f1_interval: bootstrap 95 %,
            clustered by speaker, all from the same draws; None with one speaker, where all
            draws agree, and of means over corpora.
    """

    clips: int
    speakers: int
    ua: float
    wa: float
    macro_f1: float
    weighted_f1: float
    ua_interval: Interval | None = None
    wa_interval: Interval | None = None
    macro_f1_interval: Interval | None = None
    weighted_f1_interval: Interval | None = None

    def values(self) -> dict[str, Any]:
        """Return the fields by name, to make a record that has more of them."""
        return {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassFigures:
    """Recall, precision and F1 of a class (0 to 1, None where undefined), and its clips."""

    label: str
    support: int
    recall: float | None
    precision: float | None
    f1: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassIntervals:
    """Bootstrap 95 % intervals of the figures of a class; None where fewer than two speakers tell.

    Attributes:
        label: the class.
        recall, precision, f1: as in `ClassFigures`.
    """

    label: str
    recall: Interval | None
    precision: Interval | None
    f1: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantAnswer:
    """One label that all or nearly all clips of several classes were answered with.

    Attributes:
        label: the answer.
        share: of the answered clips that got it, `NEARLY_ALL` to 1.
    """

    label: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailedFigures(Figures):
    """Figures of some clips, and those of each class.

    Attributes:
        labels: what could be answered, in the order of the confusion matrix.
        confusion: clips, row the truth, column the answer.
        classes: one entry a label.
        class_intervals: likewise.
        constant: what is always answered, or nearly always; None where clips are told apart.
    """

    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    classes: tuple[ClassFigures, ...]
    class_intervals: tuple[ClassIntervals, ...]
    constant: ConstantAnswer | None


def measure_figures(
    truth: npt.NDArray[np.integer],
    predicted: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
) -> Figures:
    """Measure answers to clips.

    Args:
        truth: `[clips]`, class indices.
        predicted: `[clips]`, likewise.
        speakers: `[clips]`, who spoke.
        classes: size of the label set.
    """
    confusion = confusion_matrix(truth, predicted, classes)
    intervals = figure_intervals(truth, predicted, speakers, classes)
    return Figures(
        clips=len(truth),
        speakers=len(set(speakers)),
        ua=unweighted_average_recall(confusion),
        wa=accuracy(confusion),
        macro_f1=macro_f1(confusion),
        weighted_f1=weighted_f1(confusion),
        ua_interval=intervals.get("ua"),
        wa_interval=intervals.get("accuracy"),
        macro_f1_interval=intervals.get("macro_f1"),
        weighted_f1_interval=intervals.get("weighted_f1"),
    )


def measure_classes(
    truth: npt.NDArray[np.integer],
    predicted: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    labels: Sequence[str],
) -> DetailedFigures:
    """Measure answers to clips class by class; the arguments are those of `measure_figures`."""
    confusion = confusion_matrix(truth, predicted, len(labels))
    found = _bootstrapped(class_intervals, truth, predicted, speakers, len(labels))
    return DetailedFigures(
        **measure_figures(truth, predicted, speakers, len(labels)).values(),
        labels=tuple(labels),
        confusion=tuple(tuple(int(cell) for cell in row) for row in confusion),
        classes=_class_figures(labels, confusion),
        class_intervals=tuple(
            ClassIntervals(label=label, **{name: found[name][place] for name in found})
            for place, label in enumerate(labels)
        ),
        constant=_constant_answer(labels, confusion),
    )


def figure_intervals(
    truth: npt.NDArray[np.integer],
    predicted: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
    *,
    level: float = 0.95,
) -> dict[str, Interval]:
    """Return the intervals of `confusion_intervals`, from the draws of `measure_figures`.

    Args:
        truth: `[clips]`, class indices.
        predicted: `[clips]`, likewise.
        speakers: `[clips]`, who spoke.
        classes: size of the label set.
        level: how often such intervals shall hold the truth, between 0 and 1.
    """
    return _bootstrapped(confusion_intervals, truth, predicted, speakers, classes, level=level)


def _bootstrapped(
    measure: Callable[..., Found],
    truth: npt.NDArray[np.integer],
    predicted: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
    *,
    level: float = 0.95,
) -> Found:
    order = sorted(range(len(speakers)), key=lambda index: str(speakers[index]))
    return measure(
        truth[order],
        predicted[order],
        [speakers[index] for index in order],
        classes,
        rng=np.random.default_rng(_SEED),
        level=level,
        resamples=_RESAMPLES,
    )


def _constant_answer(
    labels: Sequence[str], confusion: npt.NDArray[np.int64]
) -> ConstantAnswer | None:
    """Return what all or nearly all clips are answered with; None where clips are told apart.

    A label that nearly all clips truly have is no fault of the model's.
    """
    support, answered = confusion.sum(axis=1), confusion.sum(axis=0)
    clips, place = int(answered.sum()), int(answered.argmax())
    if (support > 0).sum() < 2:
        return None
    nearly = answered[place] >= NEARLY_ALL * clips > support[place]
    if answered[place] < clips and not nearly:
        return None
    return ConstantAnswer(label=labels[place], share=float(answered[place] / clips))


def _class_figures(
    labels: Sequence[str], confusion: npt.NDArray[np.int64]
) -> tuple[ClassFigures, ...]:
    columns = zip(
        labels,
        confusion.sum(axis=1),
        recalls(confusion),
        precisions(confusion),
        f1_scores(confusion),
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
