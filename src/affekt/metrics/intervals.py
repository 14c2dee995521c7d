"""How sure a figure is, when the unit that was sampled is the speaker and not the clip."""

from __future__ import annotations

import itertools
import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from affekt.metrics.recalls import f1_scores, precisions, recalls

Floats = npt.NDArray[np.float64]

# Draws that lie closer together than a report prints say nothing of how sure a figure is: all
# speakers gave the same, as they do to a model that answers the same to everybody.
NARROWEST = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval of a figure, both ends in the figure's own unit."""

    low: float
    high: float
    level: float
    speakers: int


def confusion_intervals(
    truth: npt.NDArray[np.integer],
    predicted: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 1000,
) -> dict[str, Interval]:
    """Return bootstrap intervals of figures over all classes, clustered by speaker.

    Speakers are drawn with replacement, each with all of their clips (the cluster bootstrap of
    Field and Welsh 2007): clips of one speaker are far from independent, and an interval over
    clips would be too narrow. A class that no drawn speaker has is left out of that draw's means.
    A draw is the sum of the confusion matrices of the speakers drawn, so the clips are counted
    once and never looked at again. Draws from few speakers lie too close together: the distances of
    the percentiles from the figure are stretched as Student's t has it (the factor of Hesterberg
    2015, "What Teachers Should Know About the Bootstrap", section 4.2.1, which he applies to the
    levels). With two speakers that makes intervals wide, as they are.

    Args:
        truth: `[clips]`, class indices from 0 to `classes - 1`.
        predicted: `[clips]`, likewise.
        speakers: `[clips]`, who spoke.
        classes: size of the label set.
        rng: draws the speakers.
        level: how often such intervals shall hold the truth, between 0 and 1.
        resamples: number of draws.

    Returns:
        Intervals under "accuracy", "ua", "macro_precision", "weighted_precision", "macro_f1" and
        "weighted_f1"; none where there are fewer than two speakers, or where it would be narrower
        than `NARROWEST`.
    """
    counts = _counts(truth, predicted, speakers, classes)
    if len(counts) < 2:
        return {}
    figures = _figures(_drawn(counts, rng, resamples))
    measured = _figures(counts.sum(axis=0, keepdims=True))
    found = {
        name: stretched_interval(
            float(measured[name][0]), values, level=level, speakers=len(counts)
        )
        for name, values in figures.items()
    }
    return {name: interval for name, interval in found.items() if interval is not None}


def class_intervals(
    truth: npt.NDArray[np.integer],
    predicted: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 1000,
) -> dict[str, tuple[Interval | None, ...]]:
    """Return the intervals of each class' recall, precision and F1, as `confusion_intervals` does.

    The same generator state draws the same speakers. Only draws in which the figure is defined
    count, and only speakers who have a say in it: of a recall, those with a clip of the class; of
    a precision, those with a clip so answered; of F1, both.

    Args:
        truth: `[clips]`, class indices from 0 to `classes - 1`.
        predicted: `[clips]`, likewise.
        speakers: `[clips]`, who spoke.
        classes: size of the label set.
        rng: draws the speakers.
        level: how often such intervals shall hold the truth, between 0 and 1.
        resamples: number of draws.

    Returns:
        `[classes]` under "recall", "precision" and "f1"; None where fewer than two speakers have
        a say, and where it would be narrower than `NARROWEST`.
    """
    counts = _counts(truth, predicted, speakers, classes)
    if len(counts) < 2:
        return dict.fromkeys(("recall", "precision", "f1"), (None,) * classes)
    total = counts.sum(axis=0, keepdims=True)
    drawn = _drawn(counts, rng, resamples)
    asked, answered = counts.any(axis=2), counts.any(axis=1)  # [speakers, classes]
    found: dict[str, tuple[Interval | None, ...]] = {}
    for name, measure, heard in (
        ("recall", recalls, asked),
        ("precision", precisions, answered),
        ("f1", f1_scores, asked | answered),
    ):
        figures, values, voices = measure(total)[0], measure(drawn), heard.sum(axis=0)
        found[name] = tuple(
            None
            if voices[k] < 2 or np.isnan(figures[k])
            else stretched_interval(
                float(figures[k]),
                values[~np.isnan(values[:, k]), k],
                level=level,
                speakers=int(voices[k]),
            )
            for k in range(classes)
        )
    return found


def largest_difference(
    figures: Sequence[float], intervals: Sequence[Interval], *, level: float = 0.95
) -> Interval:
    """Return the interval of the difference between the best and the worst of several groups.

    Of each two groups it is had from their own intervals (the method of variance estimates
    recovery: Zou and Donner 2008, "Construction of confidence limits about effect measures").
    Which group is best is not known beforehand, so that the interval reaches from the largest of
    the lower ends to the largest of the upper ones; the lower end is negative where the groups may
    well stand the other way round.

    Args:
        figures: `[groups]`, two or more, measured on different speakers.
        intervals: `[groups]`, of the figures, each at one minus (1 - level) over the number of
            pairs.
        level: how often such intervals shall hold the truth, between 0 and 1.
    """
    ends = [
        (
            first - second - math.hypot(first - of.low, to.high - second),
            first - second + math.hypot(of.high - first, second - to.low),
        )
        for (first, of), (second, to) in itertools.permutations(
            zip(figures, intervals, strict=True), 2
        )
    ]
    lows, highs = zip(*ends, strict=True)
    return Interval(
        low=max(lows),
        high=max(highs),
        level=level,
        speakers=sum(interval.speakers for interval in intervals),
    )


def student_quantile(level: float, degrees: int) -> float:
    """Return the quantile of Student's t above one half: Hill 1970, Algorithm 396 of the CACM.

    To five digits. scipy, which knows more of them, is no part of the light core.

    Args:
        level: between 0.5 and 1.
        degrees: of freedom, 1 or more.
    """
    outside = 2.0 * (1.0 - level)
    if degrees == 1:
        return 1.0 / math.tan(outside * math.pi / 2.0)
    if degrees == 2:
        return math.sqrt(2.0 / (outside * (2.0 - outside)) - 2.0)
    a = 1.0 / (degrees - 0.5)
    b = 48.0 / a**2
    c = ((20700.0 * a / b - 98.0) * a - 16.0) * a + 96.36
    d = ((94.5 / (b + c) - 3.0) / b + 1.0) * math.sqrt(a * math.pi / 2.0) * degrees
    far = (d * outside) ** (2.0 / degrees)
    if far > 0.05 + a:
        x = NormalDist().inv_cdf(outside / 2.0)
        y = x**2
        if degrees < 5:
            c += 0.3 * (degrees - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5.0) * x - 7.0) * x - 2.0) * x + b
        y = (((((0.4 * y + 6.3) * y + 36.0) * y + 94.5) / c - y - 3.0) / b + 1.0) * x
        y = math.expm1(a * y**2)
    else:
        y = ((degrees + 6.0) / (degrees * far) - 0.089 * d - 0.822) * (degrees + 2.0) * 3.0
        y = (1.0 / y + 0.5 / (degrees + 4.0)) * far - 1.0
        y = y * (degrees + 1.0) / (degrees + 2.0) + 1.0 / far
    return math.sqrt(degrees * y)


def _counts(
    truth: npt.NDArray[np.integer],
    predicted: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    classes: int,
) -> Floats:
    """Return the confusion matrix of each speaker, `[speakers, classes, classes]`."""
    place = {name: index for index, name in enumerate(dict.fromkeys(speakers))}
    speaker = np.array([place[name] for name in speakers], dtype=np.int64)
    cell = (speaker * classes + np.asarray(truth)) * classes + np.asarray(predicted)
    counts = np.bincount(cell, minlength=len(place) * classes**2)
    return counts.reshape(len(place), classes, classes).astype(np.float64)


def draw_counts(speakers: int, rng: np.random.Generator, resamples: int) -> Floats:
    """Return how often each speaker is in each draw with replacement, `[resamples, speakers]`."""
    drawn = rng.multinomial(speakers, np.full(speakers, 1.0 / speakers), size=resamples)
    return drawn.astype(np.float64)


def _drawn(counts: Floats, rng: np.random.Generator, resamples: int) -> Floats:
    """Return the confusion matrix of each draw of speakers, `[resamples, classes, classes]`."""
    drawn = draw_counts(len(counts), rng, resamples) @ counts.reshape(len(counts), -1)
    return drawn.reshape(resamples, *counts.shape[1:])


def _figures(confusions: Floats) -> dict[str, Floats]:
    support = confusions.sum(axis=-1)
    clips = support.sum(axis=-1)
    f1 = f1_scores(confusions)
    # A class that nothing was answered with has no right answers among none.
    precision = np.where(support > 0, np.nan_to_num(precisions(confusions)), np.nan)
    return {
        "accuracy": np.trace(confusions, axis1=-2, axis2=-1) / clips,
        "ua": np.nanmean(recalls(confusions), axis=-1),
        "macro_precision": np.nanmean(precision, axis=-1),
        "weighted_precision": np.nansum(precision * support, axis=-1) / clips,
        "macro_f1": np.nanmean(f1, axis=-1),
        "weighted_f1": np.nansum(f1 * support, axis=-1) / clips,
    }


def stretched_interval(
    figure: float, values: Floats, *, level: float, speakers: int, least: float = 0.0
) -> Interval | None:
    """Return the interval of a figure from its bootstrap draws, as `confusion_intervals` has it.

    Args:
        figure: what was measured.
        values: of the draws.
        level: of the interval.
        speakers: that were drawn from.
        least: what the figure cannot fall below; it cannot exceed 1.
    """
    tail = (1.0 - level) / 2.0
    low, high = (float(end) for end in np.quantile(values, [tail, 1.0 - tail]))
    stretch = student_quantile(1.0 - tail, speakers - 1) / NormalDist().inv_cdf(1.0 - tail)
    stretch *= math.sqrt(speakers / (speakers - 1))
    low = max(least, figure - stretch * (figure - low))
    high = min(1.0, figure + stretch * (high - figure))
    if high - low < NARROWEST:
        return None
    return Interval(low=low, high=high, level=level, speakers=speakers)
