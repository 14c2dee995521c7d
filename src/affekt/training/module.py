"""What happens in a training step and in a validation pass."""

from __future__ import annotations

from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from affekt.metrics import argmax_among, confusion_matrix, pearson, unweighted_average_recall
from affekt.models import Answer
from affekt.training.batches import Batch, OrderedBatch, ordered_loader
from affekt.training.data import AS_IT_IS, Normalisation, Numbers, Part
from affekt.training.options import FitConfig, make_optimiser, make_schedule

VALIDATION_UA = "validation_ua"
VALIDATION_INTENSITY = "validation_intensity"
_LEAST_SHARE = 1e-6
_NEVER = -1e4  # a logit that no other comes near, finite in half precision


def masked_cross_entropy(
    logits: Tensor,
    targets: Tensor,
    allowed: Tensor,
    *,
    smoothing: float,
    shares: Tensor | None = None,
) -> Tensor:
    """Cross-entropy of each clip among the classes its corpus has.

    Args:
        logits: `[batch, classes]`.
        targets: `[batch]`.
        allowed: `[batch, classes]`, true where the clip's corpus has the class.
        smoothing: share of the target spread evenly over the allowed classes.
        shares: `[batch, classes]`, of a target between the classes, those that are not allowed
            left out; None: all of `targets`.

    Returns:
        `[batch]`.
    """
    log_probabilities = functional.log_softmax(logits.masked_fill(~allowed, _NEVER), dim=1)
    if shares is None:
        chosen = log_probabilities.gather(1, targets[:, None]).squeeze(1)
    else:
        # A voter may name a class that no clip of the part has; it counts for nothing there.
        held = shares * allowed
        held = held / held.sum(dim=1, keepdim=True).clamp_min(_LEAST_SHARE)
        chosen = (held * log_probabilities).sum(dim=1)
    share = allowed / allowed.sum(dim=1, keepdim=True)
    return -((1.0 - smoothing) * chosen + smoothing * (share * log_probabilities).sum(dim=1))


def disagreement(logits: Tensor, allowed: Tensor) -> Tensor:
    """Return how far the answers to the two halves of a batch differ, `[batch / 2]`.

    It is the symmetric Kullback-Leibler divergence, among the classes that are allowed.

    Args:
        logits: `[batch, classes]`; the second half answers copies of the first.
        allowed: `[batch, classes]`, the classes that count.
    """
    log_probabilities = functional.log_softmax(logits.masked_fill(~allowed, _NEVER), dim=1)
    first, second = log_probabilities.chunk(2)
    return 0.5 * ((first.exp() - second.exp()) * (first - second)).sum(dim=1)


def intensity_error(intensity: Tensor, rated: Tensor, weights: Tensor) -> Tensor:
    """Return the mean squared error of the intensity over the clips that were rated.

    Args:
        intensity: `[batch, 1]`, 0 to 1.
        rated: `[2, batch]`, what listeners say of the clip and of its mixup partner; NaN where
            nobody was asked.
        weights: `[batch]`, the clip's own share in the mix.
    """
    known = ~rated.isnan()
    shares = torch.stack([weights, 1.0 - weights]) * known
    errors = (intensity.squeeze(1) - rated.nan_to_num()).square()
    return (shares * errors).sum() / shares.sum().clamp_min(_LEAST_SHARE)


def ua_per_corpus(part: Part, rows: Numbers, scores: npt.NDArray[np.floating]) -> dict[str, float]:
    """Return each corpus' UA (0 to 1), each clip answered among its corpus' own classes.

    Args:
        part: what was recognised.
        rows: `[n]`, whose scores these are.
        scores: `[n, classes]`, logits or probabilities.
    """
    chosen = argmax_among(scores, part.allowed[rows])
    corpora = np.full(len(rows), "") if part.corpora is None else part.corpora[rows]
    figures = {}
    for corpus in np.unique(corpora):
        inside = corpora == corpus
        confusion = confusion_matrix(
            part.targets[rows[inside]], chosen[inside], part.allowed.shape[1]
        )
        figures[str(corpus)] = unweighted_average_recall(confusion)
    return figures


def validation_ua(
    part: Part, rows: Numbers, scores: npt.NDArray[np.floating], fit: FitConfig
) -> float:
    """Return the UA (0 to 1) that is followed and chosen by.

    With `within_corpus` it is the mean over the corpora of `ua_per_corpus`, otherwise the UA of
    all rows among all classes.
    """
    if fit.within_corpus:
        return float(np.mean(list(ua_per_corpus(part, rows, scores).values())))
    confusion = confusion_matrix(part.targets[rows], scores.argmax(axis=1), scores.shape[1])
    return unweighted_average_recall(confusion)


class TrainingModule(lightning.LightningModule):
    """The network with its normalisation, loss, optimiser and schedule.

    Args:
        network: what is trained; it answers logits, or an `Answer` that holds them.
        fit: how.
        seed: dropout is drawn from it and the number of the step alone, so that a resumed run
            repeats the uninterrupted one.
        normalisation: of the features.
        steps_per_epoch: of one process that trains alone, for the schedule.
        class_weights: `[classes]`, of the loss.
        validation: the rows that validation passes run over.
    """

    class_weights: Tensor | None
    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        network: nn.Module,
        fit: FitConfig,
        *,
        seed: int,
        normalisation: Normalisation = AS_IT_IS,
        steps_per_epoch: int = 1,
        class_weights: Tensor | None = None,
        validation: Part | None = None,
    ) -> None:
        super().__init__()
        # Convolutions on a CPU and on a GPU alike are several times faster in this layout.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.fit = fit
        self.seed = seed
        self.steps_per_epoch = steps_per_epoch
        self.validation = validation
        self._answers: list[tuple[Tensor, Tensor]] = []
        self._intensities: list[Tensor] = []
        self.register_buffer("class_weights", class_weights, persistent=False)
        self.register_buffer("mean", torch.from_numpy(normalisation.mean), persistent=False)
        self.register_buffer("scale", torch.from_numpy(normalisation.scale), persistent=False)

    @property
    def normalisation(self) -> Normalisation:
        """What the features are normalised by."""
        return Normalisation(self.mean.numpy(), self.scale.numpy())

    def forward(self, features: Tensor) -> Tensor:
        """Map features `[batch, *shape]` to logits `[batch, classes]`."""
        return self.answer(features)[0]

    def answer(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        """Map features to logits, and to the intensity `[batch, 1]` where the network tells it."""
        normalised = (features - self.mean) / self.scale
        if normalised.dim() == 4:
            normalised = normalised.contiguous(memory_format=torch.channels_last)
        answer = self.network(normalised)
        if not isinstance(answer, Answer):
            return answer.float(), None
        return answer.logits.float(), answer.intensity

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the normalisation, without which the weights mean nothing."""
        checkpoint["normalisation"] = {"mean": self.mean, "scale": self.scale}

    def training_step(self, batch: Batch) -> Tensor:
        """Return the mean loss of a batch, mixup partners weighed in."""
        key = [self.seed, self.global_step, self.global_rank]
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        logits, intensity = self.answer(batch.features)
        loss = self._loss(logits, batch)
        if intensity is not None and batch.intensities is not None:
            error = intensity_error(intensity, batch.intensities, batch.weights)
            loss = loss + (self.fit.intensity_weight or 0.0) * error
        hits = (logits.argmax(dim=1) == batch.targets[0]).float().mean()
        shared: Any = {"on_epoch": True, "batch_size": len(batch.weights), "sync_dist": True}
        self.log("loss", loss, on_step=True, prog_bar=True, **shared)
        self.log("accuracy", hits, on_step=False, **shared)
        return loss

    def validation_step(self, batch: OrderedBatch) -> None:
        """Count loss and hits of a batch, and keep its logits."""
        assert self.validation is not None  # noqa: S101 - whose rows these are
        logits, intensity = self.answer(batch.features)
        targets, size = batch.targets, len(batch.targets)
        if self.fit.within_corpus:
            allowed = torch.from_numpy(self.validation.allowed[batch.rows.cpu().numpy()])
            logits = logits.masked_fill(~allowed.to(logits.device), _NEVER)
        figures = {
            "validation_loss": functional.cross_entropy(logits, targets),
            "validation_accuracy": (logits.argmax(dim=1) == targets).float().mean(),
        }
        self.log_dict(figures, on_step=False, on_epoch=True, batch_size=size, sync_dist=True)
        self._answers.append((batch.rows.cpu(), logits.cpu()))
        if intensity is not None:
            self._intensities.append(intensity.squeeze(1).cpu())

    def on_validation_epoch_end(self) -> None:
        """Log the UA, which no mean over batches gives."""
        part, kept, self._answers = self.validation, self._answers, []
        intensities, self._intensities = self._intensities, []
        if part is None or not kept:
            return
        rows, logits = (torch.cat(item).numpy() for item in zip(*kept, strict=True))
        if self.fit.within_corpus:
            figures = ua_per_corpus(part, rows, logits)
            of_corpora = {f"{VALIDATION_UA}/{name}": value for name, value in figures.items()}
            self.log_dict(of_corpora, sync_dist=True)
        figure = validation_ua(part, rows, logits, self.fit)
        self.log(VALIDATION_UA, figure, prog_bar=True, sync_dist=True)
        if intensities and part.intensities is not None:
            agreed = pearson(torch.cat(intensities).numpy(), part.intensities[rows])
            if agreed is not None:
                self.log(VALIDATION_INTENSITY, agreed, prog_bar=True, sync_dist=True)

    def configure_optimizers(self) -> Any:
        """Return the recipe's optimiser, with its schedule where there is one."""
        optimiser = make_optimiser(self.network, self.fit)
        steps = self.fit.epochs * (self.steps_per_epoch // self.trainer.world_size)
        schedule = make_schedule(optimiser, self.fit, steps=steps)
        if schedule is None:
            return optimiser
        return {"optimizer": optimiser, "lr_scheduler": schedule}

    def _loss(self, logits: Tensor, batch: Batch) -> Tensor:
        fit = self.fit
        plain = not fit.within_corpus and fit.mixup_alpha == 0.0 and batch.shares is None
        if plain and not fit.consistency:
            return functional.cross_entropy(
                logits,
                batch.targets[0],
                weight=self.class_weights,
                label_smoothing=fit.label_smoothing,
            )
        allowed = batch.allowed if fit.within_corpus else torch.ones_like(batch.allowed)
        each, counted = torch.zeros_like(batch.weights), torch.zeros_like(batch.weights)
        for side, share in enumerate((batch.weights, 1.0 - batch.weights)):
            targets = batch.targets[side]
            if self.class_weights is not None:
                share = share * self.class_weights[targets]
            each = each + share * masked_cross_entropy(
                logits,
                targets,
                allowed[side],
                smoothing=fit.label_smoothing,
                shares=None if batch.shares is None else batch.shares[side],
            )
            counted = counted + share
        loss = each.mean() if self.class_weights is None else each.sum() / counted.sum()
        if fit.consistency:
            loss = loss + fit.consistency * disagreement(logits, allowed[0]).mean()
        return loss


@torch.inference_mode()
def logits_of_part(module: TrainingModule, part: Part) -> npt.NDArray[np.float64]:
    """Return the logits `[rows, classes]` of a part, clips of any length recognised whole."""
    module.eval()
    answers = [module(batch.features).double() for batch in ordered_loader(part)]
    logits: npt.NDArray[np.float64] = torch.cat(answers).numpy()
    return logits


def probabilities_of_part(module: TrainingModule, part: Part) -> npt.NDArray[np.float64]:
    """Return the probabilities `[rows, classes]` of a part, at temperature 1."""
    logits = torch.from_numpy(logits_of_part(module, part))
    probabilities: npt.NDArray[np.float64] = torch.softmax(logits, dim=1).numpy()
    return probabilities
