"""Fitting a network to features: it learns, stops, keeps the best, and goes on where it was."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from affekt.augment import CopyConfig
from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.models import create_model
from affekt.models.initialise import initialise_weights
from affekt.models.whisper_encoder import WhisperConfig, WhisperEncoder
from affekt.training import fit as fit_room
from affekt.training.checkpoint import load_weights, read_checkpoint
from affekt.training.data import Part
from affekt.training.fit import Task, balance, fit_network, run_settings
from affekt.training.module import probabilities_of_part
from affekt.training.options import FitConfig, ReduceOnPlateau
from affekt.training.recipe import DataConfig, FeaturesConfig, ProtocolConfig, Recipe


@pytest.fixture(autouse=True)
def network(monkeypatch):
    """Fit this network, whatever the recipe names; a test may put in another."""

    def fit_another(make):
        monkeypatch.setattr(fit_room, "create_model", lambda name, **settings: make())

    fit_another(lambda: nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)))
    return fit_another


def clouds(count: int = 120, *, apart: float = 4.0) -> Part:
    """Three clouds in four dimensions."""
    rng = np.random.default_rng(0)
    targets = np.arange(count) % 3
    features = rng.normal(0.0, 1.0, (count, 4)) + apart * np.eye(3, 4)[targets]
    return Part(features.astype(np.float32), targets, np.arange(count))


def part(rows: Part, start: int, end: int) -> Part:
    return Part(rows.features, rows.targets, rows.rows[start:end])


def make_task(folder: Path, fit: FitConfig, rows: Part, **changes) -> Task:
    recipe = Recipe(
        name="clouds",
        labels=("neutral", "happy", "sad"),
        data=DataConfig(corpora=("emodb",)),
        protocol=ProtocolConfig(select_on="select"),
        features=FeaturesConfig(set="vector-162", normalise_over=changes.pop("over", None)),
        fit=fit,
        seed=5,
    )
    values = {
        "recipe": recipe,
        "train": part(rows, 0, 90),
        "validation": part(rows, 90, 120),
        "checkpoints": folder,
        "settings": {"fit": to_mapping(fit)},
        "say": lambda line: None,
    }
    return Task(**{**values, **changes})


def test_a_separable_problem_is_learnt(tmp_path):
    rows = clouds()
    fit = FitConfig(epochs=12, batch_size=16, learning_rate=0.02, precision="32")
    task = make_task(tmp_path, fit, rows)
    module, history = fit_network(task)
    assert [row["epoch"] for row in history] == list(range(1, 13))
    assert history[-1]["loss"] < history[0]["loss"] / 2
    assert history[-1]["validation_accuracy"] > 0.9
    answers = probabilities_of_part(module, task.validation)
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, rtol=1e-9)
    assert (answers.argmax(axis=1) == task.validation.own_targets).mean() > 0.9


def test_without_a_validation_part_only_training_figures_are_kept(tmp_path):
    rows = clouds()
    fit = FitConfig(epochs=1, precision="32")
    task = make_task(tmp_path, fit, rows, validation=part(rows, 0, 0))
    _, (row,) = fit_network(task)
    assert set(row) == {"epoch", "loss", "accuracy", "learning_rate", "seconds"}


def test_a_run_that_goes_on_ends_with_the_same_weights(tmp_path):
    rows = clouds()

    def weights(folder: Path, *epochs: int) -> dict[str, torch.Tensor]:
        for count in epochs:
            fit = FitConfig(epochs=epochs[-1], batch_size=16, precision="32")
            task = make_task(folder, fit, rows)
            if count < epochs[-1]:
                interrupt_after(task, count)
        return dict(fit_network(task)[0].network.state_dict())

    whole, resumed = weights(tmp_path / "whole", 5), weights(tmp_path / "resumed", 2, 5)
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name


def interrupt_after(task: Task, epochs: int) -> None:
    """Press Ctrl-C while a line is said after that many epochs."""
    said = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) > epochs:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_network(dataclasses.replace(task, say=say))


def test_training_stops_early_and_the_best_weights_are_kept(tmp_path):
    rows = clouds(apart=0.0)  # nothing to learn: the validation loss soon rises
    fit = FitConfig(
        epochs=60,
        batch_size=8,
        learning_rate=0.05,
        monitor="validation_loss",
        patience=2,
        best_weights=True,
        precision="32",
    )
    task = make_task(tmp_path, fit, rows)
    module, history = fit_network(task)
    losses = [row["validation_loss"] for row in history]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 < 60
    answers = probabilities_of_part(module, task.validation)
    chosen = answers[np.arange(len(task.validation)), task.validation.own_targets]
    assert -np.log(chosen).mean() == pytest.approx(min(losses), rel=1e-4)


def test_a_run_interrupted_after_its_best_epoch_still_ends_with_that_epochs_weights(tmp_path):
    rows = clouds(apart=0.0)  # nothing to learn: the first epoch stays the best
    fit = FitConfig(
        epochs=4,
        batch_size=8,
        learning_rate=0.05,
        monitor="validation_loss",
        best_weights=True,
        precision="32",
    )
    whole, history = fit_network(make_task(tmp_path / "whole", fit, rows))
    assert int(np.argmin([row["validation_loss"] for row in history])) == 0
    resumed_task = make_task(tmp_path / "resumed", fit, rows)
    interrupt_after(resumed_task, 1)
    resumed, _ = fit_network(resumed_task)
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name]), name


def test_training_ends_once_enough_training_rows_are_right(tmp_path):
    rows = clouds()
    fit = FitConfig(
        epochs=60,
        batch_size=16,
        learning_rate=0.02,
        stop_at_accuracy=0.8,
        initialisation="xavier",
        precision="32",
    )
    _, history = fit_network(make_task(tmp_path, fit, rows))
    accuracies = [row["accuracy"] for row in history]
    assert len(accuracies) < 60
    assert accuracies[-1] >= 0.8 > max(accuracies[:-1])
    _, again = fit_network(make_task(tmp_path, fit, rows))
    assert again == history


def test_the_rate_is_halved_on_a_plateau(tmp_path):
    rows = clouds(apart=0.0)
    fit = FitConfig(
        epochs=12,
        batch_size=8,
        learning_rate=0.05,
        reduce_on_plateau=ReduceOnPlateau(patience=1, least=0.01),
        precision="32",
    )
    _, history = fit_network(make_task(tmp_path, fit, rows))
    rates = [row["learning_rate"] for row in history]
    assert rates[0] == 0.05
    assert 0.025 in rates
    assert min(rates) >= 0.01


def test_a_clipped_gradient_takes_steps_of_at_most_its_norm(tmp_path, network):
    rows = clouds()
    fit = FitConfig(
        epochs=1,
        batch_size=90,
        optimiser="sgd",
        learning_rate=1.0,
        gradient_clip=1e-3,
        initialisation="xavier",
        precision="32",
    )
    network(lambda: nn.Linear(4, 3))
    untrained = nn.Linear(4, 3)
    torch.manual_seed(5)
    initialise_weights(untrained, "xavier")
    module, _ = fit_network(make_task(tmp_path, fit, rows))
    before, after = (
        torch.cat([item.detach().flatten() for item in made.parameters()])
        for made in (untrained, module.network)
    )
    assert torch.linalg.vector_norm(after - before) == pytest.approx(1e-3, rel=1e-3)


def test_class_weights_are_scikit_learns_balanced_ones():
    targets = np.array([0] * 70 + [1] * 20 + [2] * 10)
    rows = Part(np.zeros((100, 1), np.float32), targets, np.arange(100))
    expected = compute_class_weight("balanced", classes=np.arange(3), y=targets)
    np.testing.assert_allclose(balance(rows).numpy(), expected, rtol=1e-6)


def test_a_run_can_start_from_the_weights_of_another(tmp_path):
    rows = clouds()
    fit = FitConfig(epochs=2, precision="32")
    first, _ = fit_network(make_task(tmp_path / "first", fit, rows))
    slow = FitConfig(
        epochs=1,
        learning_rate=1e-9,
        start_from=str(tmp_path / "first" / "last.ckpt"),
        precision="32",
    )
    second, _ = fit_network(make_task(tmp_path / "second", slow, rows))
    for expected, found in zip(first.parameters(), second.parameters(), strict=True):
        torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-5)


def test_a_network_over_an_encoder_starts_from_published_weights(tmp_path, monkeypatch):
    published = WhisperEncoder(WhisperConfig(width=16, heads=1, layers=3, positions=50))
    save_file(published.state_dict(), tmp_path / "small-encoder.safetensors")
    first = published.layers[0].fc1.weight
    for start in ("somebody/small", str(tmp_path / "small-encoder.safetensors")):
        monkeypatch.setenv("AFFEKT_ENCODERS", str(tmp_path))
        network = create_model("whisper-tiny", n_classes=2)
        load_weights(network, start)
        assert torch.equal(network.encoder.layers[0].fc1.weight, first)


def test_consistency_brings_the_answers_to_clips_and_copies_together(tmp_path):
    """Copies are moved along the axis that tells two classes apart."""
    rows = clouds(60)
    copies = rows.features + np.float32([0.0, 2.5, -2.5, 0.0])
    both = Part(
        np.concatenate([rows.features, copies]),
        np.tile(rows.targets, 2),
        np.arange(120),
        copied=np.arange(120) >= 60,
        clip=np.tile(np.arange(60), 2),
    )
    data = DataConfig(corpora=("emodb",), copies=(CopyConfig(steps=({"name": "telephone"},)),))
    apart = {}
    for weight in (0.0, 5.0):
        fit = FitConfig(
            epochs=20, batch_size=20, learning_rate=0.02, consistency=weight, precision="32"
        )
        task = make_task(tmp_path / str(weight), FitConfig(), both, train=both)
        recipe = dataclasses.replace(task.recipe, data=data, fit=fit)
        module, _ = fit_network(dataclasses.replace(task, recipe=recipe))
        clean, copied = np.split(probabilities_of_part(module, both), 2)
        apart[weight] = np.abs(clean - copied).mean()
    assert apart[5.0] < 0.7 * apart[0.0]


def test_weights_of_another_network_are_refused(tmp_path):
    fit_network(make_task(tmp_path, FitConfig(epochs=1, precision="32"), clouds()))
    with pytest.raises(ConfigError, match="weights of another network"):
        load_weights(nn.Linear(7, 2), str(tmp_path / "last.ckpt"))


def test_weights_that_cannot_be_read_are_refused_with_the_remedy(tmp_path):
    with pytest.raises(ConfigError, match=r"start_from: there is no file .*last\.ckpt of a run"):
        load_weights(nn.Linear(7, 2), str(tmp_path / "none.ckpt"))
    (tmp_path / "broken.ckpt").write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"start_from: .*broken\.ckpt cannot be read"):
        load_weights(nn.Linear(7, 2), str(tmp_path / "broken.ckpt"))


def test_a_folder_with_a_run_of_other_settings_is_refused(tmp_path):
    task = make_task(tmp_path, FitConfig(epochs=1, precision="32"), clouds())
    fit_network(dataclasses.replace(task, settings={"rule": "published"}))
    with pytest.raises(ConfigError, match="rule = 'published'"):
        fit_network(dataclasses.replace(task, settings={"rule": "speaker-disjoint"}))


@pytest.mark.parametrize("option", [{"patience": 1}, {"best_weights": True}])
def test_looking_at_a_validation_part_that_is_not_there_is_refused(tmp_path, option):
    rows = clouds()
    task = make_task(tmp_path, FitConfig(epochs=1), rows, validation=part(rows, 0, 0))
    recipe = dataclasses.replace(task.recipe, fit=FitConfig(epochs=1, **option))
    with pytest.raises(ConfigError, match="validation_share"):
        fit_network(dataclasses.replace(task, recipe=recipe))


def test_the_normalisation_is_part_of_what_is_learnt_and_measured(tmp_path):
    rows = clouds()
    scaled = Part(1e4 * rows.features + 3e5, rows.targets, rows.rows)
    fit = FitConfig(epochs=12, batch_size=16, learning_rate=0.02, precision="32")
    _, history = fit_network(make_task(tmp_path, fit, scaled, over=()))
    assert history[-1]["validation_accuracy"] > 0.9


def test_a_checkpoint_says_what_it_was_made_with(tmp_path):
    task = make_task(tmp_path, FitConfig(epochs=1, precision="32"), clouds())
    fit_network(dataclasses.replace(task, settings=run_settings(task.recipe)))
    kept = read_checkpoint(tmp_path / "last.ckpt")["recipe"]
    assert kept["seed"] == 5
    assert kept["fit"]["optimiser"] == "adam"


@pytest.mark.parametrize(
    "more",
    [
        {"mixup_alpha": 0.3},
        {"average_decay": 0.5},
        {"within_corpus": True},
        {"optimiser": "adamw", "schedule": "one-cycle", "label_smoothing": 0.1},
        {"sampling": "weighted", "class_weights": True, "mixup_alpha": 0.3},
        {"sampling": "balanced"},
    ],
)
def test_a_network_of_features_learns_with_every_option_of_a_network_of_log_mels(tmp_path, more):
    rows = clouds()
    fit = FitConfig(epochs=12, batch_size=16, learning_rate=0.02, precision="32", **more)
    _, history = fit_network(make_task(tmp_path, fit, rows))
    assert history[-1]["validation_ua"] > 0.9


def test_weights_that_decay_below_what_a_float_holds_in_full_become_zero(tmp_path):
    """Arithmetic on such numbers is many times slower, and they say nothing."""
    rows = clouds()
    silent = Part(np.zeros_like(rows.features), rows.targets, rows.rows)
    # Without input nothing but decay moves the first weights: by half in each of 138 steps.
    fit = FitConfig(
        epochs=23, batch_size=15, optimiser="sgd", learning_rate=0.5, l2=0.5, precision="32"
    )
    module, _ = fit_network(make_task(tmp_path, fit, silent, validation=part(rows, 0, 0)))
    assert not module.network[0].weight.any()
    assert torch.tensor([torch.finfo().tiny]).div(2).item() > 0.0, "and nothing else is changed"
