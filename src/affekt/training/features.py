"""Rows of features beside their labels, and the batches an epoch is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from affekt.augment import Pipeline
from affekt.errors import ConfigError

Floats = npt.NDArray[np.floating]
Rows = npt.NDArray[np.int64]


class FeatureBatch(NamedTuple):
    """Features `[batch, *shape]`, float32, and their targets `[batch]`."""

    features: Tensor
    targets: Tensor


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """Some rows of a table of features.

    Attributes:
        features: `[all, *shape]`, float16 or float32, shared by all parts of a split.
        targets: `[all]`, class indices.
        rows: `[n]`, which of them belong to this part.
    """

    features: Floats
    targets: Rows
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def own_targets(self) -> Rows:
        """Targets of the rows of this part, `[n]`."""
        return self.targets[self.rows]

    def batch(self, rows: Rows) -> FeatureBatch:
        """Return the batch of some rows, numbered within the whole table."""
        features = self.features[rows].astype(np.float32)
        return FeatureBatch(torch.from_numpy(features), torch.from_numpy(self.targets[rows]))


@dataclass(frozen=True, slots=True)
class Normalisation:
    """`(features - mean) / scale`, fitted on training rows and kept with the model.

    Attributes:
        mean, scale: broadcast against `[batch, *shape]`.
    """

    mean: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]


def fit_normalisation(part: FeatureRows, *, over: tuple[int, ...] | None) -> Normalisation:
    """Fit mean and standard deviation to the rows of a training part.

    Args:
        part: what the model learns from; nothing else may be looked at.
        over: axes of the features that share a value (of a matrix `[frames, bands]`, 0 keeps one
            value a band); None leaves the features as they are.
    """
    shape = part.features.shape[1:]
    if over is None:
        shared = (1,) * len(shape)
        return Normalisation(np.zeros(shared, np.float32), np.ones(shared, np.float32))
    axes = (0, *(axis + 1 for axis in over))
    # In blocks: the planes of a corpus fill gigabytes in double precision.
    total, squares, count = np.zeros(1), np.zeros(1), 0
    for rows in np.array_split(part.rows, max(1, len(part.rows) // 256)):
        block = part.features[rows].astype(np.float64)
        total = total + block.sum(axis=axes, keepdims=True)[0]
        squares = squares + np.square(block).sum(axis=axes, keepdims=True)[0]
        count += block.size // total.size
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    # A feature that never changes stays at 0 after the mean is taken away.
    scale = np.where(deviation > 1e-8, deviation, 1.0)
    return Normalisation(mean.astype(np.float32), scale.astype(np.float32))


class FeaturePlan(NamedTuple):
    """A batch before anything is computed."""

    epoch: int
    number: int
    rows: Rows


class EpochSampler(Sampler[FeaturePlan]):
    """Every row once an epoch in a drawn order, or the classes equally often.

    The order depends on the seed and the epoch alone, so that a resumed run repeats it. A single
    row that is left over joins the last batch: batch norm cannot learn from one row.
    """

    def __init__(
        self, part: FeatureRows, *, batch_size: int, seed: int, oversample: bool = False
    ) -> None:
        if not len(part):
            raise ConfigError("the training part is empty")
        self._rows = part.rows
        self._targets = part.own_targets
        self._batch_size = batch_size
        self._seed = seed
        self._oversample = oversample
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to draw; the trainer calls it before each pass."""
        self._epoch = epoch

    def __len__(self) -> int:
        full, left = divmod(len(self._rows), self._batch_size)
        return max(1, full + (left > 1 or (left == 1 and self._batch_size == 1)))

    def __iter__(self) -> Iterator[FeaturePlan]:
        rng = np.random.default_rng([self._seed, self._epoch, 0])
        if self._oversample:
            classes, counts = np.unique(self._targets, return_counts=True)
            weights = (1.0 / counts)[np.searchsorted(classes, self._targets)]
            drawn = rng.choice(self._rows, len(self._rows), p=weights / weights.sum())
        else:
            drawn = rng.permutation(self._rows)
        ends = [*range(self._batch_size, len(self) * self._batch_size, self._batch_size), None]
        for number, end in enumerate(ends):
            yield FeaturePlan(self._epoch, number, drawn[number * self._batch_size : end])


class FeatureBatches(Dataset[FeatureBatch]):
    """Make a batch from its plan, augmented where a pipeline is given."""

    def __init__(self, part: FeatureRows, pipeline: Pipeline | None, *, seed: int) -> None:
        self._part = part
        self._pipeline = pipeline
        self._seed = seed

    def __getitem__(self, plan: FeaturePlan) -> FeatureBatch:
        batch = self._part.batch(plan.rows)
        if self._pipeline is None:
            return batch
        rng = np.random.default_rng([self._seed, plan.epoch, plan.number + 1])
        arrays = [self._pipeline(array, rng) for array in batch.features.numpy()]
        return FeatureBatch(torch.from_numpy(np.stack(arrays)), batch.targets)


def ordered_loader(part: FeatureRows, *, batch_size: int) -> DataLoader[FeatureBatch]:
    """Return a loader over all rows of a part in their order."""
    plans = [
        FeaturePlan(0, number, part.rows[start : start + batch_size])
        for number, start in enumerate(range(0, len(part), batch_size))
    ]
    return DataLoader(
        FeatureBatches(part, None, seed=0),
        sampler=plans,
        batch_size=None,
    )
