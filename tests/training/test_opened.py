"""A checkpoint, opened, hears as the network that it was kept of."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affekt.errors import ConfigError
from affekt.features.sets import find_feature_set
from affekt.training.checkpoint import read_checkpoint
from affekt.training.data import Part
from affekt.training.fit import Task, fit, fit_network, run_settings
from affekt.training.graph import FeatureGraph, WaveformGraph
from affekt.training.opened import open_checkpoint
from affekt.training.options import FitConfig
from affekt.training.recipe import (
    DataConfig,
    FeaturesConfig,
    ModelConfig,
    ProtocolConfig,
    Recipe,
)

LABELS = ("neutral", "happy", "sad", "angry")


@pytest.fixture
def signal():
    return (0.1 * np.random.default_rng(0).standard_normal(12_000)).astype(np.float32)


def test_a_checkpoint_of_a_recipe_hears_as_its_averaged_network(run, signal):
    made = run(**{"fit.epochs": 1})
    fitted = fit(made, resume=False)
    opened = open_checkpoint(made.last_checkpoint())
    model = WaveformGraph(fitted.module.network, made.recipe.features, temperature=1.0).eval()
    with torch.inference_mode():
        expected = model(torch.from_numpy(signal)[None])[0][0].numpy()
    np.testing.assert_allclose(opened.predict(signal), expected, atol=1e-6)
    assert opened.labels == LABELS
    assert opened.title == "tiny, checkpoint after epoch 1"
    assert {row["corpus"] for row in opened.training_data} == {"emodb", "savee", "casia"}
    # `train_on` is "train" alone: lockbox, calibrate and select speakers are held out.
    assert {"13", "14", "15"} <= set(opened.held_out["emodb"])


VECTOR = find_feature_set("vector-162")


@pytest.fixture
def checkpoint(tmp_path):
    """Fit a network of features for an epoch; return its module and its checkpoint."""
    rng = np.random.default_rng(0)
    features = (5.0 + rng.normal(size=(24, 162))).astype(np.float32)
    recipe = Recipe(
        name="tones",
        labels=LABELS,
        data=DataConfig(corpora=("emodb",)),
        protocol=ProtocolConfig(name="published"),
        features=FeaturesConfig(set="vector-162", normalise_over=()),
        model=ModelConfig(name="gru"),
        fit=FitConfig(epochs=1, batch_size=8, learning_rate=0.01, precision="32"),
    )
    task = Task(
        recipe=recipe,
        train=Part(features, np.arange(24) % 4, np.arange(24)),
        validation=None,
        checkpoints=tmp_path,
        settings=run_settings(recipe),
        say=lambda line: None,
    )
    return fit_network(task)[0], tmp_path / "last.ckpt"


def test_a_checkpoint_of_a_network_of_features_hears_with_its_normalisation(checkpoint, signal):
    module, path = checkpoint
    opened = open_checkpoint(path)
    graph = FeatureGraph(module.network, VECTOR, module.normalisation, temperature=1.0).eval()
    with torch.inference_mode():
        expected = graph(torch.from_numpy(VECTOR.compute(signal))[None])[0][0].numpy()
    np.testing.assert_allclose(opened.predict(signal), expected, atol=1e-6)
    assert (opened.labels, opened.title) == (LABELS, "tones, checkpoint after epoch 1")
    assert opened.training_data == ({"corpus": "emodb"},)
    assert opened.held_out == {}


def change(path, **values):
    content = read_checkpoint(path)
    for name, value in values.items():
        if value is None:
            del content[name]
        else:
            content[name] = value
    torch.save(content, path)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"recipe": None}, "holds no recipe"),
        ({"normalisation": None}, "cannot be opened by this version"),
        ({"state_dict": {}}, "cannot be opened by this version"),
        ({"recipe": {"model": {}}}, "cannot be opened by this version"),
    ],
)
def test_a_checkpoint_that_lacks_something_is_refused(checkpoint, values, message):
    _, path = checkpoint
    change(path, **values)
    with pytest.raises(ConfigError, match=message):
        open_checkpoint(path)


def test_features_that_have_changed_since_are_refused(checkpoint):
    _, path = checkpoint
    recipe = read_checkpoint(path)["recipe"] | {"feature_version": VECTOR.version + 1}
    change(path, recipe=recipe)
    with pytest.raises(ConfigError, match="vector-162 has other values"):
        open_checkpoint(path)
