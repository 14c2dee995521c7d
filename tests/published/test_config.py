"""The eleven configurations, and what their files may say."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from affekt.config import to_mapping, to_toml
from affekt.errors import ConfigError
from affekt.features.sets import FEATURE_SETS
from affekt.models import create_model
from affekt.published import SYSTEMS, claims_of, load_system

# Digest of the texts: figure, classes, and the share of the test part.
TEXTS = {
    "shukla-cnn1d": ("accuracy", 76.02, 8, 0.2),
    "santamaria-baseline": ("accuracy", 26.0, 8, 0.2),
    "santamaria-deep": ("accuracy", 36.0, 8, 0.2),
    "pathak-mlp": ("accuracy", 81.69, 7, 0.25),
    "pathak-cnn": ("accuracy", 86.15, 7, 0.25),
    "pathak-lstm": ("accuracy", 80.44, 7, 0.25),
    "pathak-cnn-lstm": ("accuracy", 87.73, 7, 0.25),
    "crema-cnn1d": ("accuracy", 43.08, 6, 0.3),
    "crema-cnn2d": ("accuracy", 53.8, 6, 0.3),
    "crema-cnn2d-external": ("accuracy", None, 6, 0.3),
    "mittal-cnn2d": ("ua", 72.0, 8, 0.25),
}


def test_there_are_eleven():
    assert tuple(TEXTS) == SYSTEMS


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_says_what_its_text_says(name):
    system = load_system(name)
    metric, value, classes, test_share = TEXTS[name]
    assert system.name == system.model.name == name
    published = claims_of(system)
    assert (published.metric, published.value) == (metric, value)
    assert len(system.labels) == classes
    assert system.protocol.test_share == test_share
    assert published.inferred  # no text tells everything


def test_weaker_copies_are_all_that_the_weak_variant_changes():
    recipe = Path(__file__).parents[2] / "recipes" / "systems" / "pathak-mlp-weak-copies.toml"
    weak, ours = (to_mapping(load_system(name)) for name in (str(recipe), "pathak-mlp"))
    for values in (weak, ours):
        for key in ("name", "published"):
            del values[key]
    steps = [values["data"]["copies"][0].pop("steps") for values in (weak, ours)]
    assert weak == ours
    assert [step.pop("name") for step in steps[0]] == [step.pop("name") for step in steps[1]]
    assert all(lesser != step for lesser, step in zip(*steps, strict=True))


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_network_takes_the_features_of_its_system(name):
    system = load_system(name)
    shape = FEATURE_SETS[system.features.set].shape
    network = create_model(
        system.model.name,
        input_shape=shape,
        n_classes=len(system.labels),
        settings=system.model.settings,
    )
    assert sum(item.numel() for item in network.parameters()) > 10_000


def test_mittals_claim_is_the_mean_of_its_recalls():
    published = claims_of(load_system("mittal-cnn2d"))
    mean = sum(published.recalls.values()) / len(published.recalls)
    assert mean == pytest.approx(published.value, abs=0.5)


@pytest.mark.parametrize("name", [name for name in SYSTEMS if name.startswith("pathak")])
def test_pathaks_leak_is_called_by_its_name(name):
    assert load_system(name).protocol.leak == "copies"


def test_an_unknown_system_is_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match="did you mean 'pathak-cnn'"):
        load_system("pathak-cn")


def test_a_configuration_of_ones_own_is_read_from_its_file(tmp_path):
    file = Path(str(resources.files("affekt").joinpath("recipes", "shukla-cnn1d.toml")))
    own = tmp_path / "own.toml"
    text = file.read_text(encoding="utf-8").replace('name = "shukla-cnn1d"', 'name = "own"', 1)
    own.write_text(text + "\n[search]\n", encoding="utf-8")
    assert load_system(str(own)).name == "own"


@pytest.mark.parametrize("name", ["shukla-cnn1d", "gru", "all"])
def test_a_file_of_ones_own_does_not_pass_for_what_is_published(tmp_path, name):
    file = Path(str(resources.files("affekt").joinpath("recipes", "shukla-cnn1d.toml")))
    own = tmp_path / "own.toml"
    text = file.read_text(encoding="utf-8").replace('name = "shukla-cnn1d"', f'name = "{name}"', 1)
    own.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=f"'{name}' stands for what is published"):
        load_system(str(own))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "../x"}, "names files"),
        ({"data.corpora": ["emodbb"]}, "corpora: 'emodbb' is not known .*'emodb'"),
        ({"data.corpora": ["emodb", "emodb"]}, "corpora: give at least 1, and each once"),
        ({"data.corpora": []}, "corpora: give at least 1"),
        ({"labels": ["neutral"]}, "labels must be two or more"),
        ({"labels": ["neutral", "neutral"]}, "none twice"),
        ({"data.relabel": {"calmm": "neutral"}}, "relabel: 'calmm' is not known .*'calm'"),
        ({"data.relabel": {"calm": "bored"}}, "relabel: 'bored' is none of the labels"),
        ({"data.min_duration_s": -1.0}, "min_duration_s and copy_seed must not be negative"),
        ({"published.recalls": {"calm": 50.0}}, "recalls: 'calm' is not known"),
        ({"published.recalls": {"happy": 500.0}}, "lies in 0 to 100 percent"),
        (
            {"model": {"name": "pathak-mlp"}, "labels": ["happy", "sad"]},
            "MLP has one output for two",
        ),
        ({"labels": ["neutral", "glad"]}, "labels: 'glad'"),
        ({"protocol.test_share": 1.0}, "test_share must lie between 0 and 1"),
        ({"protocol.leak": "copies"}, "leak = 'copies' needs data.copies"),
        ({"data.copies": [{"steps": []}]}, "steps must not be empty"),
        ({"data.copies": [{"steps": [{"name": "nois"}]}]}, "did you mean 'noise'"),
        ({"features.set": "vector-163"}, "did you mean 'vector-162'"),
        ({"features.normalise_over": [1]}, "has the axes 0 to 0"),
        ({"published.seeds": [-1]}, "seeds must not be empty, and lie in 0 to"),
        ({"protocol.split_seed": -1}, "split_seed must lie in 0 to"),
        ({"data.copy_seed": -1}, "min_duration_s and copy_seed must not be negative"),
        ({"augmentation": [{"name": "zoom"}]}, "augmentation: vector-162 is no image"),
        ({"fit.epoch": 3}, "unknown key 'epoch'"),
        ({"model": {"name": "pathak-mlp"}, "fit.l2": 0.1}, "fit.l2: scikit-learn's MLP"),
    ],
)
def test_impossible_settings_are_refused(system, changes, message):
    with pytest.raises(ConfigError, match=message):
        system(**changes)


OLDER = """
name = "own"
text = "Nobody, An Invented Text"
title = "Tones"
seeds = [4]

[published]
value = 90.0

[data]
corpora = ["emodb"]
labels = ["neutral", "happy"]
test_share = 0.25
validation_share = 0.1

[features]
set = "vector-162"

[model]
name = "gru"

[fit]
epochs = 3
oversample = true
early_stopping = { patience = 2 }
"""


def test_an_older_system_is_read_with_a_warning_and_means_what_it_meant(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OLDER, encoding="utf-8")
    with pytest.warns(FutureWarning, match=r"own\.toml: has no \[protocol\] table"):
        recipe = load_system(str(path))
    assert (recipe.protocol.name, recipe.protocol.test_share) == ("published", 0.25)
    assert (recipe.labels, claims_of(recipe).seeds) == (("neutral", "happy"), (4,))
    fit = recipe.fit
    assert (fit.patience, fit.sampling, fit.monitor) == (2, "balanced", "validation_loss")
    assert (fit.initialisation, fit.optimiser, fit.batch_size) == ("xavier", "adam", 32)


def test_a_recipe_without_a_text_cannot_be_reproduced(tmp_path):
    path = tmp_path / "own.toml"
    values = {"name": "own", "labels": ["neutral", "happy"], "data": {"corpora": ["emodb"]}}
    path.write_text(to_toml({**values, "protocol": {"name": "published"}}), encoding="utf-8")
    with pytest.raises(ConfigError, match="own: names no text to reproduce"):
        load_system(str(path))
