"""A checkpoint as a model that predicts: of a run of `affekt train`, or of a published system."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.audio import Signal
from affekt.config import from_mapping
from affekt.errors import AffektError, ConfigError
from affekt.features import FeatureSet
from affekt.protocols import lockbox_speakers, selection_speakers
from affekt.training.checkpoint import network_weights, read_checkpoint
from affekt.training.data import Normalisation
from affekt.training.fit import make_network
from affekt.training.graph import make_graph
from affekt.training.recipe import Recipe

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCheckpoint:
    """What a checkpoint holds, ready to predict. Its confidence is not calibrated: temperature 1.

    Attributes:
        title: name of the run, and the epochs behind it.
        labels: in the order of the probabilities.
        training_data: one mapping a corpus, which it names under "corpus".
        held_out: corpus to the speakers that training never saw, as far as the run tells.
        predict: maps a mono signal at 16 kHz to probabilities `[labels]`.
    """

    title: str
    labels: tuple[str, ...]
    training_data: tuple[dict[str, Any], ...]
    held_out: dict[str, list[str]]
    predict: Callable[[Signal], Probabilities]


def open_checkpoint(path: Path) -> OpenedCheckpoint:
    """Open a checkpoint that a run of this version kept.

    Raises:
        ConfigError: damaged, of another program, or without what it takes to predict.
    """
    content = read_checkpoint(path)
    settings = content.get("recipe")
    if not isinstance(settings, Mapping) or "state_dict" not in content:
        raise ConfigError(f"{path}: holds no recipe; only checkpoints of Affekt can be opened")
    try:
        return _open(dict(settings), content)
    except (KeyError, TypeError, RuntimeError, AffektError) as error:
        first = str(error).splitlines()[0]
        raise ConfigError(f"{path}: cannot be opened by this version: {first}") from None


def _open(settings: dict[str, Any], content: Mapping[str, Any]) -> OpenedCheckpoint:
    known = {item.name for item in dataclasses.fields(Recipe)}
    present = {key: value for key, value in settings.items() if key in known}
    recipe = from_mapping(Recipe, present, where="its recipe")
    source = recipe.features.source
    if isinstance(source, FeatureSet) and settings["feature_version"] != source.version:
        raise ConfigError(f"{source.name} has other values than when it was made")
    network = make_network(recipe)
    network.load_state_dict(network_weights(content))
    kept = {name: content["normalisation"][name].numpy() for name in ("mean", "scale")}
    graph = make_graph(network, Normalisation(**kept), recipe, 1.0)

    def predict(signal: Signal) -> Probabilities:
        values: Probabilities = graph.answer(signal[None])[0][0].double().numpy()
        return values

    epoch = int(content.get("epoch", -1)) + 1
    return OpenedCheckpoint(
        title=f"{recipe.name}, checkpoint after epoch {epoch}",
        labels=recipe.labels,
        training_data=tuple({"corpus": name} for name in recipe.data.corpora),
        held_out=_held_out(recipe),
        predict=predict,
    )


def _held_out(recipe: Recipe) -> dict[str, list[str]]:
    """Return the speakers that the tables keep out of the training."""
    if recipe.protocol.name != "tables":
        return {}  # the split is not in the file, so that anybody may have been learnt from
    held_out = lockbox_speakers() | selection_speakers("calibrate")
    if "select" not in recipe.protocol.train_on:
        held_out |= selection_speakers("select")
    return {
        name: sorted(speaker for corpus, speaker in held_out if corpus == name)
        for name in recipe.data.corpora
    }
