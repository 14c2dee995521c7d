"""Augmentation of waveforms, log-mels and images; randomness always comes from an argument."""

from affekt.augment.base import Augmentation, Draw
from affekt.augment.channel import (
    Room,
    add_at,
    babble,
    begin_late,
    clip_at,
    delay,
    diffuse_room,
    hum,
    telephone,
)
from affekt.augment.codecs import (
    CODECS,
    Codec,
    available,
    recode,
)
from affekt.augment.copies import (
    CopyConfig,
    copy_rng,
    make_copy,
)
from affekt.augment.mixup import MixupDraw, draw_mixup
from affekt.augment.pipeline import (
    AUGMENTATIONS,
    IMAGE_AUGMENTATIONS,
    WAVEFORM_AUGMENTATIONS,
    Pipeline,
)
from affekt.augment.vocoder import stretch
from affekt.augment.waveform import (
    COLOURS,
    Colour,
    change_pitch,
    coloured_noise,
)

__all__ = [
    "AUGMENTATIONS",
    "CODECS",
    "COLOURS",
    "IMAGE_AUGMENTATIONS",
    "WAVEFORM_AUGMENTATIONS",
    "Augmentation",
    "Codec",
    "Colour",
    "CopyConfig",
    "Draw",
    "MixupDraw",
    "Pipeline",
    "Room",
    "add_at",
    "available",
    "babble",
    "begin_late",
    "change_pitch",
    "clip_at",
    "coloured_noise",
    "copy_rng",
    "delay",
    "diffuse_room",
    "draw_mixup",
    "hum",
    "make_copy",
    "recode",
    "stretch",
    "telephone",
]
