"""What happens in a training step and in a validation pass."""

from __future__ import annotations

from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from affekt.metrics import argmax_among, confusion_matrix, unweighted_average_recall
from affekt.models import Answer, ResidualSE
from affekt.training.data import Batch, ClipSet
from affekt.training.recipe import FitConfig

METRIC = "select_ua"
_NEVER = -1e4  # a logit that no other comes near, finite in half precision


def masked_cross_entropy(
    logits: Tensor, targets: Tensor, allowed: Tensor, *, smoothing: float
) -> Tensor:
    """Cross-entropy of each clip among the classes its corpus has.

    Args:
        logits: `[batch, classes]`.
        targets: `[batch]`.
        allowed: `[batch, classes]`, true where the clip's corpus has the class.
        smoothing: share of the target spread evenly over the allowed classes.

    Returns:
        `[batch]`.
    """
    log_probabilities = functional.log_softmax(logits.masked_fill(~allowed, _NEVER), dim=1)
    chosen = log_probabilities.gather(1, targets[:, None]).squeeze(1)
    share = allowed / allowed.sum(dim=1, keepdim=True)
    return -((1.0 - smoothing) * chosen + smoothing * (share * log_probabilities).sum(dim=1))


def ua_per_corpus(
    clips: ClipSet, indices: npt.NDArray[np.int64], scores: npt.NDArray[np.floating]
) -> dict[str, float]:
    """Return each corpus' UA (0 to 1), each clip answered among its corpus' own classes.

    Args:
        clips: what was recognised.
        indices: `[n]`, which of the clips the rows of `scores` belong to.
        scores: `[n, classes]`, logits or probabilities.
    """
    chosen = argmax_among(scores, clips.allowed[indices])
    corpora = np.array([clips.utterances[index].corpus for index in indices])
    figures = {}
    for corpus in np.unique(corpora):
        inside = corpora == corpus
        truth = clips.targets[indices[inside]]
        confusion = confusion_matrix(truth, chosen[inside], len(clips.labels))
        figures[str(corpus)] = unweighted_average_recall(confusion)
    return figures


class TrainingModule(lightning.LightningModule):
    """The network with its loss, optimiser and schedule.

    Args:
        network: what is trained.
        fit: how.
        seed: dropout is drawn from it and the number of the step alone, so that a resumed run
            repeats the uninterrupted one.
        steps_per_epoch: of one process that trains alone, for the schedule.
        selection: the clips that validation passes run over, in the order of its loader.
    """

    def __init__(
        self,
        network: ResidualSE,
        fit: FitConfig,
        *,
        seed: int,
        steps_per_epoch: int,
        selection: ClipSet | None,
    ) -> None:
        super().__init__()
        self.network = network
        self.fit = fit
        self.seed = seed
        self.steps_per_epoch = steps_per_epoch
        self.selection = selection
        self._logits: list[tuple[int, Tensor]] = []

    def forward(self, log_mel: Tensor) -> Answer:
        """Map log-mels `[batch, frames, mels]` to the network's answer."""
        return self.network(log_mel)  # type: ignore[no-any-return]

    def training_step(self, batch: Batch) -> Tensor:
        """Return the mean loss of a batch, mixup partners weighed in."""
        key = [self.seed, self.global_step, self.global_rank]
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        logits = self(batch.log_mel).logits.float()
        own, partner = (
            masked_cross_entropy(
                logits, batch.targets[k], batch.allowed[k], smoothing=self.fit.label_smoothing
            )
            for k in (0, 1)
        )
        loss = (batch.weights * own + (1.0 - batch.weights) * partner).mean()
        self.log(
            "loss",
            loss,
            prog_bar=True,
            on_step=True,
            on_epoch=True,
            batch_size=len(batch.weights),
            sync_dist=True,
        )
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor]) -> None:
        """Keep the logits of one clip."""
        log_mel, index = batch
        self._logits.append((int(index), self(log_mel).logits[0].float().cpu()))

    def on_validation_epoch_end(self) -> None:
        """Log the mean over corpora of the UA, each among the corpus' own classes."""
        clips, self._logits, kept = self.selection, [], self._logits
        if clips is None or not kept:
            return
        indices = np.array([index for index, _ in kept])
        logits = torch.stack([row for _, row in kept]).numpy()
        figures = ua_per_corpus(clips, indices, logits)
        of_corpora = {f"{METRIC}/{name}": value for name, value in figures.items()}
        self.log_dict(of_corpora, sync_dist=True)
        self.log(METRIC, float(np.mean(list(figures.values()))), prog_bar=True, sync_dist=True)

    def configure_optimizers(self) -> Any:
        """AdamW under a one-cycle schedule."""
        optimiser = torch.optim.AdamW(
            self.parameters(), lr=self.fit.learning_rate, weight_decay=self.fit.weight_decay
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            max_lr=self.fit.learning_rate,
            total_steps=self.fit.epochs * (self.steps_per_epoch // self.trainer.world_size),
            pct_start=self.fit.warm_up,
        )
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }
