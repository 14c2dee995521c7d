"""How a network is fitted: the options of every recipe."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import nn

from affekt.models import WhisperClassifier, kernels

Optimiser = Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]
Monitor = Literal["validation_ua", "validation_loss", "validation_accuracy"]
MLP = "pathak-mlp"
"""The model that scikit-learn fits."""

Precision = Literal["auto", "32", "bf16"]


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
class FitConfig:
    """How a network is fitted. What is left out is not done.

    Attributes:
        epochs: at most.
        batch_size: clips in a step.
        crop_frames: shortest and longest crop of clips of any length; each batch draws one length,
            shorter clips repeat.
        sampling: "once" sees every clip once an epoch, "balanced" draws every class equally often,
            "weighted" draws by the powers and weights of `data`; the last two with replacement.
        within_corpus: a clip competes only among the classes that its corpus has.
        class_weights: weigh a clip's loss by clips / (classes x clips of its class); the mean over
            a batch is divided by its weights, as torch does it.
        initialisation: "torch" keeps what each layer begins with; "xavier" (Glorot and Bengio 2010)
            and "he" (He et al. 2015) draw uniformly.
        start_from: a checkpoint whose weights are taken instead of drawn ones; relative to the
            folder that the command is run in. A network over an encoder takes the encoder alone
            too: a `.safetensors` file, a folder, or a name on the Hugging Face hub.
        encoder_rate: share of the learning rate for the weights of an encoder.
        layer_decay: each layer of an encoder is trained at this share of the rate of the next.
        optimiser: "sgd" is plain gradient descent; "momentum" (Polyak 1964) and "nesterov"
            (Nesterov 1983) add their kind of it; "adagrad" (Duchi et al. 2011), "rmsprop"
            (Tieleman and Hinton 2012), "adam" (Kingma and Ba 2015), "adamw" (Loshchilov and
            Hutter 2019).
        learning_rate: at the start; the peak of the one-cycle schedule.
        momentum: of "momentum" and "nesterov".
        weight_decay: of "adamw", apart from the gradient.
        l2: times the sum of squares of all kernels is added to what is minimised, not to the loss
            that is reported; biases go free. Not of "adamw".
        schedule: "constant", or "one-cycle" (Smith and Topin 2018).
        warm_up: share of the steps of "one-cycle" in which the rate rises.
        reduce_on_plateau: lower the rate by the validation loss; needs a validation part.
        mixup_alpha: of the Beta distribution (Zhang et al. 2018).
        consistency: weight of the symmetric Kullback-Leibler divergence between what is answered to
            a clip and to one of its degraded copies. Each batch is then half clips, half copies of
            these clips, so `data.copy_share` plays no role; it needs `data.copies`.
        label_smoothing: share of the target spread over the classes a clip competes among.
        intensity_weight: the squared error of the intensity, times this, is added to the loss;
            it is counted over the clips that listeners rated (CREMA-D). Needs a model with
            `intensity = true`.
        gradient_clip: largest norm of the gradient (Pascanu et al. 2013).
        average_decay: of the moving average of the weights, which is what is measured and kept.
        monitor: what early stopping and the kept weights look at.
        patience: epochs without a better `monitor` before stopping; needs a validation part.
        stop_at_accuracy: stop after the first epoch whose running accuracy on the training clips
            reaches it (0 to 1), where a text tells how far it trained and not for how long.
        best_weights: keep the weights of the best epoch instead of the last one's; needs a
            validation part.
        precision: "auto" takes bfloat16 where the processor has matrix units for it.
        workers: processes that prepare batches; 0 prepares them in the training process.

    Raises:
        ValueError: a value outside its range, or two that contradict each other.
    """

    epochs: int = 40
    batch_size: int = 32
    crop_frames: tuple[int, ...] = (112, 208)
    sampling: Literal["once", "balanced", "weighted"] = "once"
    within_corpus: bool = False
    class_weights: bool = False
    initialisation: Literal["torch", "xavier", "he"] = "torch"
    start_from: str | None = None
    encoder_rate: float = 1.0
    layer_decay: float = 1.0
    optimiser: Optimiser = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 0.0
    l2: float = 0.0
    schedule: Literal["constant", "one-cycle"] = "constant"
    warm_up: float = 0.15
    reduce_on_plateau: ReduceOnPlateau | None = None
    mixup_alpha: float = 0.0
    consistency: float = 0.0
    label_smoothing: float = 0.0
    intensity_weight: float | None = None
    gradient_clip: float | None = None
    average_decay: float = 0.0
    monitor: Monitor = "validation_ua"
    patience: int | None = None
    stop_at_accuracy: float | None = None
    best_weights: bool = False
    precision: Precision = "auto"
    workers: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1:
            raise ValueError("epochs and batch_size must be at least 1")
        if len(self.crop_frames) != 2 or not 1 < self.crop_frames[0] <= self.crop_frames[1]:
            raise ValueError("crop_frames must be [shortest, longest]")
        for name, remedy in (
            ("learning_rate", ""),
            ("gradient_clip", "; leave it out to clip nothing"),
            ("intensity_weight", "; leave it out to learn none"),
        ):
            value = getattr(self, name)
            if value is not None and value <= 0.0:
                raise ValueError(f"{name} must be positive{remedy}")
        for name in ("momentum", "label_smoothing", "average_decay"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must lie in 0 to 1, 1 excluded")
        for name in ("weight_decay", "l2", "mixup_alpha", "consistency", "workers"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative")
        for name in ("warm_up", "stop_at_accuracy", "encoder_rate", "layer_decay"):
            share = getattr(self, name)
            if share is not None and not 0.0 < share <= 1.0:
                raise ValueError(f"{name} must lie between 0 and 1")
        if self.patience is not None and self.patience < 1:
            raise ValueError("patience must be at least 1; leave it out to never stop early")
        self._check_together()

    def _check_together(self) -> None:
        """Refuse options that contradict each other."""
        if self.class_weights and self.sampling == "balanced":
            raise ValueError("class_weights and balanced sampling do the same: choose one")
        if self.optimiser != "adamw" and (self.encoder_rate, self.layer_decay) != (1.0, 1.0):
            raise ValueError("encoder_rate and layer_decay are adamw's")
        if self.optimiser == "adamw" and self.l2 > 0.0:
            raise ValueError("adamw has weight_decay instead of l2")
        if self.optimiser != "adamw" and self.weight_decay > 0.0:
            raise ValueError(f"weight_decay is adamw's; {self.optimiser} has l2")
        if self.consistency and (self.mixup_alpha or self.batch_size % 2):
            raise ValueError("consistency needs an even batch_size, and no mixup")
        if self.schedule == "one-cycle" and self.reduce_on_plateau is not None:
            raise ValueError("one-cycle and reduce_on_plateau both set the rate: choose one")

    @property
    def needs_validation(self) -> bool:
        """Whether an option looks at a validation part."""
        return bool(self.best_weights or self.patience or self.reduce_on_plateau)


def make_optimiser(network: nn.Module, fit: FitConfig) -> torch.optim.Optimizer:
    """Return the optimiser of all parameters of a network.

    The L2 term's gradient is `2 * l2 * weight`, which is what torch calls a weight decay of
    `2 * l2` in every optimiser here but AdamW.
    """
    rate = fit.learning_rate
    if fit.optimiser == "adamw":
        return torch.optim.AdamW(_by_rate(network, fit), lr=rate, weight_decay=fit.weight_decay)
    decayed = {id(kernel) for kernel in kernels(network)}
    groups = [
        {"params": list(_chosen(network, decayed, inside=True)), "weight_decay": 2.0 * fit.l2},
        {"params": list(_chosen(network, decayed, inside=False)), "weight_decay": 0.0},
    ]
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


def _by_rate(network: nn.Module, fit: FitConfig) -> list[dict[str, Any]]:
    """Group the parameters that are trained by their rate: an encoder's learn more slowly."""
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        depth = network.layers_above(name) if isinstance(network, WhisperClassifier) else None
        share = 1.0 if depth is None else fit.encoder_rate * fit.layer_decay**depth
        groups.setdefault(fit.learning_rate * share, []).append(parameter)
    return [{"params": parameters, "lr": rate} for rate, parameters in groups.items()]


def make_schedule(
    optimiser: torch.optim.Optimizer, fit: FitConfig, *, steps: int
) -> dict[str, Any] | None:
    """Return what Lightning shall do to the rate, if anything.

    Args:
        optimiser: whose rate it is.
        fit: the options.
        steps: of the whole run.
    """
    if fit.schedule == "one-cycle":
        one_cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimiser,
            max_lr=[group["lr"] for group in optimiser.param_groups],
            total_steps=steps,
            pct_start=fit.warm_up,
        )
        return {"scheduler": one_cycle, "interval": "step"}
    plateau = fit.reduce_on_plateau
    if plateau is None:
        return None
    lowered = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=plateau.factor, patience=plateau.patience, min_lr=plateau.least
    )
    return {"scheduler": lowered, "monitor": "validation_loss"}


def _chosen(network: nn.Module, kept: set[int], *, inside: bool) -> Iterator[nn.Parameter]:
    return (item for item in network.parameters() if (id(item) in kept) is inside)


def ignored_by_mlp(fit: FitConfig) -> list[str]:
    """Return the options that differ from their default and that scikit-learn's MLP ignores."""
    known = ("epochs", "batch_size", "learning_rate", "precision")  # it is single precision
    plain = FitConfig()
    names = [item.name for item in dataclasses.fields(fit) if item.name not in known]
    return [name for name in names if getattr(fit, name) != getattr(plain, name)]
