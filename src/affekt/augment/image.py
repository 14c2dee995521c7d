"""Augmentation of spectrogram images, as Keras' ImageDataGenerator does it.

An image is float32 `[rows, columns]`, 0 to 1. Zoom and shear keep the shape, work about the
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

Places = npt.NDArray[np.float64]


def zoom(image: Array, *, rows: float, columns: float) -> Array:
    """Zoom about the centre; a factor below 1 magnifies, as in Keras.

    Args:
        image: `[rows, columns]`.
        rows: how many rows of the image fall on one row of the result.
        columns: the same for columns.
    """
    upright = _read_rows(image, _about_centre(image.shape[0], rows))
    turned = np.ascontiguousarray(upright.T)
    return np.ascontiguousarray(_read_rows(turned, _about_centre(image.shape[1], columns)).T)


def shear(image: Array, *, angle_deg: float) -> Array:
    """Shear: columns move up or down in proportion to their distance from the centre.

    As in Keras, columns also spread by the inverse cosine of the angle.

    Args:
        image: `[rows, columns]`.
        angle_deg: -80 to 80; at positive angles what lies right of the centre moves down.
    """
    width = image.shape[1]
    angle = math.radians(angle_deg)
    turned = np.ascontiguousarray(image.T)
    spread = _read_rows(turned, _about_centre(width, math.cos(angle)))
    down = math.sin(angle) * (np.arange(width) - (width - 1) / 2)
    return np.ascontiguousarray(_move_along_rows(spread, down).T)


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
        rescaled: Array = array * np.float32(draw["factor"])
        return np.minimum(rescaled, np.float32(1.0), out=rescaled)


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
    """Return the place in the image that each of `count` rows shows, edges repeated."""
    centre = (count - 1) / 2
    return np.clip((np.arange(count) - centre) * factor + centre, 0.0, count - 1.0)


def _read_rows(image: Array, places: Places) -> Array:
    """Read an image at places between its rows, `[places, columns]`."""
    low = places.astype(np.intp)
    high = np.minimum(low + 1, image.shape[0] - 1)
    return _blend(image[low], image[high], places - low)


def _move_along_rows(image: Array, distances: Places) -> Array:
    """Move each row of an image along itself by a distance of its own, in columns."""
    rows, columns = image.shape
    # A whole row moves as one, so that two slices of it and one weight are all it takes.
    whole = np.floor(-distances).astype(np.intp)
    margin = int(np.abs(whole).max()) + 1
    padded = np.pad(image, ((0, 0), (margin, margin)), mode="edge").reshape(-1)
    slices = np.lib.stride_tricks.sliding_window_view(padded, columns + 1)
    read = slices[np.arange(rows) * (columns + 2 * margin) + margin + whole]
    return _blend(read[:, :-1], read[:, 1:], -distances - whole)


def _blend(first: Array, second: Array, weights: Places) -> Array:
    """Return the rows between two images; a weight of 0 gives the first, of 1 the second."""
    between: Array = second - first
    between *= weights.astype(np.float32)[:, None]
    between += first
    return between
