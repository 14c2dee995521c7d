"""Masks and crops of log-mel spectrograms `[frames, mels]`: what is hidden or cut away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affekt.augment.base import Array, Augmentation, Draw, check_at_least, check_range


@dataclass(frozen=True, kw_only=True)
class TimeMask(Augmentation):
    """Replace stretches of time by the clip's mean.

    Attributes:
        masks: how many stretches.
        max_frames: longest stretch.
        max_share: longest stretch as a share of the clip (0 to 1); the smaller bound counts.

    Source: Park et al., "SpecAugment", Interspeech 2019.
    """

    masks: int = 2
    max_frames: int = 25
    max_share: float = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least("masks", self.masks, 0)
        check_at_least("max_frames", self.max_frames, 0)
        check_range("max_share", (0.0, self.max_share), high=1.0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `starts` and `widths`, in frames."""
        longest = min(self.max_frames, int(self.max_share * shape[0]))
        return _draw_masks(rng, self.masks, longest, shape[0])

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the masked array."""
        masked = array.copy()
        mean = array.mean()
        for start, width in zip(draw["starts"], draw["widths"], strict=True):
            masked[start : start + width] = mean
        return masked


@dataclass(frozen=True, kw_only=True)
class FrequencyMask(Augmentation):
    """Replace groups of neighbouring mel bands by the clip's mean.

    Attributes:
        masks: how many groups.
        max_bands: widest group.

    Source: Park et al., "SpecAugment", Interspeech 2019.
    """

    masks: int = 2
    max_bands: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least("masks", self.masks, 0)
        check_at_least("max_bands", self.max_bands, 0)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `starts` and `widths`, in bands."""
        return _draw_masks(rng, self.masks, min(self.max_bands, shape[1]), shape[1])

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return the masked array."""
        masked = array.copy()
        mean = array.mean()
        for start, width in zip(draw["starts"], draw["widths"], strict=True):
            masked[:, start : start + width] = mean
        return masked


@dataclass(frozen=True, kw_only=True)
class Crop(Augmentation):
    """Cut a stretch of at most so many frames out of a longer clip.

    Attributes:
        frames: length of the stretch; shorter clips stay whole.
    """

    frames: int = 250

    def __post_init__(self) -> None:
        super().__post_init__()
        check_at_least("frames", self.frames, 1)

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Draw:
        """Draw `start`, in frames."""
        return {"start": int(rng.integers(max(0, shape[0] - self.frames) + 1))}

    def apply(self, array: Array, draw: Draw) -> Array:
        """Return a copy of the stretch."""
        return array[draw["start"] : draw["start"] + self.frames].copy()


def _draw_masks(rng: np.random.Generator, masks: int, longest: int, length: int) -> Draw:
    widths = rng.integers(longest + 1, size=masks)
    starts = rng.integers(length - widths + 1)
    return {"starts": starts.tolist(), "widths": widths.tolist()}
