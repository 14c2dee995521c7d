"""The contract of an augmentation: validated settings, a draw that can be logged, a pure apply.

Settings live in a frozen dataclass. `draw` turns a generator into a plain dict that survives
JSON, `apply` turns an array and such a dict into a new array; the same dict gives the same
array, always. Nothing here touches numpy's global random state.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Draw = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Augmentation(ABC):
    """One way of changing a clip.

    Attributes:
        probability: how often it is applied (0 to 1).

    Raises:
        ValueError: a setting is out of range.
    """

    probability: float = 1.0

    def __post_init__(self) -> None:
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"probability is {self.probability}, and must lie between 0 and 1")

    @abstractmethod
    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw what `apply` will do to an array of this shape, as JSON types."""

    @abstractmethod
    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the changed array, float32; the input stays as it was."""

    def __call__(self, array: Array, rng: np.random.Generator) -> Array:
        """Draw and apply with `probability`; otherwise return the array itself."""
        draw = self.sample(rng, array.shape)
        return array if draw is None else self.apply(array, draw)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw | None:
        """Draw with `probability`; None means that the array is left alone."""
        if self.probability < 1.0 and rng.random() >= self.probability:
            return None
        return self.draw(rng, shape)


def check_range(
    name: str, values: Sequence[float], *, low: float = -math.inf, high: float = math.inf
) -> None:
    """Refuse what is not a rising pair of finite numbers within `low` to `high`.

    Raises:
        ValueError: with the setting's name, its value and what it must be.
    """
    if len(values) != 2 or not all(math.isfinite(value) for value in values):
        raise ValueError(f"{name} is {values}, and must be two numbers: lowest and highest")
    if not low <= values[0] <= values[1] <= high:
        raise ValueError(f"{name} is {values}, and must rise within {low} to {high}")


def check_at_least(name: str, value: float, low: float) -> None:
    """Refuse a setting below `low`.

    Raises:
        ValueError: with the setting's name, its value and the bound.
    """
    if not (math.isfinite(value) and value >= low):
        raise ValueError(f"{name} is {value}, and must be at least {low}")


def uniform(rng: np.random.Generator, values: Sequence[float]) -> float:
    """Draw from a range as a plain float, which keeps float32 arrays float32."""
    return values[0] + (values[1] - values[0]) * rng.random()
