"""A spectrogram as a grey-scale picture of fixed size."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from affekt.features.spectra import FloatArray
from affekt.features.stft import Stft, power_to_db

_RANGE_DB = 80.0


def spectrogram_image(stft: Stft, rows: int, columns: int) -> FloatArray:
    """Spectrogram as a picture: 1 is the loudest point, 0 what lies 80 dB below it or deeper.

    Returns:
        `[rows, columns]`; high frequencies at the top, the whole clip stretched over the width.
    """
    levels_db = power_to_db(stft.power, ref=float(stft.power.max()), range_db=_RANGE_DB)
    picture = resize(levels_db.T[::-1], rows, columns)
    grey: FloatArray = np.clip(1.0 + picture / np.float32(_RANGE_DB), 0, 1)
    return grey


def resize(image: FloatArray, rows: int, columns: int) -> FloatArray:
    """Resize bilinearly, `[rows, columns]`; where it shrinks, the triangle widens by the factor.

    Along each axis every new value is the mean of old ones under a triangle about its place, which
    is what Pillow calls bilinear.
    """
    higher: FloatArray = _triangles(image.shape[0], rows) @ image
    resized: FloatArray = higher @ _triangles(image.shape[1], columns).T
    return resized


@lru_cache(maxsize=64)
def _triangles(old: int, new: int) -> FloatArray:
    """Weights that make `new` values of `old`, `[new, old]`; rows add up to 1."""
    scale = old / new
    places = (np.arange(new) + 0.5) * scale - 0.5
    weights = np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(old)) / max(scale, 1.0))
    weights /= weights.sum(axis=1, keepdims=True)
    triangles: FloatArray = weights.astype(np.float32)
    triangles.setflags(write=False)
    return triangles
