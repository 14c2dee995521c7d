"""Augmentation of waveforms, log-mels and images; randomness always comes from an argument."""

from affekt.augment.base import Augmentation, Draw
from affekt.augment.mixup import MixupDraw, draw_mixup
from affekt.augment.pipeline import (
    AUGMENTATIONS,
    IMAGE_AUGMENTATIONS,
    WAVEFORM_AUGMENTATIONS,
    Pipeline,
)

__all__ = [
    "AUGMENTATIONS",
    "IMAGE_AUGMENTATIONS",
    "WAVEFORM_AUGMENTATIONS",
    "Augmentation",
    "Draw",
    "MixupDraw",
    "Pipeline",
    "draw_mixup",
]
