"""What the graph of a bundle answers, and whether that is an answer at all."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_DISTRIBUTIONS = ("probabilities", "relevance", "uncalibrated")
_SUM_TOLERANCE = 1e-3


class Outputs(NamedTuple):
    """What a bundle answers for a batch.

    Attributes:
        probabilities: `[batch, classes]`, calibrated, each row sums to one.
        embedding: `[batch, dim]`; None where a feature set is the front end.
        relevance: `[batch, frames]`, not negative, each row sums to one; None likewise.
        novelty: `[batch, 1]`, how unlike what the model learnt from; above 1 is out of its domain;
            None where the bundle cannot tell.
        uncalibrated: `[batch, classes]`, what the network says by itself; None likewise.
    """

    probabilities: npt.NDArray[np.float32]
    embedding: npt.NDArray[np.float32] | None = None
    relevance: npt.NDArray[np.float32] | None = None
    novelty: npt.NDArray[np.float32] | None = None
    uncalibrated: npt.NDArray[np.float32] | None = None

    def fault(self, batch: int) -> str | None:
        """Say which output is not what it must be; None where all are.

        Args:
            batch: how many rows went in.
        """
        for name, values in self._asdict().items():
            if values is None:
                continue
            if values.ndim != 2 or values.shape[0] != batch or not np.isfinite(values).all():
                return f"'{name}' is not finite numbers in [batch, n]"
            if name in _DISTRIBUTIONS and (
                values.min(initial=0.0) < 0.0
                or (np.abs(values.sum(axis=1) - 1.0) > _SUM_TOLERANCE).any()
            ):
                return f"'{name}' is not a distribution that sums to one"
        return None
