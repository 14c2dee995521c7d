"""From utterances to batches: cached log-mels, balanced draws, crops and augmentation.

Every draw is a pure function of the seed, the epoch and the number of the batch. Nothing depends
on what was drawn before, so a run that is resumed at any batch goes on as if never interrupted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from affekt.audio import decode
from affekt.augment import Pipeline, draw_mixup
from affekt.emotions import CANONICAL
from affekt.errors import AudioError, ConfigError
from affekt.features.cache import FeatureCache, default_cache_root
from affekt.features.spectra import LogMelConfig, log_mel
from affekt.records import Utterance
from affekt.threads import Workers
from affekt.training.recipe import DataConfig, FitConfig

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[int, int], None]


class Batch(NamedTuple):
    """A batch of clips and what each may be taken for.

    Attributes:
        log_mel: `[batch, frames, mels]`, mixed already.
        targets: `[2, batch]`: the class of the clip, and of its mixup partner.
        allowed: `[2, batch, classes]`: the classes that each of the two competes among.
        weights: `[batch]`, 0 to 1: the clip's own share in the mix.
    """

    log_mel: Tensor
    targets: Tensor
    allowed: Tensor
    weights: Tensor


@dataclass(frozen=True, slots=True)
class ClipSet:
    """Log-mels in memory beside their labels.

    Attributes:
        log_mels: one `[frames, mels]` array a clip, float16.
        utterances: what the clips are.
        targets: `[clips]`, indices of `labels`.
        allowed: `[clips, classes]`: the classes of the clip's corpus.
        labels: the recipe's labels.
        skipped: recordings that could not be used, and why.
    """

    log_mels: tuple[npt.NDArray[np.float16], ...]
    utterances: tuple[Utterance, ...]
    targets: npt.NDArray[np.int64]
    allowed: npt.NDArray[np.bool_]
    labels: tuple[str, ...]
    skipped: tuple[tuple[Utterance, str], ...]

    def __len__(self) -> int:
        return len(self.utterances)


def target_label(utterance: Utterance, labels: Sequence[str]) -> str | None:
    """Return the label to learn: the canonical one, else a native one that `labels` names."""
    if utterance.emotion in labels:
        return utterance.emotion
    native = utterance.native_label
    return native if native in labels and native not in CANONICAL else None


def load_clips(
    utterances: Sequence[Utterance],
    *,
    labels: Sequence[str],
    features: LogMelConfig,
    progress: Progress | None = None,
) -> ClipSet:
    """Compute, or take from the cache, the log-mels of all utterances that carry a label.

    Args:
        utterances: the recordings; those whose emotion is none of `labels` are left out.
        labels: the classes.
        features: how log-mels are computed.
        progress: called with the number done and the total.
    """
    chosen = [item for item in utterances if target_label(item, labels) is not None]
    cache = FeatureCache(default_cache_root(), {"set": "log-mel", **asdict(features)})

    def features_of(item: Utterance) -> FloatArray | AudioError:
        def compute() -> FloatArray:
            audio = decode(item.path, start_s=item.start_s, end_s=item.end_s)
            return log_mel(audio.signal, features)

        try:
            return cache.get(item, compute)
        except AudioError as error:
            return error

    log_mels, kept, skipped = [], [], []
    # Threads suffice: hashing, decoding and Fourier transforms all leave the interpreter's lock.
    with Workers(os.cpu_count()) as pool:
        found = pool.map(features_of, chosen)
        for done, (item, answer) in enumerate(zip(chosen, found, strict=True), start=1):
            if isinstance(answer, AudioError):
                skipped.append((item, str(answer)))
            else:
                log_mels.append(answer.astype(np.float16))
                kept.append(item)
            if progress is not None:
                progress(done, len(chosen))
    names = [target_label(item, labels) for item in kept]
    targets = np.array([labels.index(name) for name in names if name], dtype=np.int64)
    of_corpus = {
        corpus: np.isin(
            np.arange(len(labels)),
            [k for item, k in zip(kept, targets, strict=True) if item.corpus == corpus],
        )
        for corpus in {item.corpus for item in kept}
    }
    allowed = np.array([of_corpus[item.corpus] for item in kept], dtype=bool)
    return ClipSet(
        log_mels=tuple(log_mels),
        utterances=tuple(kept),
        targets=targets,
        allowed=allowed.reshape(len(kept), len(labels)),
        labels=tuple(labels),
        skipped=tuple(skipped),
    )


def draw_weights(clips: ClipSet, config: DataConfig) -> npt.NDArray[np.float64]:
    """Return the probability `[clips]` with which each clip is drawn.

    A corpus' share grows with its size to `corpus_power`, times its `corpus_weight`; within it a
    class' share grows with its size to `class_power`; within a class all clips are alike.
    """
    corpora = np.array([item.corpus for item in clips.utterances])
    weights = np.zeros(len(clips))
    for corpus in np.unique(corpora):
        inside = corpora == corpus
        share = inside.sum() ** config.corpus_power * config.corpus_weight.get(str(corpus), 1.0)
        classes, counts = np.unique(clips.targets[inside], return_counts=True)
        shares = counts**config.class_power / (counts**config.class_power).sum()
        for target, count, part in zip(classes, counts, shares, strict=True):
            weights[inside & (clips.targets == target)] = share * part / count
    probabilities: npt.NDArray[np.float64] = weights / weights.sum()
    return probabilities


class BatchPlan(NamedTuple):
    """What a batch is made of, before anything is computed."""

    epoch: int
    number: int
    clips: npt.NDArray[np.int64]


class PlanSampler(Sampler[BatchPlan]):
    """The batches of an epoch; with several processes each takes every n-th."""

    def __init__(self, weights: npt.NDArray[np.float64], *, batch_size: int, seed: int) -> None:
        if len(weights) < batch_size:
            raise ConfigError(
                f"{len(weights)} training clips do not fill one batch of {batch_size}; "
                "lower fit.batch_size or add recordings"
            )
        self._weights = weights
        self._batch_size = batch_size
        self._seed = seed
        self._epoch = 0
        self.first = 0  # batch that the coming pass, and it alone, begins with

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch to draw; the trainer calls it before each pass."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._weights) // self._batch_size // _processes()[1]

    def __iter__(self) -> Iterator[BatchPlan]:
        rank, processes = _processes()
        first, self.first = self.first, 0
        rng = np.random.default_rng([self._seed, self._epoch])
        count = len(self) * processes
        drawn = rng.choice(len(self._weights), (count, self._batch_size), p=self._weights)
        for number in range(first * processes + rank, count, processes):
            yield BatchPlan(self._epoch, number, drawn[number])


class TrainingBatches(Dataset[Batch]):
    """Make a batch from its plan: crop or repeat, augment, mix."""

    def __init__(self, clips: ClipSet, pipeline: Pipeline, fit: FitConfig, *, seed: int) -> None:
        self._clips = clips
        self._pipeline = pipeline
        self._fit = fit
        self._seed = seed

    def __getitem__(self, plan: BatchPlan) -> Batch:
        # To numpy the key of batch 0 is the sampler's own ([a, b] equals [a, b, 0]), so that one
        # batch an epoch shares its random bits with it. The shipped models were trained so.
        rng = np.random.default_rng([self._seed, plan.epoch, plan.number])
        shortest, longest = self._fit.crop_frames
        frames = int(rng.integers(shortest, longest + 1))
        arrays = [self._clip(index, frames, rng) for index in plan.clips]
        log_mel = torch.from_numpy(np.stack(arrays))
        targets = torch.from_numpy(self._clips.targets[plan.clips])
        allowed = torch.from_numpy(self._clips.allowed[plan.clips])
        mix = draw_mixup(rng, len(plan.clips), self._fit.mixup_alpha)
        weights = torch.from_numpy(np.maximum(mix.weights, 1.0 - mix.weights))
        partners = torch.from_numpy(mix.partners)
        share = weights[:, None, None]
        return Batch(
            log_mel=share * log_mel + (1.0 - share) * log_mel[partners],
            targets=torch.stack([targets, targets[partners]]),
            allowed=torch.stack([allowed, allowed[partners]]),
            weights=weights,
        )

    def _clip(self, index: int, frames: int, rng: np.random.Generator) -> FloatArray:
        whole = self._clips.log_mels[index].astype(np.float32)
        return fit_length(self._pipeline(whole, rng), frames, rng)


def fit_length(array: FloatArray, frames: int, rng: np.random.Generator) -> FloatArray:
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

    def __init__(self, batches: TrainingBatches, sampler: PlanSampler, *, workers: int) -> None:
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


class ValidationClips(Dataset[tuple[Tensor, int]]):
    """Whole clips one by one, `([1, frames, mels], index)`, for exact answers at any length."""

    def __init__(self, clips: ClipSet) -> None:
        self._clips = clips

    def __len__(self) -> int:
        return len(self._clips)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        return torch.from_numpy(self._clips.log_mels[index].astype(np.float32))[None], index


def _processes() -> tuple[int, int]:
    """Return this process' rank and how many train together."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
