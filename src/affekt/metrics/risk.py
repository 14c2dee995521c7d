"""Answering only where the model is sure: how many mistakes are left, the surer it has to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """The risk-coverage curve (El-Yaniv and Wiener 2010), from the surest answer to all.

    Attributes:
        coverage: `[clips]`, the share that is answered (0 to 1).
        risk: `[clips]`, the share of those answers that are wrong (0 to 1).
        area: under the curve: the mean risk over all coverages; less is better.
        least_area: what the area would be if every mistake were less sure than every right answer.
    """

    coverage: Floats
    risk: Floats
    area: float
    least_area: float

    def risk_at(self, coverage: float) -> float:
        """Return the risk where so large a share is answered, at least one clip."""
        return float(self.risk[max(0, round(coverage * len(self.risk)) - 1)])


def risk_coverage(
    confidence: npt.NDArray[np.floating], correct: npt.NDArray[np.bool_]
) -> RiskCoverage:
    """Return the risk-coverage curve of answers; equal confidences share one mean risk.

    Args:
        confidence: `[clips]`, any score that rises with being sure.
        correct: `[clips]`.

    Raises:
        ValueError: shapes differ, or there is no clip.
    """
    sure, right = np.asarray(confidence, dtype=np.float64), np.asarray(correct, dtype=bool)
    if sure.shape != right.shape or sure.ndim != 1 or not sure.size:
        raise ValueError(f"expected two arrays [clips], found {sure.shape} and {right.shape}")
    # Within a tie no order is better than another: each of its clips counts as the tie's mean.
    _, tie = np.unique(-sure, return_inverse=True)
    share_wrong = np.bincount(tie, weights=~right) / np.bincount(tie)
    answered = np.arange(1, sure.size + 1)
    risk = np.cumsum(share_wrong[np.sort(tie)]) / answered
    best = np.cumsum(np.sort(~right)) / answered
    return RiskCoverage(
        coverage=answered / sure.size,
        risk=risk,
        area=float(risk.mean()),
        least_area=float(best.mean()),
    )


@dataclass(frozen=True, slots=True)
class Roc:
    """A receiver operating characteristic, from the highest threshold to the lowest.

    Attributes:
        false_alarms: `[points]`, share of the in_domain that lies at or above the threshold.
        found: `[points]`, share of the out-of-domain clips that does.
        area: under the curve: the chance that a score out of domain exceeds one in the domain.
    """

    false_alarms: Floats
    found: Floats
    area: float


def roc(in_domain: npt.NDArray[np.floating], out_of_domain: npt.NDArray[np.floating]) -> Roc:
    """Return the ROC of a score that ought to be higher out of the domain.

    Args:
        in_domain: `[clips]`.
        out_of_domain: `[other clips]`.

    Raises:
        ValueError: one of them is empty.
    """
    if not np.size(in_domain) or not np.size(out_of_domain):
        raise ValueError("a ROC needs both kinds of scores")
    thresholds = np.unique(np.concatenate((in_domain, out_of_domain)))[::-1]
    curves = []
    for scores in (in_domain, out_of_domain):
        below = np.searchsorted(np.sort(scores), thresholds, side="left")
        curves.append(np.concatenate(([0.0], 1.0 - below / len(scores))))
    false_alarms, found = curves
    heights = (found[1:] + found[:-1]) / 2.0
    return Roc(false_alarms, found, float((np.diff(false_alarms) * heights).sum()))
