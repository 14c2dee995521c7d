"""Augmentation of spectrogram images, as Keras' ImageDataGenerator does it.

An image is float32 `[rows, columns]`, 0 to 1. Geometric steps keep the shape, turn about the
centre, read between pixels by linear interpolation and repeat the edge beyond it.
"""

# The contract hands every draw the shape; not every step needs it.
# ruff: noqa: ARG002

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.augment.base import Array, Augmentation, Draw, check_range, uniform

Places = npt.NDArray[np.float32]


def zoom(image: Array, *, rows: float, columns: float) -> Array:
    """Zoom about the centre; a factor below 1 magnifies, as in Keras.

    Args:
        image: `[rows, columns]`.
        rows: how many rows of the image fall on one row of the result.
        columns: the same for columns.
    """
    upright = _read_rows(image, _about_centre(image.shape[0], rows))
    turned = _read_rows(upright.T, _about_centre(image.shape[1], columns))
    return np.ascontiguousarray(turned.T)


def shear(image: Array, *, angle_deg: float) -> Array:
    """Shear: columns move up or down in proportion to their distance from the centre.

    As in Keras, columns also close up by the cosine of the angle.

    Args:
        image: `[rows, columns]`.
        angle_deg: -80 to 80; at positive angles what lies right of the centre moves down.
    """
    count, width = image.shape
    angle = math.radians(angle_deg)
    closed = _read_rows(image.T, _about_centre(width, math.cos(angle)))
    from_centre = np.arange(width, dtype=np.float32) - np.float32((width - 1) / 2)
    moved = np.float32(math.sin(angle)) * from_centre
    places = np.arange(count, dtype=np.float32)[None, :] - moved[:, None]
    low, weight = _between(places, count)
    flat = closed.reshape(-1)
    index = low + (np.arange(width) * count)[:, None]
    beyond = np.minimum(low + 1, count - 1) - low
    first = flat[index]
    return np.ascontiguousarray((first + weight * (flat[index + beyond] - first)).T)


@dataclass(frozen=True, kw_only=True)
class HorizontalFlip(Augmentation):
    """Mirror left and right: a spectrogram then runs backwards in time."""

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw nothing."""
        return {}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the mirrored image."""
        return np.ascontiguousarray(array[:, ::-1])


@dataclass(frozen=True, kw_only=True)
class Rescale(Augmentation):
    """Multiply all values, which is what Keras calls rescaling; beyond 1 they are cut.

    Attributes:
        factor: range of the factor.
    """

    factor: tuple[float, ...] = (0.9, 1.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("factor", self.factor, low=0.0, high=10.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `factor`."""
        return {"factor": uniform(rng, self.factor)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the rescaled image."""
        return np.minimum(array * np.float32(draw["factor"]), np.float32(1.0))


@dataclass(frozen=True, kw_only=True)
class Zoom(Augmentation):
    """Zoom rows and columns, each by a factor of its own.

    Attributes:
        factor: range of both factors; below 1 magnifies.
    """

    factor: tuple[float, ...] = (0.9, 1.1)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("factor", self.factor, low=0.1, high=10.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `rows` and `columns`."""
        return {"rows": uniform(rng, self.factor), "columns": uniform(rng, self.factor)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the zoomed image; see `zoom`."""
        return zoom(array, rows=draw["rows"], columns=draw["columns"])


@dataclass(frozen=True, kw_only=True)
class Shear(Augmentation):
    """Shear the image.

    Attributes:
        angle_deg: range of the angle.
    """

    angle_deg: tuple[float, ...] = (-5.0, 5.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("angle_deg", self.angle_deg, low=-80.0, high=80.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `angle_deg`."""
        return {"angle_deg": uniform(rng, self.angle_deg)}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the sheared image; see `shear`."""
        return shear(array, angle_deg=draw["angle_deg"])


def _about_centre(count: int, factor: float) -> Places:
    centre = (count - 1) / 2
    places = (np.arange(count) - centre) * factor + centre
    return places.astype(np.float32)


def _between(places: Places, count: int) -> tuple[npt.NDArray[np.intp], Places]:
    """Return the row before each place, and how far the place lies behind it (0 to 1)."""
    inside = np.clip(places, 0.0, count - 1)
    low = inside.astype(np.intp)
    return low, inside - low.astype(np.float32)


def _read_rows(image: Array, places: Places) -> Array:
    low, weight = _between(places, image.shape[0])
    high = np.minimum(low + 1, image.shape[0] - 1)
    first = image[low]
    read: Array = first + weight[:, None] * (image[high] - first)
    return read
