"""Whether one model is better than another, when the unit that was sampled is the speaker."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

EXACT_SPEAKERS = 16
DRAWS = 9999
_BLOCK = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PermutationTest:
    """A difference and how often chance alone makes one as large.

    Attributes:
        difference: of the first less the second, in the figure's own unit.
        p_value: two-sided, 0 to 1; None with one speaker, of whom nothing follows.
        least_p: no p-value of so few speakers can be smaller.
        speakers: whose answers were swapped.
        exact: every way of swapping was tried; otherwise so many were drawn.
        permutations: how many ways were tried.
    """

    difference: float
    p_value: float | None
    least_p: float | None
    speakers: int
    exact: bool
    permutations: int


def shares_by_speaker(
    truth: npt.NDArray[np.integer],
    first: npt.NDArray[np.integer],
    second: npt.NDArray[np.integer],
    speakers: Sequence[Hashable],
    *,
    balanced: bool,
) -> dict[Hashable, float]:
    """Return what each speaker adds to the difference between two models.

    UA and WA are sums over clips, so that the difference of two models is a sum over speakers,
    and swapping the answers to a speaker turns the sign of that speaker's share.

    Args:
        truth: `[clips]`, class indices.
        first: `[clips]`, what one model answered.
        second: `[clips]`, what the other did.
        speakers: `[clips]`, who spoke.
        balanced: of UA, in which a class weighs the same however many clips it has; else of WA.

    Returns:
        Speaker to share; they sum to the figure of the first less that of the second.
    """
    truth = np.asarray(truth)
    better = (np.asarray(first) == truth).astype(np.float64) - (np.asarray(second) == truth)
    _, place, counts = np.unique(truth, return_inverse=True, return_counts=True)
    of_class = len(counts) * counts[place] if balanced else np.full(len(truth), len(truth))
    totals: dict[Hashable, float] = dict.fromkeys(speakers, 0.0)
    for speaker, share in zip(speakers, (better / of_class).tolist(), strict=True):
        totals[speaker] += share
    return totals


def swap_test(shares: Sequence[float], *, rng: np.random.Generator) -> PermutationTest:
    """Test whether two models differ, swapping their answers speaker by speaker.

    If neither is better, the two answers to a speaker might as well have come from the other
    model (Fisher's randomisation test, here on the clusters that were sampled). Up to
    `EXACT_SPEAKERS` all ways of swapping are tried, beyond that `DRAWS` random ones, and the
    observed one is counted among them (Phipson and Smyth 2010).

    Args:
        shares: `[speakers]`, as from `shares_by_speaker`.
        rng: draws the swaps where there are too many to try all.
    """
    values = np.asarray(shares, np.float64)
    difference = float(values.sum())
    if len(values) < 2:
        return PermutationTest(
            difference=difference,
            p_value=None,
            least_p=None,
            speakers=len(values),
            exact=True,
            permutations=0,
        )
    exact = len(values) <= EXACT_SPEAKERS
    sums = _all_sums(values) if exact else _drawn_sums(values, rng)
    # Sums of the same shares in another order differ in their last digits.
    as_large = int((np.abs(sums) >= abs(difference) - 1e-12).sum())
    return PermutationTest(
        difference=difference,
        p_value=as_large / len(sums) if exact else (1 + as_large) / (1 + len(sums)),
        least_p=2.0 / len(sums) if exact else 1.0 / (1 + len(sums)),
        speakers=len(values),
        exact=exact,
        permutations=len(sums),
    )


def _all_sums(values: Floats) -> Floats:
    sums = np.zeros(1)
    for value in values:
        sums = np.concatenate([sums + value, sums - value])
    return sums


def _drawn_sums(values: Floats, rng: np.random.Generator) -> Floats:
    blocks = [min(_BLOCK, DRAWS - start) for start in range(0, DRAWS, _BLOCK)]
    return np.concatenate(
        [(2.0 * rng.integers(0, 2, size=(size, len(values))) - 1.0) @ values for size in blocks]
    )
