"""What a network's confidence is worth: one temperature, one threshold, on speakers set apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.metrics import fit_quantile, fit_temperature, soften
from affekt.recognition.bundles import SetRule
from affekt.training.data import Part
from affekt.training.module import TrainingModule, logits_of_part, ua_per_corpus
from affekt.training.recipe import CalibrationConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was fitted, and the figures on the same clips.

    Attributes:
        temperature: the logits are divided by it.
        threshold: a confidence below it is uncertain (0 to 1).
        ua: of each corpus, 0 to 1, among its own classes.
        prediction_set: the rule of the sets of labels; fitted on the same clips as the temperature,
            one number on many clips.
        cross_fitted: the clips are those that the model learnt from, each answered by a network of
            the same recipe that did not.
    """

    temperature: float
    threshold: float
    ua: dict[str, float]
    prediction_set: SetRule
    cross_fitted: bool = False


def calibrate(module: TrainingModule, part: Part, config: CalibrationConfig) -> Calibration:
    """Fit a temperature (Guo et al. 2017) by the likelihood among all labels, and what rests on it.

    Args:
        module: the trained network.
        part: clips of speakers that were neither trained on nor chosen with.
        config: what share of them shall be uncertain, and how often the sets shall be right.
    """
    return calibrate_logits(logits_of_part(module, part), part, config)


def calibrate_logits(
    logits: npt.NDArray[np.float64],
    part: Part,
    config: CalibrationConfig,
    *,
    cross_fitted: bool = False,
) -> Calibration:
    """Fit to answers `[rows, classes]` that are there already, as `calibrate` does."""
    targets = part.own_targets
    temperature = fit_temperature(logits, targets)
    probabilities = soften(logits, temperature)
    confidence = probabilities.max(axis=1)
    return Calibration(
        temperature=temperature,
        threshold=round(float(np.quantile(confidence, config.uncertain_share)), 3),
        ua=ua_per_corpus(part, part.rows, logits),
        prediction_set=SetRule(
            coverage=config.coverage,
            quantile=fit_quantile(probabilities, targets, coverage=config.coverage),
            rule="lac",
        ),
        cross_fitted=cross_fitted,
    )
