"""Mixup: train on weighted pairs of clips and of their targets.

Source: Zhang et al., "mixup: Beyond empirical risk minimization", ICLR 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from affekt.augment.base import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class MixupDraw:
    """Which clip is mixed with which, and how much of itself each keeps.

    Attributes:
        weights: `[batch]`, 0 to 1, float32: the share of the clip itself.
        partners: `[batch]`, a permutation: the index of the clip that brings the rest.
    """

    weights: Array
    partners: NDArray[np.int64]

    def to_dict(self) -> dict[str, Any]:
        """Return the draw as JSON types."""
        return {"weights": self.weights.tolist(), "partners": self.partners.tolist()}


def draw_mixup(rng: np.random.Generator, batch_size: int, alpha: float) -> MixupDraw:
    """Draw a weight from Beta(alpha, alpha) and a partner for each clip of a batch.

    Args:
        rng: where the randomness comes from.
        batch_size: clips in the batch.
        alpha: above 0; small values leave most clips nearly whole. 0 switches mixup off: every
            weight is 1.

    Raises:
        ValueError: alpha is negative.
    """
    if alpha < 0.0:
        raise ValueError(f"alpha is {alpha}, and must not be negative")
    partners = rng.permutation(batch_size)
    weights = rng.beta(alpha, alpha, batch_size) if alpha > 0.0 else np.ones(batch_size)
    return MixupDraw(weights=weights.astype(np.float32), partners=partners)
