"""What the graph of a bundle answers, and whether that is an answer at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt

_DISTRIBUTIONS = ("probabilities", "relevance", "uncalibrated")
_SUM_TOLERANCE = 1e-3

Floats = npt.NDArray[np.floating]


class Outputs(NamedTuple):
    """What a model answers for a batch: a bundle all of it, anything else probabilities alone.

    Attributes:
        probabilities: `[batch, classes]`, calibrated, each row sums to one.
        embedding: `[batch, dim]`; None where a feature set is the front end.
        relevance: `[batch, frames]`, not negative, each row sums to one; None likewise.
        novelty: `[batch, 1]`, how unlike what the model learnt from; above 1 is out of its domain;
            None where the bundle cannot tell.
        uncalibrated: `[batch, classes]`, what the network says by itself; None likewise.
        intensity: `[batch, 1]`, of the emotion as listeners rate it, 0 to 1; None likewise.
    """

    probabilities: Floats
    embedding: Floats | None = None
    relevance: Floats | None = None
    novelty: Floats | None = None
    uncalibrated: Floats | None = None
    intensity: Floats | None = None

    @classmethod
    def of_clip(cls, probabilities: Floats) -> Self:
        """Return a batch of one clip whose probabilities `[classes]` are known."""
        return cls(probabilities[np.newaxis])

    @property
    def out_of_domain(self) -> bool:
        """The first row's novelty is above 1; False where the model cannot tell."""
        return self.novelty is not None and bool(self.novelty[0, 0] > 1.0)

    @property
    def finite(self) -> bool:
        """All numbers are finite."""
        return all(values is None or bool(np.isfinite(values).all()) for values in self)

    def each(self, change: Callable[..., Floats], *others: Outputs) -> Self:
        """Return every output that these and others all have, changed alike.

        Args:
            change: takes one output of each.
            others: stand after these.
        """
        changed: dict[str, Any] = {
            name: None if any(part is None for part in parts) else change(*parts)
            for name, parts in zip(self._fields, zip(self, *others, strict=True), strict=True)
        }
        return type(self)(**changed)

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
        if self.intensity is not None and not _within_unit(self.intensity):
            return "'intensity' lies outside 0 to 1"
        return None


def _within_unit(values: Floats) -> bool:
    return bool((values >= 0.0).all() and (values <= 1.0).all())
