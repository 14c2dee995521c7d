"""What is done around the steps of a run: figures, early stopping, what checkpoints hold."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback, EarlyStopping

from affekt.training.batches import ResumableLoader
from affekt.training.console import Say

History = tuple[dict[str, float], ...]
Watch = Callable[[int, float], None]
"""Takes an epoch, from 1, and the figure that it ended with; raising ends the run."""

_FIGURES = (
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
    "validation_ua",
    "validation_intensity",
)


def epoch_line(row: Mapping[str, float], epochs: int | None) -> str:
    """Return what is said of an epoch: its number, of how many, its figures and its time."""
    said = [f"{name.replace('_', ' ')} {row[name]:.3f}" for name in _FIGURES if name in row]
    return f"epoch {row['epoch']:.0f} of {epochs}: {', '.join(said)}, {row['seconds']:.0f} s"


class KeepHistory(Callback):
    """One mapping of figures an epoch, kept in the checkpoints as well."""

    def __init__(self, say: Say) -> None:
        self.epochs: list[dict[str, float]] = []
        self._say = say
        self._began_s = time.monotonic()

    def on_train_start(self, trainer: lightning.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Start the clock for a run that goes on within an epoch, and keep its rate."""
        self._start(trainer)

    def on_train_epoch_start(self, trainer: lightning.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Start the clock, and keep the rate that the epoch is run with."""
        self._start(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Keep the epoch's figures, and say them."""
        seen = trainer.callback_metrics
        figures = {name: float(seen[name]) for name in _FIGURES if name in seen}
        row = {
            "epoch": trainer.current_epoch + 1,
            **figures,
            "learning_rate": self._rate,
            "seconds": round(time.monotonic() - self._began_s, 2),
        }
        self.epochs.append(row)
        self._say(epoch_line(row, trainer.max_epochs))

    def state_dict(self) -> dict[str, Any]:
        """Return the rows so far."""
        return {"epochs": self.epochs}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on after the rows of a checkpoint."""
        self.epochs = list(state_dict["epochs"])

    def _start(self, trainer: lightning.Trainer) -> None:
        self._began_s = time.monotonic()
        self._rate = float(trainer.optimizers[0].param_groups[0]["lr"])


class StopAtAccuracy(Callback):
    """End the training once enough of the training rows are right; a resumed run asks again."""

    def __init__(self, accuracy: float, history: KeepHistory) -> None:
        self._accuracy = accuracy
        self._history = history

    def on_train_start(self, trainer: lightning.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Stop before the first step if the accuracy was reached before."""
        self._ask(trainer)

    def on_train_epoch_end(self, trainer: lightning.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Look at the epoch that is over; the history notes it before this is called."""
        self._ask(trainer)

    def _ask(self, trainer: lightning.Trainer) -> None:
        rows = self._history.epochs
        if rows and rows[-1]["accuracy"] >= self._accuracy:
            trainer.should_stop = True


class Patience(EarlyStopping):
    """Early stopping that stays with its decision when a stopped run is taken up again."""

    def on_train_start(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,  # noqa: ARG002
    ) -> None:
        """Stop before the first step if the patience is used up."""
        if self.wait_count >= self.patience:
            trainer.should_stop = True


class Watched(Callback):
    """Hand a figure of each epoch to whoever follows the run from outside.

    What `watch` raises ends the run.
    """

    def __init__(self, watch: Watch, figure: str) -> None:
        self._watch = watch
        self._figure = figure

    def on_train_epoch_end(self, trainer: lightning.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Pass the epoch, from 1, and its figure."""
        self._watch(trainer.current_epoch + 1, float(trainer.callback_metrics[self._figure]))


class CountBatches(Callback):
    """Tell the loader which batches are worked off, for checkpoints within an epoch."""

    def on_train_batch_end(self, trainer: lightning.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Take the trainer's own count."""
        loader = trainer.train_dataloader
        assert isinstance(loader, ResumableLoader)  # noqa: S101
        loader.batches_done = trainer.fit_loop.epoch_loop.batch_progress.current.ready


class KeepSettings(Callback):
    """Put what the run was asked for into every checkpoint, under the key `recipe`."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = dict(settings)

    def on_save_checkpoint(
        self,
        trainer: lightning.Trainer,  # noqa: ARG002
        pl_module: lightning.LightningModule,  # noqa: ARG002
        checkpoint: dict[str, Any],
    ) -> None:
        """Add the settings."""
        checkpoint["recipe"] = self._settings
