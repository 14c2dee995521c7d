from __future__ import annotations

import pytest
import torch

from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.training.checkpoint import check_settings, read_checkpoint


@pytest.fixture
def checkpoint(tmp_path):
    """Write a checkpoint that holds this much."""

    def write(**content):
        path = tmp_path / "runs" / "tiny" / "checkpoints" / "last.ckpt"
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(content, path)
        return path

    return write


def test_a_run_goes_on_with_its_own_recipe(checkpoint, recipe):
    check_settings(checkpoint(recipe=to_mapping(recipe())), to_mapping(recipe()))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fit.epochs": 4}, r"fit\.epochs = 3, the recipe says 4"),
        ({"seed": 4, "fit.epochs": 4}, r"seed = 3, the recipe says 4"),
        (
            {"fit.patience": 2, "protocol.select_on": "select"},
            r"protocol\.select_on = None, .* 'select'",
        ),
        ({"labels": ["happy", "sad"]}, r"labels = \['neutral'.* says \['happy', 'sad'\]"),
        ({"model.settings": {}}, r"model\.settings\.normalisation = 'level', .* None"),
        ({"augmentation": []}, "augmentation = "),
    ],
)
def test_another_recipe_is_refused_by_the_first_setting_that_differs(
    checkpoint, recipe, changes, message
):
    path = checkpoint(recipe=to_mapping(recipe()))
    with pytest.raises(ConfigError, match=rf"runs/tiny holds a run with {message}"):
        check_settings(path, to_mapping(recipe(**changes)))


@pytest.mark.parametrize("changes", [{"bundle.version": "0.2"}, {"fit.workers": 2}])
def test_what_no_loss_depends_on_may_change(checkpoint, recipe, changes):
    check_settings(checkpoint(recipe=to_mapping(recipe())), to_mapping(recipe(**changes)))


def test_a_checkpoint_without_a_recipe_is_tolerated(checkpoint, recipe):
    check_settings(checkpoint(state_dict={}), to_mapping(recipe()))


def test_a_damaged_checkpoint_is_named(tmp_path):
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"PK, but no more")
    with pytest.raises(ConfigError, match=r"last\.ckpt: not a checkpoint that can be read"):
        read_checkpoint(path)


class Stranger:
    """Something that only a pickle that runs code could bring back."""


def test_a_checkpoint_can_run_no_code(checkpoint):
    with pytest.raises(ConfigError, match="not a checkpoint"):
        read_checkpoint(checkpoint(recipe=Stranger()))
