"""A checkpoint, opened, hears as the network that it was kept of."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from affekt.errors import ConfigError
from affekt.features.sets import find_feature_set
from affekt.models import create_classifier
from affekt.training.checkpoint import read_checkpoint
from affekt.training.classifier import ClassifierRun, fit_classifier
from affekt.training.classifier_export import ClassifierGraph
from affekt.training.export import WaveformModel
from affekt.training.features import FeatureRows, fit_normalisation
from affekt.training.fit import fit
from affekt.training.opened import open_checkpoint
from affekt.training.options import ClassifierFit

LABELS = ("neutral", "happy", "sad", "angry")


@pytest.fixture
def signal():
    return (0.1 * np.random.default_rng(0).standard_normal(12_000)).astype(np.float32)


def test_a_checkpoint_of_a_recipe_hears_as_its_averaged_network(run, signal):
    made = run(**{"fit.epochs": 1})
    fitted = fit(made, resume=False)
    opened = open_checkpoint(made.last_checkpoint())
    model = WaveformModel(fitted.module.network, made.recipe.features, temperature=1.0).eval()
    with torch.inference_mode():
        expected = model(torch.from_numpy(signal)[None])[0][0].numpy()
    np.testing.assert_allclose(opened.listen(signal), expected, atol=1e-6)
    assert opened.labels == LABELS
    assert opened.title == "tiny, checkpoint after epoch 1"
    assert {row["corpus"] for row in opened.training_data} == {"emodb", "savee", "casia"}
    # `train_on` is "train" alone: lockbox, calibrate and select speakers are held out.
    assert {"13", "14", "15"} <= set(opened.held_out["emodb"])


VECTOR = find_feature_set("vector-162")


@pytest.fixture
def checkpoint(tmp_path):
    """Fit a network of features for an epoch; return it, its normalisation and its checkpoint."""
    rng = np.random.default_rng(0)
    features = (5.0 + rng.normal(size=(24, 162))).astype(np.float32)
    rows = FeatureRows(features, np.arange(24) % 4, np.arange(24))
    none = FeatureRows(rows.features, rows.targets, np.arange(0))
    normalisation = fit_normalisation(rows, over=())
    network = create_classifier("gru", input_shape=(162,), n_classes=4)
    fitted = ClassifierRun(
        network=network,
        fit=ClassifierFit(epochs=1, batch_size=8, learning_rate=0.01, precision="32"),
        seed=1,
        train=rows,
        validation=none,
        normalisation=normalisation,
        pipeline=None,
        folder=tmp_path,
        say=lambda line: None,
    )
    settings = {
        "data": {"labels": list(LABELS), "corpora": ["emodb"]},
        "features": {"set": "vector-162"},
        "feature_version": VECTOR.version,
        "model": {"name": "gru", "settings": {}},
    }
    fit_classifier(fitted, settings=settings)
    return network, normalisation, tmp_path / "last.ckpt"


def test_a_checkpoint_of_a_published_system_hears_with_its_normalisation(checkpoint, signal):
    network, normalisation, path = checkpoint
    opened = open_checkpoint(path)
    graph = ClassifierGraph(
        network, mean=normalisation.mean, scale=normalisation.scale, temperature=1.0
    ).eval()
    with torch.inference_mode():
        expected = graph(torch.from_numpy(VECTOR.compute(signal))[None])[0].numpy()
    np.testing.assert_allclose(opened.listen(signal), expected, atol=1e-6)
    assert (opened.labels, opened.title) == (LABELS, "gru, checkpoint after epoch 1")
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
        ({"normalisation": None}, "measure the bundle of the same run"),
        ({"state_dict": {}}, "cannot be opened by this version"),
        ({"recipe": {"model": {}}}, "cannot be opened by this version"),
    ],
)
def test_a_checkpoint_that_lacks_something_is_refused(checkpoint, values, message):
    _, _, path = checkpoint
    change(path, **values)
    with pytest.raises(ConfigError, match=message):
        open_checkpoint(path)


def test_features_that_have_changed_since_are_refused(checkpoint):
    _, _, path = checkpoint
    recipe = read_checkpoint(path)["recipe"] | {"feature_version": VECTOR.version + 1}
    change(path, recipe=recipe)
    with pytest.raises(ConfigError, match="vector-162 has other values"):
        open_checkpoint(path)
