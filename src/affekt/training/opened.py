"""A checkpoint as a model that hears: of a run of `affekt train`, or of a published system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from affekt.audio import Signal
from affekt.config import from_mapping
from affekt.errors import AffektError, ConfigError
from affekt.features.sets import find_feature_set
from affekt.models import create_classifier, create_model
from affekt.protocols import lockbox_speakers, selection_speakers
from affekt.training.checkpoint import read_checkpoint
from affekt.training.classifier_export import ClassifierGraph
from affekt.training.export import WaveformModel
from affekt.training.recipe import Recipe

Probabilities = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCheckpoint:
    """What a checkpoint holds, ready to hear. Its confidence is not calibrated: temperature 1.

    Attributes:
        title: name of the run, and the epochs behind it.
        labels: in the order of the probabilities.
        training_data: one mapping a corpus, which it names under "corpus".
        held_out: corpus to the speakers that training never saw, as far as the run tells.
        listen: maps a mono signal at 16 kHz to probabilities `[labels]`.
    """

    title: str
    labels: tuple[str, ...]
    training_data: tuple[dict[str, Any], ...]
    held_out: dict[str, list[str]]
    listen: Callable[[Signal], Probabilities]


def open_checkpoint(path: Path) -> OpenedCheckpoint:
    """Open a checkpoint that a run of this version kept.

    Raises:
        ConfigError: damaged, of another program, or without what it takes to hear.
    """
    content = read_checkpoint(path)
    settings, weights = content.get("recipe"), content.get("state_dict")
    if not isinstance(settings, Mapping) or not isinstance(weights, Mapping):
        raise ConfigError(f"{path}: holds no recipe; only checkpoints of Affekt can be opened")
    networks = {
        key.removeprefix("network."): value
        for key, value in weights.items()
        if key.startswith("network.")
    }
    open_it = _open_recipe if "bundle" in settings else _open_system
    try:
        opened = open_it(dict(settings), networks, content)
    except (KeyError, TypeError, RuntimeError, AffektError) as error:
        first = str(error).splitlines()[0]
        raise ConfigError(f"{path}: cannot be opened by this version: {first}") from None
    return opened


def _open_recipe(
    settings: dict[str, Any], weights: dict[str, Any], content: Mapping[str, Any]
) -> OpenedCheckpoint:
    recipe = from_mapping(Recipe, settings, where="its recipe")
    network = create_model(
        recipe.model.name,
        n_classes=len(recipe.labels),
        settings={**recipe.model.settings, "n_mels": recipe.features.n_mels},
    )
    network.load_state_dict(weights)
    model = WaveformModel(network, recipe.features, temperature=1.0).eval()

    @torch.inference_mode()
    def listen(signal: Signal) -> Probabilities:
        values: Probabilities = model(torch.from_numpy(signal)[None])[0][0].double().numpy()
        return values

    corpora = recipe.data.corpora
    held_out = lockbox_speakers() | selection_speakers("calibrate")
    if "select" not in recipe.data.train_on:
        held_out |= selection_speakers("select")
    return OpenedCheckpoint(
        title=_title(recipe.name, content),
        labels=recipe.labels,
        training_data=tuple({"corpus": name} for name in corpora),
        held_out={
            name: sorted(speaker for corpus, speaker in held_out if corpus == name)
            for name in corpora
        },
        listen=listen,
    )


def _open_system(
    settings: dict[str, Any], weights: dict[str, Any], content: Mapping[str, Any]
) -> OpenedCheckpoint:
    if "normalisation" not in content:
        raise ConfigError(
            "it was kept before checkpoints held their normalisation; measure the bundle of the "
            "same run"
        )
    feature_set = find_feature_set(settings["features"]["set"])
    if settings["feature_version"] != feature_set.version:
        raise ConfigError(f"{feature_set.name} has other values than when it was made")
    labels = tuple(settings["data"]["labels"])
    network = create_classifier(
        settings["model"]["name"],
        input_shape=feature_set.shape,
        n_classes=len(labels),
        settings=settings["model"]["settings"],
    )
    network.load_state_dict(weights)
    mean, scale = (content["normalisation"][name].numpy() for name in ("mean", "scale"))
    graph = ClassifierGraph(network, mean=mean, scale=scale, temperature=1.0).eval()

    @torch.inference_mode()
    def listen(signal: Signal) -> Probabilities:
        features = torch.from_numpy(feature_set.compute(signal))[None]
        values: Probabilities = graph(features)[0].double().numpy()
        return values

    return OpenedCheckpoint(
        title=_title(settings["model"]["name"], content),
        labels=labels,
        training_data=tuple({"corpus": name} for name in settings["data"]["corpora"]),
        held_out={},  # the split is not in the file, so that anybody may have been heard
        listen=listen,
    )


def _title(name: str, content: Mapping[str, Any]) -> str:
    return f"{name}, checkpoint after epoch {int(content.get('epoch', -1)) + 1}"
