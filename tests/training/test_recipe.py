from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.training import load_recipe
from affekt.training.options import FitConfig
from affekt.training.recipe import CalibrationConfig, find_recipe, shipped_recipes

RECIPES = Path(__file__).parents[2] / "src" / "affekt" / "recipes"
OURS = ("default", "default-selection", "open")


@pytest.mark.parametrize("name", OURS)
def test_every_recipe_of_ours_loads_with_its_licence(name):
    recipe, licence = load_recipe(find_recipe(name))
    assert recipe.name == name
    assert len(licence) > 100


def test_the_default_and_its_rehearsal_differ_in_the_speakers_alone():
    final, rehearsal = (
        to_mapping(load_recipe(RECIPES / f"{name}.toml")[0])
        for name in ("default", "default-selection")
    )
    assert final.pop("name") != rehearsal.pop("name")
    assert final["protocol"].pop("train_on") == ["train", "select"]
    assert rehearsal["protocol"].pop("train_on") == ["train"]
    assert rehearsal["protocol"].pop("select_on") == "select"
    assert final["fit"].pop("best_weights") != rehearsal["fit"].pop("best_weights")
    assert final == rehearsal


MISTAKES = [
    ("seed = 3", "sed = 3", r"unknown key 'sed' \(did you mean 'seed'"),
    ("epochs = 3", "epoch = 3", r"'fit': unknown key 'epoch' \(did you mean 'epochs'"),
    ("epochs = 3", "epochs = 0", "epochs and batch_size must be at least 1"),
    ("batch_size = 8", "batch_size = 0", "epochs and batch_size must be at least 1"),
    ("[30, 40]", "[40, 30]", r"crop_frames must be \[shortest, longest\]"),
    ("[30, 40]", "[30]", "crop_frames"),
    ("learning_rate = 0.02", "learning_rate = 0.0", "learning_rate"),
    ("learning_rate = 0.02", "learning_rate = nan", "finite"),
    ("average_decay = 0.5", "average_decay = 1.0", "average_decay"),
    ("mixup_alpha = 0.2", "mixup_alpha = -0.2", "mixup_alpha"),
    ("mixup_alpha = 0.2", "label_smoothing = 1.0", "label_smoothing"),
    ("mixup_alpha = 0.2", "warm_up = 0.0", "warm_up"),
    ("weight_decay = 0.05", "weight_decay = -1.0", "weight_decay"),
    ("mixup_alpha = 0.2", "workers = -1", "workers"),
    ("mixup_alpha = 0.2", "patience = 0", "patience must be at least 1"),
    ("mixup_alpha = 0.2", "patience = 3", "fit.patience needs a validation part"),
    ('"32"', '"16"', r"'16' is no choice"),
    ('"casia"]', '"cassia"]', r"corpora: 'cassia' is not known \(did you mean 'casia'"),
    ('"casia"]', '"emodb"]', "corpora: give at least 1, and each once"),
    ('["emodb", "savee", "casia"]', "[]", "corpora: give at least 1"),
    ('["train"]', '["select"]', "train_on must hold 'train'"),
    ('["train"]', '["train", "train"]', "train_on must hold 'train', and each part once"),
    ('["train"]', '["train", "calibrate"]', "calibrate speakers .* cannot be trained on"),
    ('["train"]', '["train", "lockbox"]', r"'lockbox' is no choice \(known: .*select"),
    ('["train"]', '["train", "select"]\nselect_on = "select"', "'select' is trained on"),
    ('["train"]', '["train"]\nselect_on = "calibrate"', "select_on cannot be them"),
    ('["train"]', '["train"]\nselect_on = "lockbox"', "'lockbox' is no choice"),
    ('"casia"]', '"casia"]\ncorpus_power = 1.5', "corpus_power"),
    ('"casia"]', '"casia"]\ncorpus_weight = { tess = 2 }', r"corpus_weight: 'tess' \(known"),
    ('"casia"]', '"casia"]\ncorpus_weight = { emodb = 0 }', "corpus_weight must be positive"),
    ('"casia"]', '"casia"]\ncorpus_weight = { emodb = "2" }', "'emodb': expected float"),
    ('"neutral", ', '"netural", ', r"labels: 'netural' \(did you mean 'neutral'"),
    ('"neutral", ', '"happy", ', "none twice"),
    ("mixup_alpha = 0.2", "consistency = 0.5", r"needs degraded copies: add \[\[data"),
    ("mixup_alpha = 0.2", "intensity_weight = 1.0", "intensity need each other"),
    ('"level" }', '"level", intensity = true }', "intensity need each other"),
    ("n_mels = 40", "n_mels = 0", "'features': n_mels"),
    ("n_mels = 40", "sampling_rate_hz = 22050", "sampling_rate_hz must be 16000"),
    ('"level" }', '"level", n_mels = 80 }', "n_mels follows features.n_mels"),
    ("[bundle]", "[calibration]\nuncertain_share = 2\n[bundle]", "uncertain_share"),
    ('name = "tiny"', 'name = "../tiny"', "names files; use letters"),
    ("LICENSE-tones.md", "LICENSE.md", r"bundle\.licence_file: .*LICENSE\.md.*No such file"),
]


@pytest.mark.parametrize(
    ("right", "wrong", "message"), MISTAKES, ids=[wrong for _, wrong, _ in MISTAKES]
)
def test_a_mistake_in_a_recipe_is_named(toy_recipe, right, wrong, message):
    text = toy_recipe.read_text(encoding="utf-8")
    assert text.count(right) == 1
    toy_recipe.write_text(text.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        load_recipe(toy_recipe)
    assert re.search(r"tiny\.toml", str(caught.value))


def test_a_native_label_of_a_corpus_may_be_learnt(recipe):
    assert recipe(labels=["neutral", "boredom"]).labels == ("neutral", "boredom")


OLDER = """
name = "older"
labels = ["neutral", "happy"]

[data]
corpora = ["emodb"]
train_on = ["train"]
select_on = "select"

[fit]
epochs = 3

[bundle]
version = "0.1"
description = "."
licence = "CC0-1.0"
licence_file = "LICENSE-tones.md"
uncertain_share = 0.3
"""


def test_an_older_recipe_is_read_with_a_warning_and_means_what_it_meant(toy_recipe):
    toy_recipe.write_text(OLDER, encoding="utf-8")
    with pytest.warns(FutureWarning, match=r"tiny\.toml: has no \[protocol\] table"):
        recipe, _ = load_recipe(toy_recipe)
    assert (recipe.protocol.train_on, recipe.protocol.select_on) == (("train",), "select")
    assert recipe.calibration.uncertain_share == 0.3
    fit = recipe.fit
    assert (fit.epochs, fit.sampling, fit.optimiser, fit.schedule) == (
        *(3, "weighted", "adamw", "one-cycle"),
    )
    assert (fit.mixup_alpha, fit.average_decay, fit.gradient_clip) == (0.3, 0.998, 5.0)
    assert fit.within_corpus
    assert fit.best_weights


@pytest.mark.parametrize("name", shipped_recipes())
def test_every_shipped_recipe_is_found_by_its_name(name):
    recipe, _ = load_recipe(find_recipe(name))
    assert recipe.name == name


def test_the_recipe_to_begin_with_names_every_key():
    text = find_recipe("own").read_text(encoding="utf-8")
    told = [*dataclasses.fields(FitConfig), *dataclasses.fields(CalibrationConfig)]
    rare = {
        *("start_from", "momentum", "l2", "stop_at_accuracy"),
        *("encoder_rate", "layer_decay", "intensity_weight"),
    }
    missing = [item.name for item in told if not re.search(rf"^#? ?{item.name} = ", text, re.M)]
    assert set(missing) == rare


def test_a_misspelt_recipe_is_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"no recipe is called 'defalt' \(did you mean 'default'"):
        find_recipe("defalt")
