"""How sure a figure is, when the unit that was sampled is the speaker and not the clip."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.metrics.recalls import f1_scores, recalls

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A percentile interval of a figure, both ends in the figure's own unit."""

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
    """Return bootstrap intervals of accuracy, UA, macro and weighted F1, clustered by speaker.

    Speakers are drawn with replacement, each with all of their clips (the cluster bootstrap of
    Field and Welsh 2007): clips of one voice are far from independent, and an interval over
    clips would be too narrow. A class that no drawn speaker has is left out of that draw's means.
    A draw is the sum of the confusion matrices of the speakers drawn, so the clips are counted
    once and never looked at again.

    Args:
        truth: `[clips]`, class indices from 0 to `classes - 1`.
        predicted: `[clips]`, likewise.
        speakers: `[clips]`, who spoke.
        classes: size of the label set.
        rng: draws the speakers.
        level: share of the resamples that lie within, between 0 and 1.
        resamples: number of draws.

    Returns:
        Intervals under "accuracy", "ua", "macro_f1" and "weighted_f1"; empty where there are
        fewer than two speakers.
    """
    place = {name: index for index, name in enumerate(dict.fromkeys(speakers))}
    if len(place) < 2:
        return {}
    speaker = np.array([place[name] for name in speakers])
    cell = (speaker * classes + np.asarray(truth)) * classes + np.asarray(predicted)
    counts = np.bincount(cell, minlength=len(place) * classes**2).reshape(len(place), -1)
    drawn = _draws(len(place), resamples, rng) @ counts.astype(np.float64)
    figures = _figures(drawn.reshape(resamples, classes, classes))
    return {
        name: _interval(values, level=level, speakers=len(place))
        for name, values in figures.items()
    }


def _draws(speakers: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each speaker comes up in each resample, `[resamples, speakers]`."""
    times = rng.multinomial(speakers, np.full(speakers, 1.0 / speakers), size=resamples)
    return times.astype(np.float64)


def _figures(confusions: Floats) -> dict[str, Floats]:
    support = confusions.sum(axis=-1)
    clips = support.sum(axis=-1)
    f1 = f1_scores(confusions)
    return {
        "accuracy": np.trace(confusions, axis1=-2, axis2=-1) / clips,
        "ua": np.nanmean(recalls(confusions), axis=-1),
        "macro_f1": np.nanmean(f1, axis=-1),
        "weighted_f1": np.nansum(f1 * support, axis=-1) / clips,
    }


def _interval(values: Floats, *, level: float, speakers: int) -> Interval:
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return Interval(low=float(low), high=float(high), level=level, speakers=speakers)
