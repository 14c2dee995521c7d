"""What a network's confidence is worth: one temperature, one threshold, on speakers set apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from affekt.metrics.calibration import fit_temperature, soften
from affekt.training.data import ClipSet
from affekt.training.module import TrainingModule, ua_per_corpus


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


def clip_logits(module: TrainingModule, clips: ClipSet) -> npt.NDArray[np.float64]:
    """Return the logits `[clips, classes]`, each clip recognised whole."""
    with torch.inference_mode():
        rows = [
            module(torch.from_numpy(array.astype(np.float32))[None]).logits[0].numpy()
            for array in clips.log_mels
        ]
    return np.array(rows, dtype=np.float64)


def calibrate(module: TrainingModule, clips: ClipSet, *, uncertain_share: float) -> Calibration:
    """Fit a temperature (Guo et al. 2017) by the likelihood among all labels, and a threshold.

    Args:
        module: the trained network.
        clips: recordings of speakers that were neither trained on nor chosen with.
        uncertain_share: share of these clips that shall fall below the threshold.
    """
    logits = clip_logits(module, clips)
    temperature = fit_temperature(logits, clips.targets)
    confidence = soften(logits, temperature).max(axis=1)
    return Calibration(
        temperature=temperature,
        threshold=round(float(np.quantile(confidence, uncertain_share)), 3),
        ua=ua_per_corpus(clips, np.arange(len(clips)), logits),
    )
