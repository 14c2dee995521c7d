"""What a checkpoint of ours holds beyond Lightning's, and how a run goes on from one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping

from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.training.data import ResumableLoader
from affekt.training.module import TrainingModule
from affekt.training.recipe import Recipe

Watch = Callable[[int, float], None]
"""Takes an epoch, from 1, and the figure that it ended with; raising ends the run."""

# These may differ when a run goes on: no loss depends on them.
_FREE = ("bundle", "fit.workers")


class CountBatches(Callback):
    """Tell the loader which batches are worked off, for checkpoints within an epoch."""

    def on_train_batch_end(self, trainer: lightning.Trainer, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        """Take the trainer's own count."""
        loader = trainer.train_dataloader
        assert isinstance(loader, ResumableLoader)  # noqa: S101
        loader.batches_done = trainer.fit_loop.epoch_loop.batch_progress.current.ready


class KeepRecipe(Callback):
    """Put the recipe into every checkpoint, as plain types under the key `recipe`."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = to_mapping(recipe)

    def on_save_checkpoint(
        self,
        trainer: lightning.Trainer,  # noqa: ARG002
        pl_module: lightning.LightningModule,  # noqa: ARG002
        checkpoint: dict[str, Any],
    ) -> None:
        """Add the recipe."""
        checkpoint["recipe"] = self._recipe


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


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; nothing but tensors and plain types is accepted.

    Raises:
        ConfigError: the file is damaged, or no checkpoint.
    """
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch's errors for a damaged file share no root of their own
        raise ConfigError(
            f"{path}: not a checkpoint that can be read; delete it to go on from an older one"
        ) from error
    return content


def check_recipe(path: Path, recipe: Recipe) -> None:
    """Refuse to go on from a checkpoint of another recipe.

    The schedule depends on the number of epochs, so that it may not change either. What the
    bundle says of itself may, and so may the number of workers.

    Raises:
        ConfigError: the message names the first setting that differs, and both values.
    """
    check_settings(path, to_mapping(recipe))


def check_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Refuse to go on from a checkpoint of other settings, as `check_recipe` does.

    Args:
        path: of the checkpoint.
        settings: nested tables of plain types.

    Raises:
        ConfigError: the message names the first setting that differs, and both values.
    """
    kept = read_checkpoint(path).get("recipe")
    if kept is None:  # of a version that did not keep it
        return
    before, now = _flat(kept), _flat(settings)
    for key in dict.fromkeys([*now, *before]):
        if before.get(key) != now.get(key) and not key.startswith(_FREE):
            raise ConfigError(
                f"{path.parent.parent} holds a run with {key} = {before.get(key)!r}, the recipe "
                f"says {now.get(key)!r}; restore it to go on, or choose another place with --out"
            )


def load_averaged(module: TrainingModule, checkpoint: Path) -> None:
    """Take the averaged weights of a checkpoint, which is where the callback keeps them."""
    module.load_state_dict(read_checkpoint(checkpoint)["state_dict"])
    module.cpu().eval()


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, with dotted keys."""
    rows: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        rows |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return rows
