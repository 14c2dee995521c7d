"""What a network's confidence is worth: one temperature, one threshold, on speakers set apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affekt.metrics.calibration import fit_temperature, soften
from affekt.training.data import Part
from affekt.training.module import TrainingModule, logits_of_part, ua_per_corpus


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was fitted, and the figures on the same clips.

    Attributes:
        temperature: the logits are divided by it.
        threshold: a confidence below it is uncertain (0 to 1).
        ua: of each corpus, 0 to 1, among its own classes.
    """

    temperature: float
    threshold: float
    ua: dict[str, float]


def calibrate(module: TrainingModule, part: Part, *, uncertain_share: float) -> Calibration:
    """Fit a temperature (Guo et al. 2017) by the likelihood among all labels, and a threshold.

    Args:
        module: the trained network.
        part: clips of speakers that were neither trained on nor chosen with.
        uncertain_share: share of these clips that shall fall below the threshold.
    """
    logits = logits_of_part(module, part)
    temperature = fit_temperature(logits, part.own_targets)
    confidence = soften(logits, temperature).max(axis=1)
    return Calibration(
        temperature=temperature,
        threshold=round(float(np.quantile(confidence, uncertain_share)), 3),
        ua=ua_per_corpus(part, part.rows, logits),
    )
