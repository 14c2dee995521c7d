"""Mean, spread and range of each feature of a table or a clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.features.sets import FeatureSet
from affekt.features.spectra import FloatArray

_VALUES_AT_A_TIME = 2_000_000

_Values = npt.NDArray[np.float64]


class Summary(NamedTuple):
    """Figures of each named feature, `[names]`, over all clips and all its places in a clip."""

    names: tuple[str, ...]
    mean: _Values
    std: _Values
    min: _Values
    max: _Values


def summarise(features: FeatureSet, blocks: Iterable[FloatArray]) -> Summary:
    """Summarise features block by block.

    The entries of a vector, the coefficients of a matrix, the planes, or the image as a whole.

    Args:
        features: the set.
        blocks: `[clips, *shape]` each, at least one clip in all.
    """
    names = features.columns or ("all pixels",)
    count = 0
    mean, squares = np.zeros(len(names)), np.zeros(len(names))
    least, most = np.full(len(names), np.inf), np.full(len(names), -np.inf)
    for some in _few_at_a_time(blocks):
        values = _by_name(features, some).astype(np.float64)
        own_mean = values.mean(axis=1)
        added, difference = values.shape[1], own_mean - mean
        # Chan, Golub and LeVeque (1979): exact where the mean is large beside the spread.
        squares += values.var(axis=1) * added + difference**2 * count * added / (count + added)
        mean += difference * added / (count + added)
        count += added
        least = np.minimum(least, values.min(axis=1))
        most = np.maximum(most, values.max(axis=1))
    return Summary(names, mean, np.sqrt(squares / count), least, most)


def _few_at_a_time(blocks: Iterable[FloatArray]) -> Iterator[FloatArray]:
    """Cut blocks, which in double precision would fill the memory."""
    for block in blocks:
        step = max(1, _VALUES_AT_A_TIME // max(1, block[:1].size))
        yield from (block[start : start + step] for start in range(0, len(block), step))


def _by_name(features: FeatureSet, block: FloatArray) -> FloatArray:
    """Return the values of each named feature, `[names, values]`."""
    if not features.columns:
        return block.reshape(1, -1)
    axis = 1 + features.shape.index(len(features.columns))
    return np.moveaxis(block, axis, 0).reshape(len(features.columns), -1)
