"""Augmented copies of clips, made once and kept beside their originals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.augment.base import Array
from affekt.augment.pipeline import WAVEFORM_AUGMENTATIONS, build_step
from affekt.errors import ConfigError
from affekt.records import Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyConfig:
    """One augmented copy of every clip.

    Attributes:
        steps: on the waveform, each `name`, a key of `WAVEFORM_AUGMENTATIONS`, and its settings.
        choose_one: draw one of the steps for each clip instead of applying all in their order.

    Raises:
        ValueError: a step or a setting is unknown or out of range.
    """

    steps: tuple[dict[str, Any], ...]
    choose_one: bool = False

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError("steps must not be empty")
        try:
            for values in self.steps:
                build_step(values, WAVEFORM_AUGMENTATIONS, where="steps")
        except ConfigError as error:
            raise ValueError(str(error)) from None


def make_copy(
    signal: Array, sampling_rate: int, config: CopyConfig, rng: np.random.Generator
) -> Array:
    """Return an augmented copy of a clip.

    Args:
        signal: mono `[samples]`, float32, at least one sample.
        sampling_rate: of the signal, in Hz.
        config: what is done to it.
        rng: draws the settings.

    Returns:
        A new float32 array of at least one sample; stretching changes its length.
    """
    steps = [
        build_step({**values, "sampling_rate_hz": sampling_rate}, WAVEFORM_AUGMENTATIONS, where="")
        for values in config.steps
    ]
    if config.choose_one:
        steps = [steps[int(rng.integers(len(steps)))]]
    copy = signal
    for step in steps:
        # A stretch may leave nothing of a few samples; such a clip stays as it was.
        changed = step(copy, rng)
        copy = changed if changed.size else copy
    return copy if copy is not signal else signal.copy()


def copy_rng(seed: int, utterance: Utterance, copy_index: int) -> np.random.Generator:
    """Return the generator of one copy of one clip: the same in every run and in every order.

    Args:
        seed: of all copies.
        utterance: the clip, known by its corpus, its speaker and its file's name; where the
            corpora lie does not matter.
        copy_index: which of its copies, from 1.
    """
    words = (utterance.corpus, utterance.speaker, utterance.path.parent.name, utterance.path.stem)
    stretch = (str(utterance.start_s), str(utterance.end_s))
    digest = hashlib.sha256("\0".join((*words, *stretch)).encode()).digest()
    return np.random.default_rng([seed, copy_index, int.from_bytes(digest[:8], "little")])
