"""How a classifier on features is fitted: the training options of the published systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from affekt.models.initialise import kernels

Optimiser = Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"]
Monitor = Literal["validation_loss", "validation_accuracy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlyStopping:
    """Stop after `patience` epochs in which the monitored figure did not get better."""

    patience: int

    def __post_init__(self) -> None:
        if self.patience < 1:
            raise ValueError("patience must be at least 1; leave the table out to never stop early")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceOnPlateau:
    """Multiply the rate by `factor` where the validation loss does not get better.

    Attributes:
        patience: so many epochs in a row may pass without that; the next one lowers the rate.
        least: the rate never falls below it.
    """

    patience: int
    factor: float = 0.5
    least: float = 0.0

    def __post_init__(self) -> None:
        if self.patience < 0 or not 0.0 < self.factor < 1.0 or self.least < 0.0:
            raise ValueError(
                "patience and least must not be negative, and factor must lie between 0 and 1"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierFit:
    """How a network is fitted to features.

    Attributes:
        epochs: at most.
        batch_size: rows in a step.
        optimiser: "sgd" is plain gradient descent; "momentum" (Polyak 1964) and "nesterov"
            (Nesterov 1983) add their kind of it; "adagrad" (Duchi et al. 2011), "rmsprop"
            (Tieleman and Hinton 2012), "adam" (Kingma and Ba 2015).
        learning_rate: at the start.
        momentum: of "momentum" and "nesterov".
        initialisation: "xavier" (Glorot and Bengio 2010) or "he" (He et al. 2015), uniform.
        l2: times the sum of squares of all kernels is added to what is minimised, not to the loss
            that is reported; biases go free.
        gradient_clip: largest norm of the gradient (Pascanu et al. 2013); without it as it comes.
        monitor: what early stopping and the kept weights look at.
        early_stopping, reduce_on_plateau: both need a validation part.
        stop_at_accuracy: stop after the first epoch whose running accuracy on the training rows
            reaches it (0 to 1), where a text tells how far it trained and not for how long.
        best_weights: keep the weights of the best epoch instead of the last one's.
        class_weights: weigh a row's loss by rows / (classes x rows of its class); the mean over a
            batch is divided by its weights, as torch does it.
        start_from: a checkpoint whose weights are taken instead of drawn ones; relative to the
            folder that the command is run in.
        oversample: draw every class equally often, with replacement where it is short.
        precision: "auto" takes bfloat16 where the processor has matrix units for it.

    Raises:
        ValueError: a value outside its range, or two that contradict each other.
    """

    epochs: int
    batch_size: int = 32
    optimiser: Optimiser = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    initialisation: Literal["xavier", "he"] = "xavier"
    l2: float = 0.0
    gradient_clip: float | None = None
    monitor: Monitor = "validation_loss"
    early_stopping: EarlyStopping | None = None
    reduce_on_plateau: ReduceOnPlateau | None = None
    stop_at_accuracy: float | None = None
    best_weights: bool = False
    class_weights: bool = False
    start_from: Path | None = None
    oversample: bool = False
    precision: Literal["auto", "32", "bf16"] = "auto"

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise ValueError("epochs and batch_size must be at least 1")
        if self.learning_rate <= 0.0 or self.l2 < 0.0:
            raise ValueError("learning_rate must be positive, and l2 not negative")
        if self.gradient_clip is not None and self.gradient_clip <= 0.0:
            raise ValueError("gradient_clip must be positive; leave it out to clip nothing")
        if self.stop_at_accuracy is not None and not 0.0 < self.stop_at_accuracy <= 1.0:
            raise ValueError("stop_at_accuracy must lie between 0 and 1")
        if not 0.0 <= self.momentum < 1.0:
            raise ValueError("momentum must lie in 0 to 1, 1 excluded")
        if self.class_weights and self.oversample:
            raise ValueError("class_weights and oversample both balance the classes: choose one")

    @property
    def needs_validation(self) -> bool:
        """Whether an option looks at a validation part."""
        return self.best_weights or bool(self.early_stopping or self.reduce_on_plateau)


def make_optimiser(network: nn.Module, fit: ClassifierFit) -> torch.optim.Optimizer:
    """Return the optimiser of all parameters of a network.

    The L2 term's gradient is `2 * l2 * weight`, which is what torch calls a weight decay of
    `2 * l2` in every optimiser here.
    """
    decayed = {id(kernel) for kernel in kernels(network)}
    groups = [
        {"params": list(_chosen(network, decayed, inside=True)), "weight_decay": 2.0 * fit.l2},
        {"params": list(_chosen(network, decayed, inside=False)), "weight_decay": 0.0},
    ]
    rate = fit.learning_rate
    match fit.optimiser:
        case "sgd":
            return torch.optim.SGD(groups, lr=rate)
        case "momentum" | "nesterov":
            return torch.optim.SGD(
                groups, lr=rate, momentum=fit.momentum, nesterov=fit.optimiser == "nesterov"
            )
        case "adagrad":
            return torch.optim.Adagrad(groups, lr=rate)
        case "rmsprop":
            return torch.optim.RMSprop(groups, lr=rate, alpha=0.9, eps=1e-7)
        case "adam":
            # Lightning clips no gradient of a fused optimiser in half precision.
            return torch.optim.Adam(groups, lr=rate, eps=1e-7, fused=fit.gradient_clip is None)


def _chosen(network: nn.Module, kept: set[int], *, inside: bool) -> Iterator[nn.Parameter]:
    return (item for item in network.parameters() if (id(item) in kept) is inside)
