"""Augmentations in a row, built from settings, with a log that can be replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from affekt.augment import channel, image, waveform
from affekt.augment.base import Array, Augmentation, Draw
from affekt.augment.masks import Crop, FrequencyMask, TimeMask
from affekt.augment.spectrogram import (
    Babble,
    FilterResponse,
    Gain,
    MelAugmentation,
    Noise,
    Pitch,
    Shift,
    Speed,
)
from affekt.config import from_mapping
from affekt.errors import ConfigError, did_you_mean

AUGMENTATIONS: dict[str, type[Augmentation]] = {
    "babble": Babble,
    "crop": Crop,
    "filter_response": FilterResponse,
    "frequency_mask": FrequencyMask,
    "gain": Gain,
    "noise": Noise,
    "pitch": Pitch,
    "shift": Shift,
    "speed": Speed,
    "time_mask": TimeMask,
}
"""Augmentations of log-mel spectrograms by the name that recipes use."""

WAVEFORM_AUGMENTATIONS: dict[str, type[Augmentation]] = {
    "clipping": channel.Clipping,
    "codec": channel.Codec,
    "gain": channel.Gain,
    "hum": channel.Hum,
    "leading_silence": channel.LeadingSilence,
    "noise": waveform.Noise,
    "pitch": waveform.Pitch,
    "room": channel.Room,
    "shift": waveform.Shift,
    "speed": waveform.Speed,
    "stretch": waveform.Stretch,
    "telephone": channel.Telephone,
    "time_offset": channel.TimeOffset,
}
"""Augmentations of waveforms."""

IMAGE_AUGMENTATIONS: dict[str, type[Augmentation]] = {
    "horizontal_flip": image.HorizontalFlip,
    "rescale": image.Rescale,
    "shear": image.Shear,
    "zoom": image.Zoom,
}
"""Augmentations of spectrogram images."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Augmentations applied one after the other.

    Attributes:
        steps: in the order of application.
    """

    steps: tuple[Augmentation, ...]

    @classmethod
    def from_settings(
        cls,
        settings: Sequence[Mapping[str, Any]],
        *,
        fmin_hz: float,
        fmax_hz: float,
        where: str,
    ) -> Pipeline:
        """Build a pipeline for log-mels from a recipe's list of tables.

        Args:
            settings: one table a step: `name`, a key of `AUGMENTATIONS`, and that step's settings.
            fmin_hz: lower edge of the mel filter bank, for the steps that warp frequencies.
            fmax_hz: its upper edge.
            where: what to call this place in an error.

        Raises:
            ConfigError: a name or a setting is unknown or out of range.
        """
        edges = {"fmin_hz": fmin_hz, "fmax_hz": fmax_hz}
        return cls(
            tuple(
                build_step(values, AUGMENTATIONS, where=where, edges=edges) for values in settings
            )
        )

    @classmethod
    def for_images(cls, settings: Sequence[Mapping[str, Any]], *, where: str) -> Pipeline:
        """Build a pipeline for images, as `from_settings` does from `IMAGE_AUGMENTATIONS`.

        Raises:
            ConfigError: a name or a setting is unknown or out of range.
        """
        return cls(
            tuple(build_step(values, IMAGE_AUGMENTATIONS, where=where) for values in settings)
        )

    def among(self, voices: Sequence[Array]) -> Pipeline:
        """Return the same pipeline with these clips to make babble of."""
        return Pipeline(
            tuple(
                replace(step, voices=voices) if isinstance(step, Babble) else step
                for step in self.steps
            )
        )

    def __call__(self, array: Array, rng: np.random.Generator) -> Array:
        """Return the changed array; the input stays as it was."""
        for step in self.steps:
            array = step(array, rng)
        return array

    def trace(self, array: Array, rng: np.random.Generator) -> tuple[Array, list[Draw | None]]:
        """Do as a call does, and return what was drawn as well: JSON types, None a skipped step."""
        log: list[Draw | None] = []
        for step in self.steps:
            draw = step.sample(rng, array.shape)
            log.append(draw)
            if draw is not None:
                array = step.apply(array, draw)
        return array, log

    def replay(self, array: Array, log: Sequence[Draw | None]) -> Array:
        """Apply a log of `trace` to an array.

        Raises:
            ValueError: the log belongs to a pipeline of another length.
        """
        for step, draw in zip(self.steps, log, strict=True):
            if draw is not None:
                array = step.apply(array, draw)
        return array


def build_step(
    values: Mapping[str, Any],
    known: Mapping[str, type[Augmentation]],
    *,
    where: str,
    edges: Mapping[str, float] | None = None,
) -> Augmentation:
    """Build one augmentation from a table.

    Args:
        values: `name`, a key of `known`, and that augmentation's settings.
        known: the augmentations to choose from.
        where: what to call this place in an error.
        edges: of the mel filter bank, for those that warp frequencies.

    Raises:
        ConfigError: a name or a setting is unknown or out of range.
    """
    name = values.get("name")
    if not isinstance(name, str) or name not in known:
        hint = did_you_mean(str(name), known)
        raise ConfigError(f"{where}: unknown augmentation {name!r}{hint}")
    kind = known[name]
    settings = {key: value for key, value in values.items() if key != "name"}
    if issubclass(kind, MelAugmentation):
        settings = {**settings, **(edges or {})}
    return from_mapping(kind, settings, where=f"{where}: {name}")
