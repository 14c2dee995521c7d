"""How sure a figure is, when the unit that was sampled is the speaker and not the clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A percentile interval of a figure, both ends in the figure's own unit."""

    low: float
    high: float
    level: float
    speakers: int


def ua_interval(
    truth: npt.NDArray[np.integer],
    predicted: npt.NDArray[np.integer],
    speakers: Sequence[str],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 2000,
) -> Interval | None:
    """Return the bootstrap interval of UA, clustered by speaker.

    Speakers are drawn with replacement, each with all of their clips (the cluster bootstrap of
    Field and Welsh 2007): clips of one voice are far from independent, and an interval over
    clips would be too narrow. A class that no drawn speaker has is left out of that draw's mean.

    Args:
        truth: `[clips]`, class indices.
        predicted: `[clips]`, likewise.
        speakers: `[clips]`, who spoke.
        rng: draws the speakers.
        level: share of the resamples that lie within, between 0 and 1.
        resamples: number of draws.

    Returns:
        None where there are fewer than two speakers: nothing can be said then.
    """
    names, speaker_index = np.unique(np.asarray(speakers), return_inverse=True)
    if len(names) < 2:
        return None
    _, class_index = np.unique(truth, return_inverse=True)
    shape = (len(names), int(class_index.max()) + 1)
    support = np.zeros(shape)
    hits = np.zeros(shape)
    np.add.at(support, (speaker_index, class_index), 1.0)
    np.add.at(hits, (speaker_index, class_index), np.asarray(truth) == np.asarray(predicted))
    draws = rng.multinomial(len(names), np.full(len(names), 1.0 / len(names)), size=resamples)
    drawn_support = draws @ support
    present = drawn_support > 0
    drawn_recalls = np.divide(
        draws @ hits, drawn_support, out=np.zeros_like(drawn_support), where=present
    )
    ua = drawn_recalls.sum(axis=1) / present.sum(axis=1)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(ua, [tail, 1.0 - tail])
    return Interval(low=float(low), high=float(high), level=level, speakers=len(names))
