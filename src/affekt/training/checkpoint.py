"""Reading a checkpoint, and whether a run may go on from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from affekt.errors import ConfigError
from affekt.models import WhisperClassifier, load_whisper_encoder

# These may differ when a run goes on: no loss depends on them.
_FREE = ("bundle", "fit.workers")


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


def newest_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint of a folder, an interrupted run's included."""
    found = sorted(folder.glob("*.ckpt"), key=lambda path: path.stat().st_mtime)
    return found[-1] if found else None


def check_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Refuse to go on from a checkpoint of other settings.

    The schedule depends on the number of epochs, so that it may not change either. What the
    bundle says of itself may, and so may the number of workers.

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


def network_weights(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the weights of the network that a checkpoint holds; averaged where a run averages."""
    prefix = "network."
    return {
        key.removeprefix(prefix): value
        for key, value in content.get("state_dict", {}).items()
        if key.startswith(prefix)
    }


def load_weights(network: nn.Module, start_from: str) -> None:
    """Take the weights that a run of the same network kept, or a published encoder's.

    Args:
        network: that takes them.
        start_from: see `FitConfig`.

    Raises:
        ConfigError: there is no such file, it is no checkpoint, or one of another network.
    """
    path = Path(start_from)
    if isinstance(network, WhisperClassifier) and path.suffix != ".ckpt":
        network.load_encoder(load_whisper_encoder(start_from))
        return
    if not path.is_file():
        raise ConfigError(
            f"start_from: there is no file {path}; give a checkpoint, such as the "
            "checkpoints/last.ckpt of a run (from the folder that the command is run in)"
        )
    try:
        weights = network_weights(read_checkpoint(path))
    except ConfigError:
        raise ConfigError(
            f"start_from: {path} cannot be read as a checkpoint; give another, such as the "
            "checkpoints/last.ckpt of a run"
        ) from None
    try:
        network.load_state_dict(weights)
    except RuntimeError:
        raise ConfigError(
            f"{path}: holds the weights of another network; start_from needs a checkpoint "
            "of a run with the same model, features and labels"
        ) from None


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, with dotted keys."""
    rows: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        rows |= _flat(value, f"{name}.") if isinstance(value, Mapping) else {name: value}
    return rows
