"""Fitting a network that maps features to classes: the loop of the published systems.

A run keeps a checkpoint after each epoch and goes on from the newest. What is drawn depends on
the seed and on the number of the epoch or step, so that a resumed run repeats what it would have
done.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import numpy.typing as npt
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader

from affekt.augment import Pipeline
from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.metrics import confusion_matrix, unweighted_average_recall
from affekt.models.initialise import initialise
from affekt.training.checkpoint import Patience, Watch, Watched, check_settings, read_checkpoint
from affekt.training.console import Say, plain_story
from affekt.training.features import (
    EpochSampler,
    FeatureBatch,
    FeatureBatches,
    FeatureRows,
    Normalisation,
    ordered_loader,
)
from affekt.training.fit import lightning_precision
from affekt.training.history import History, KeepHistory, KeepSettings, StopAtAccuracy
from affekt.training.memory import keep_freed_memory
from affekt.training.options import ClassifierFit, make_optimiser

VALIDATION_UA = "validation_ua"

_EVALUATION_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierRun:
    """What is fitted, to what, and where the run keeps its checkpoints.

    Attributes:
        network: untrained.
        fit: how.
        seed: of the weights, the order of the rows, augmentation and dropout.
        train: the rows to learn from.
        validation: the rows that decide when to stop; empty where the text has none.
        normalisation: fitted on `train`.
        pipeline: augments each training row anew in each epoch.
        folder: of the checkpoints.
        say: takes a line after each epoch.
    """

    network: nn.Module
    fit: ClassifierFit
    seed: int
    train: FeatureRows
    validation: FeatureRows
    normalisation: Normalisation
    pipeline: Pipeline | None
    folder: Path
    say: Say


class ClassifierModule(lightning.LightningModule):
    """Normalisation, network, loss and optimiser."""

    mean: Tensor
    scale: Tensor

    def __init__(
        self,
        network: nn.Module,
        fit: ClassifierFit,
        normalisation: Normalisation,
        *,
        seed: int,
        class_weights: Tensor | None = None,
    ) -> None:
        super().__init__()
        # Convolutions on a CPU and on a GPU alike are several times faster in this layout.
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.fit = fit
        self.seed = seed
        self.class_weights = class_weights
        self._answers: list[tuple[Tensor, Tensor]] = []
        self.register_buffer("mean", torch.from_numpy(normalisation.mean), persistent=False)
        self.register_buffer("scale", torch.from_numpy(normalisation.scale), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        """Map features `[batch, *shape]` to logits `[batch, classes]`."""
        normalised = (features - self.mean) / self.scale
        if normalised.dim() == 4:
            normalised = normalised.contiguous(memory_format=torch.channels_last)
        logits: Tensor = self.network(normalised)
        return logits.float()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the normalisation, without which the weights hear nothing."""
        checkpoint["normalisation"] = {"mean": self.mean, "scale": self.scale}

    def training_step(self, batch: FeatureBatch) -> Tensor:
        """Return the loss of a batch, and count what was right."""
        key = [self.seed, self.global_step, 0]
        torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
        logits = self(batch.features)
        loss = functional.cross_entropy(logits, batch.targets, weight=self.class_weights)
        self._count("", loss, logits, batch.targets)
        return loss

    def validation_step(self, batch: FeatureBatch) -> None:
        """Count loss and hits of a batch."""
        logits = self(batch.features)
        loss = functional.cross_entropy(logits, batch.targets)
        self._count("validation_", loss, logits, batch.targets)
        self._answers.append((batch.targets.cpu(), logits.argmax(dim=1).cpu()))

    def on_validation_epoch_end(self) -> None:
        """Log the UA, which no mean over batches gives."""
        if self._answers:
            truth, chosen = (torch.cat(item).numpy() for item in zip(*self._answers, strict=True))
            confusion = confusion_matrix(truth, chosen, 1 + int(max(truth.max(), chosen.max())))
            self.log(VALIDATION_UA, unweighted_average_recall(confusion))
        self._answers = []

    def _count(self, prefix: str, loss: Tensor, logits: Tensor, targets: Tensor) -> None:
        hits = (logits.argmax(dim=1) == targets).float().mean()
        figures = {f"{prefix}loss": loss.detach(), f"{prefix}accuracy": hits}
        self.log_dict(figures, on_step=False, on_epoch=True, batch_size=len(targets))

    def configure_optimizers(self) -> Any:
        """Return the recipe's optimiser, with the plateau schedule where there is one."""
        optimiser = make_optimiser(self.network, self.fit)
        plateau = self.fit.reduce_on_plateau
        if plateau is None:
            return optimiser
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, factor=plateau.factor, patience=plateau.patience, min_lr=plateau.least
        )
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "monitor": "validation_loss"},
        }


@plain_story()
def fit_classifier(
    run: ClassifierRun, *, settings: Mapping[str, Any], watch: Watch | None = None
) -> History:
    """Train the network of a run in place, or go on training it.

    Args:
        run: network, data and options.
        settings: what the run is made of, as plain types; a checkpoint of others is refused.
        watch: called after each epoch with the UA of the validation part, which it needs.

    Returns:
        Figures by epoch: `epoch` (from 1), `loss`, `accuracy`, `learning_rate`, `seconds`, and
        `validation_loss`, `validation_accuracy` where there is a validation part.

    Raises:
        ConfigError: an option needs a validation part and there is none, or the folder holds a
            run of other settings.
        KeyboardInterrupt: the run was interrupted; its newest checkpoint is kept.
    """
    fit = run.fit
    check_validation(fit, has_validation=len(run.validation) > 0)
    keep_freed_memory()
    settings = {**settings, "fit": to_mapping(fit)}
    checkpoint = _newest(run.folder)
    if checkpoint is not None:
        check_settings(checkpoint, settings)
        run.say(f"going on from {checkpoint}")
    torch.manual_seed(run.seed)
    if fit.start_from is None:
        initialise(run.network, fit.initialisation)
    else:
        load_weights(run.network, fit.start_from)
    module = ClassifierModule(
        run.network,
        fit,
        run.normalisation,
        seed=run.seed,
        class_weights=balance(run.train) if fit.class_weights else None,
    )
    history = KeepHistory(run.say)
    trainer = _trainer(run, history, settings, watch)
    sampler = EpochSampler(
        run.train, batch_size=fit.batch_size, seed=run.seed, oversample=fit.oversample
    )
    loader = DataLoader(
        FeatureBatches(run.train, run.pipeline, seed=run.seed), sampler=sampler, batch_size=None
    )
    validation = (
        ordered_loader(run.validation, batch_size=_EVALUATION_BATCH)
        if len(run.validation)
        else None
    )
    handler = signal.getsignal(signal.SIGINT)
    # Decay drives dead weights below what a float holds in full, and arithmetic on such numbers
    # is many times slower.
    torch.set_flush_denormal(True)
    try:
        trainer.fit(module, loader, validation, ckpt_path=checkpoint, weights_only=True)
    except SystemExit:  # what Lightning makes of Ctrl-C, which it then turns off
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from None
    finally:
        torch.set_flush_denormal(False)  # it holds for everything in this process
    best = run.folder / "best.ckpt"
    if fit.best_weights:
        module.load_state_dict(read_checkpoint(best)["state_dict"])
    module.cpu().eval()
    return tuple(history.epochs)


def check_validation(fit: ClassifierFit, *, has_validation: bool) -> None:
    """Refuse options that look at a validation part where there is none.

    Raises:
        ConfigError: says which, and what to do.
    """
    if fit.needs_validation and not has_validation:
        raise ConfigError(
            "early_stopping, reduce_on_plateau and best_weights look at a validation part: give "
            "the split a validation_share"
        )


def load_weights(network: nn.Module, checkpoint: Path) -> None:
    """Take the weights that a run of the same network kept.

    Raises:
        ConfigError: there is no such file, it is no checkpoint, or one of another network.
    """
    if not checkpoint.is_file():
        raise ConfigError(
            f"start_from: there is no file {checkpoint}; give a checkpoint, such as the "
            "checkpoints/last.ckpt of a run (from the folder that the command is run in)"
        )
    prefix = "network."
    try:
        state = read_checkpoint(checkpoint).get("state_dict", {})
    except ConfigError:
        raise ConfigError(
            f"start_from: {checkpoint} cannot be read as a checkpoint; give another, such as the "
            "checkpoints/last.ckpt of a run"
        ) from None
    weights = {key.removeprefix(prefix): value for key, value in state.items()}
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise ConfigError(
            f"{checkpoint}: holds the weights of another network; start_from needs a checkpoint "
            "of a run with the same model, features and labels"
        ) from None


@torch.inference_mode()
def probabilities_of(
    network: nn.Module, normalisation: Normalisation, part: FeatureRows
) -> npt.NDArray[np.float64]:
    """Return the probabilities `[rows, classes]` of the rows of a part, in single precision."""
    network.eval()
    mean, scale = torch.from_numpy(normalisation.mean), torch.from_numpy(normalisation.scale)
    answers = [
        torch.softmax(network((batch.features - mean) / scale).double(), dim=1)
        for batch in ordered_loader(part, batch_size=_EVALUATION_BATCH)
    ]
    values: npt.NDArray[np.float64] = torch.cat(answers).numpy()
    return values


def balance(part: FeatureRows) -> Tensor:
    """Return the weight of each class: rows / (classes x rows of the class); 0 without rows."""
    counts = np.bincount(part.own_targets, minlength=int(part.targets.max()) + 1)
    present = counts > 0
    weights = np.divide(len(part), present.sum() * counts, where=present, out=np.zeros(len(counts)))
    return torch.from_numpy(weights.astype(np.float32))


def _newest(folder: Path) -> Path | None:
    last = folder / "last.ckpt"
    return last if last.exists() else None


def _trainer(
    run: ClassifierRun, history: KeepHistory, settings: Mapping[str, Any], watch: Watch | None
) -> lightning.Trainer:
    fit = run.fit
    mode = "min" if fit.monitor == "validation_loss" else "max"
    callbacks: list[Callback] = [
        history,
        KeepSettings(settings),
    ]
    if watch is not None:
        callbacks.append(Watched(watch, VALIDATION_UA))
    if fit.best_weights:
        callbacks.append(
            ModelCheckpoint(
                run.folder,
                filename="best",
                monitor=fit.monitor,
                mode=mode,
                save_weights_only=True,
                enable_version_counter=False,
            )
        )
    if fit.stop_at_accuracy is not None:
        callbacks.append(StopAtAccuracy(fit.stop_at_accuracy, history))
    if fit.early_stopping is not None:
        callbacks.append(Patience(fit.monitor, mode=mode, patience=fit.early_stopping.patience))
    # After the best one, whose record it holds: else a run that goes on forgets its newest best.
    callbacks.append(ModelCheckpoint(run.folder, filename="last", enable_version_counter=False))
    return lightning.Trainer(
        devices=1,  # small networks: several would wait for each other
        max_epochs=fit.epochs,
        precision=lightning_precision(fit.precision),
        gradient_clip_val=fit.gradient_clip,
        callbacks=callbacks,
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
    )
