"""The batches of an epoch: drawn, cut, augmented, mixed.

Every draw is a pure function of the seed, the epoch and the number of the batch. Nothing depends
on what was drawn before, so a run that is resumed at any batch goes on as if never interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from affekt.augment import Pipeline, draw_mixup
from affekt.errors import ConfigError
from affekt.training.data import Numbers, Part
from affekt.training.feature_cache import Features
from affekt.training.options import FitConfig
from affekt.training.recipe import DataConfig

_EVALUATION_BATCH = 64


class Batch(NamedTuple):
    """A batch of clips and what each may be taken for.

    Attributes:
        features: `[batch, *shape]`, float32, mixed already.
        targets: `[2, batch]`: the class of the clip, and of its mixup partner.
        allowed: `[2, batch, classes]`: the classes that each of the two competes among.
        weights: `[batch]`, 0 to 1: the clip's own share in the mix.
        shares: `[2, batch, classes]`: how the target of each of the two is shared between the
            classes; None where it is one class.
        intensities: `[2, batch]`: of the emotion of each of the two (0 to 1), NaN where it is
            unknown; None where it plays no role.
    """

    features: Tensor
    targets: Tensor
    allowed: Tensor
    weights: Tensor
    shares: Tensor | None = None
    intensities: Tensor | None = None


class OrderedBatch(NamedTuple):
    """Rows of a part as they are: features `[batch, *shape]`, targets and row numbers `[batch]`."""

    features: Tensor
    targets: Tensor
    rows: Tensor


class BatchPlan(NamedTuple):
    """What a batch is made of, before anything is computed."""

    epoch: int
    number: int
    rows: Numbers


def draw_weights(part: Part, config: DataConfig) -> npt.NDArray[np.float64]:
    """Return the probability `[n]` with which each row of a part is drawn.

    A corpus' share grows with its size to `corpus_power`, times its `corpus_weight`; within it a
    class' share grows with its size to `class_power`; within a class all clips are alike, save
    that all copies together get their `copy_share`.
    """
    corpora, targets = part.own_corpora, part.own_targets
    weights = np.zeros(len(part))
    for corpus in np.unique(corpora):
        inside = corpora == corpus
        share = inside.sum() ** config.corpus_power * config.corpus_weight.get(str(corpus), 1.0)
        classes, counts = np.unique(targets[inside], return_counts=True)
        shares = counts**config.class_power / (counts**config.class_power).sum()
        for target, count, of_class in zip(classes, counts, shares, strict=True):
            weights[inside & (targets == target)] = share * of_class / count
    if config.copy_share is not None and part.copied is not None:
        copied = part.copied[part.rows]
        if copied.any() and not copied.all():
            weights[copied] *= config.copy_share / weights[copied].sum()
            weights[~copied] *= (1.0 - config.copy_share) / weights[~copied].sum()
    probabilities: npt.NDArray[np.float64] = weights / weights.sum()
    return probabilities


def class_balance(part: Part) -> npt.NDArray[np.float64]:
    """Return the probability `[n]` of each row under which every class is drawn equally often."""
    classes, counts = np.unique(part.own_targets, return_counts=True)
    weights = (1.0 / counts)[np.searchsorted(classes, part.own_targets)]
    probabilities: npt.NDArray[np.float64] = weights / weights.sum()
    return probabilities


def copies_of_clips(part: Part) -> dict[int, Numbers]:
    """Return the copies of each row of a part that is none itself and has some."""
    if part.copied is None or part.clip is None:
        return {}
    copied = part.copied[part.rows]
    copies = part.rows[copied]
    by_clip = copies[np.argsort(part.clip[copies], kind="stable")]
    first = np.searchsorted(part.clip[by_clip], part.clip[part.rows], side="left")
    end = np.searchsorted(part.clip[by_clip], part.clip[part.rows], side="right")
    return {
        int(row): by_clip[first[place] : end[place]]
        for place, row in enumerate(part.rows)
        if not copied[place] and first[place] < end[place]
    }


class EpochSampler(Sampler[BatchPlan]):
    """The batches of an epoch; with several processes each takes every n-th.

    Args:
        rows: to draw from.
        batch_size: rows in a batch, copies included.
        seed: of the run.
        weights: probability of each row, drawn with replacement; without them every row comes once.
        whole_batches: leave the rows out that fill no batch. Otherwise they make a smaller one, and
            a single row joins the last batch: batch norm cannot learn from one row.
        pairs: the copies of each row. The second half of a batch is then a copy of each row of
            its first half, drawn evenly; without them a batch is what is drawn.

    Raises:
        ConfigError: there are no rows, or too few for a whole batch.
    """

    def __init__(
        self,
        rows: Numbers,
        *,
        batch_size: int,
        seed: int,
        weights: npt.NDArray[np.float64] | None = None,
        whole_batches: bool = False,
        pairs: Mapping[int, Numbers] | None = None,
    ) -> None:
        if not len(rows):
            raise ConfigError("the training part is empty")
        drawn = batch_size if pairs is None else batch_size // 2
        if whole_batches and len(rows) < drawn:
            raise ConfigError(
                f"{len(rows)} training clips do not fill one batch of {drawn}; "
                "lower fit.batch_size or add recordings"
            )
        self._rows = rows
        self._weights = weights
        self._batch_size = drawn
        self._seed = seed
        self._whole = whole_batches
        self._pairs = pairs
        self._epoch = 0
        self.first = 0  # batch that the coming pass, and it alone, begins with

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to draw; the trainer calls it before each pass."""
        self._epoch = epoch

    def __len__(self) -> int:
        full, left = divmod(len(self._rows), self._batch_size)
        if not self._whole:
            full = max(1, full + (left > 1 or (left == 1 and self._batch_size == 1)))
        return full // _processes()[1]

    def __iter__(self) -> Iterator[BatchPlan]:
        rank, processes = _processes()
        first, self.first = self.first, 0
        rng = np.random.default_rng([self._seed, self._epoch])
        if self._weights is None:
            drawn = rng.permutation(self._rows)
        else:
            drawn = rng.choice(self._rows, len(self._rows), p=self._weights)
        count, size = len(self) * processes, self._batch_size
        for number in range(first * processes + rank, count, processes):
            last = number == count - 1 and not self._whole
            chosen = drawn[number * size : None if last else (number + 1) * size]
            if self._pairs is not None:
                chosen = self._paired(chosen, number)
            yield BatchPlan(self._epoch, number, chosen)

    def _paired(self, rows: Numbers, number: int) -> Numbers:
        assert self._pairs is not None  # noqa: S101 - whoever calls has looked
        rng = np.random.default_rng([self._seed, self._epoch, number, len(rows)])
        return np.concatenate([rows, [rng.choice(self._pairs[int(row)]) for row in rows]])


class TrainingBatches(Dataset[Batch]):
    """Make a batch from its plan: cut or repeat clips of any length, augment, mix."""

    def __init__(self, part: Part, pipeline: Pipeline | None, fit: FitConfig, *, seed: int) -> None:
        self._part = part
        self._pipeline = None if pipeline is None else pipeline.among(_Rows(part))
        self._fit = fit
        self._seed = seed

    def __getitem__(self, plan: BatchPlan) -> Batch:
        # To numpy the key of batch 0 is the sampler's own ([a, b] equals [a, b, 0]), so that with
        # weighted draws one batch an epoch shares its random bits with it. The shipped models were
        # trained so; all other runs number from 1.
        number = plan.number + (self._fit.sampling != "weighted")
        rng = np.random.default_rng([self._seed, plan.epoch, number])
        features = torch.from_numpy(self._features(plan.rows, rng))
        targets = torch.from_numpy(self._part.targets[plan.rows])
        allowed = torch.from_numpy(self._part.allowed[plan.rows])
        weights, partners = torch.ones(len(plan.rows)), torch.arange(len(plan.rows))
        if self._fit.mixup_alpha > 0.0:
            mix = draw_mixup(rng, len(plan.rows), self._fit.mixup_alpha)
            weights = torch.from_numpy(np.maximum(mix.weights, 1.0 - mix.weights))
            partners = torch.from_numpy(mix.partners)
            share = weights.reshape(-1, *[1] * (features.dim() - 1))
            features = share * features + (1.0 - share) * features[partners]
        return Batch(
            features=features,
            targets=torch.stack([targets, targets[partners]]),
            allowed=torch.stack([allowed, allowed[partners]]),
            weights=weights,
            shares=_of_both(self._part.shares, plan.rows, partners),
            intensities=_of_both(self._part.intensities, plan.rows, partners),
        )

    def _features(self, rows: Numbers, rng: np.random.Generator) -> npt.NDArray[np.float32]:
        if self._part.any_length:
            shortest, longest = self._fit.crop_frames
            frames = int(rng.integers(shortest, longest + 1))
            return np.stack(
                [fit_length(self._augmented(x, rng), frames, rng) for x in self._part.arrays(rows)]
            )
        arrays = self._part.arrays(rows)
        if self._pipeline is not None:
            arrays = np.stack([self._augmented(array, rng) for array in arrays])
        return arrays  # type: ignore[return-value] # of one shape: an array

    def _augmented(
        self, array: npt.NDArray[np.float32], rng: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        return array if self._pipeline is None else self._pipeline(array, rng)


def _of_both(
    values: npt.NDArray[np.float32] | None, rows: Numbers, partners: Tensor
) -> Tensor | None:
    """Return the values of some rows and of their mixup partners, where there are any."""
    if values is None:
        return None
    own = torch.from_numpy(values[rows])
    return torch.stack([own, own[partners]])


class _Rows(Sequence[Features]):
    """The clips of a part, by their place in it."""

    def __init__(self, part: Part) -> None:
        self._part = part

    def __len__(self) -> int:
        return len(self._part)

    def __getitem__(self, place: int) -> Features:  # type: ignore[override]
        return self._part.arrays(self._part.rows[place : place + 1])[0]


def fit_length(
    array: npt.NDArray[np.float32], frames: int, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Cut a random stretch of `frames`; a shorter clip `[n, mels]` is repeated first."""
    repeats = -(-frames // len(array))
    if repeats > 1:
        array = np.tile(array, (repeats, 1))
    start = int(rng.integers(len(array) - frames + 1))
    return array[start : start + frames]


class ResumableLoader(DataLoader[Batch]):
    """A loader that can go on in the middle of an epoch.

    Attributes:
        batches_done: of the epoch; whoever takes the batches keeps it, because only they know
            which batch was worked off and which merely fetched.
    """

    def __init__(self, batches: TrainingBatches, sampler: EpochSampler, *, workers: int) -> None:
        super().__init__(batches, sampler=sampler, batch_size=None, num_workers=workers)
        self._plans = sampler
        self.batches_done = 0

    def __iter__(self) -> Iterator[Batch]:  # type: ignore[override]
        """Begin a pass when its first batch is asked for.

        A trainer that goes on begins it before it names the epoch, and workers fetch ahead.
        """
        yield from super().__iter__()

    def state_dict(self) -> dict[str, Any]:
        """Return how many batches of the epoch are done; a finished epoch counts none."""
        return {"batches_done": self.batches_done % len(self)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Begin the coming epoch after the batches that were done."""
        self._plans.first = self.batches_done = int(state["batches_done"])


class _OrderedRows(Dataset[OrderedBatch]):
    def __init__(self, part: Part) -> None:
        self._part = part

    def __getitem__(self, rows: Numbers) -> OrderedBatch:
        return OrderedBatch(
            torch.from_numpy(np.asarray(self._part.arrays(rows))),
            torch.from_numpy(self._part.targets[rows]),
            torch.from_numpy(rows),
        )


def ordered_loader(part: Part, *, batch_size: int = _EVALUATION_BATCH) -> DataLoader[OrderedBatch]:
    """Return a loader over all rows of a part in their order.

    Clips of any length come whole and one by one, for exact answers.
    """
    size = 1 if part.any_length else batch_size
    plans = [part.rows[start : start + size] for start in range(0, len(part), size)]
    return DataLoader(_OrderedRows(part), sampler=plans, batch_size=None)


def _processes() -> tuple[int, int]:
    """Return this process' rank and how many train together."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
