"""Sets of labels that hold the right one as often as promised: split conformal prediction.

The quantile is fitted on clips that nothing was learnt from. The promise holds for clips drawn as
those were; new speakers of new corpora are not, so the coverage is always measured beside it.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from affekt.metrics.intervals import Interval, confusion_intervals

Floats = npt.NDArray[np.float64]
Rule = Literal["lac", "aps"]


def scores(probabilities: npt.NDArray[np.floating], rule: Rule) -> Floats:
    """Return how little each label fits each clip, `[clips, classes]`, 0 to 1.

    Args:
        probabilities: `[clips, classes]`, each row summing to one.
        rule: "lac" is one minus the label's probability (Sadinle et al. 2019), which gives the
            smallest sets; "aps" the mass of all that are at least as probable (Romano et al. 2020,
            without their random draw), which gives sure clips small sets and others large ones.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    if rule == "lac":
        return 1.0 - values
    order = np.argsort(-values, axis=1, kind="stable")
    mass = np.cumsum(np.take_along_axis(values, order, axis=1), axis=1)
    placed = np.empty_like(mass)
    np.put_along_axis(placed, order, mass, axis=1)
    return placed


def fit_quantile(
    probabilities: npt.NDArray[np.floating],
    truth: npt.NDArray[np.integer],
    *,
    coverage: float = 0.9,
    rule: Rule = "lac",
) -> float:
    """Return the score that `coverage` of the clips' true labels do not exceed (0 to 1).

    Args:
        probabilities: `[clips, classes]` of clips that nothing was learnt from.
        truth: `[clips]`, class indices.
        coverage: share of clips whose set shall hold the truth.
        rule: see `scores`.

    Raises:
        ValueError: there is no clip.
    """
    if not len(truth):
        raise ValueError("a quantile needs at least one clip")
    of_truth = scores(probabilities, rule)[np.arange(len(truth)), truth]
    # The clip to come might be worse than all of these.
    place = int(np.ceil((len(truth) + 1) * coverage - 1e-9)) - 1
    return 1.0 if place >= len(truth) else float(np.sort(of_truth)[place])


def prediction_sets(
    probabilities: npt.NDArray[np.floating], quantile: float, *, rule: Rule = "lac"
) -> npt.NDArray[np.bool_]:
    """Return which labels belong to each clip's set, `[clips, classes]`; the top one always does.

    Args:
        probabilities: `[clips, classes]`.
        quantile: from `fit_quantile`.
        rule: see `scores`.
    """
    # The tolerance keeps a score that rounding moved on the side it was fitted on.
    inside = scores(probabilities, rule) <= quantile + 1e-9
    inside[np.arange(len(inside)), np.argmax(probabilities, axis=1)] = True
    return inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What sets of labels are worth.

    Attributes:
        clips, speakers: measured, and who spoke them.
        share: of clips whose set holds the truth (0 to 1).
        interval: of it, clustered by speaker; None with one speaker, or where all are alike.
        mean_size: labels a set.
        single: share of sets with one label.
    """

    clips: int
    speakers: int
    share: float
    interval: Interval | None
    mean_size: float
    single: float


def measure_coverage(
    sets: npt.NDArray[np.bool_],
    truth: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    *,
    rng: np.random.Generator,
) -> Coverage:
    """Measure sets on clips they were not fitted on.

    Args:
        sets: `[clips, classes]`, from `prediction_sets`.
        truth: `[clips]`, class indices.
        speakers: `[clips]`, who spoke.
        rng: draws the speakers.
    """
    held = sets[np.arange(len(truth)), truth]
    sizes = sets.sum(axis=1)
    # A share is the accuracy of one class, of which the draws are at hand.
    found = confusion_intervals(np.ones_like(truth), held.astype(int), speakers, 2, rng=rng)
    return Coverage(
        clips=len(truth),
        speakers=len(set(speakers)),
        share=float(held.mean()),
        interval=found.get("accuracy"),
        mean_size=float(sizes.mean()),
        single=float((sizes == 1).mean()),
    )
