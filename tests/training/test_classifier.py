"""Fitting a network to features: it learns, stops, keeps the best, and goes on where it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn

from affekt.errors import ConfigError
from affekt.models.initialise import initialise
from affekt.training.checkpoint import read_checkpoint
from affekt.training.classifier import (
    ClassifierRun,
    balance,
    fit_classifier,
    load_weights,
    probabilities_of,
)
from affekt.training.features import FeatureRows, Normalisation, fit_normalisation
from affekt.training.options import ClassifierFit, EarlyStopping, ReduceOnPlateau

IDENTITY = Normalisation(np.zeros(1, np.float32), np.ones(1, np.float32))


def clouds(count: int = 120, *, apart: float = 4.0) -> FeatureRows:
    """Three clouds in four dimensions."""
    rng = np.random.default_rng(0)
    targets = np.arange(count) % 3
    features = rng.normal(0.0, 1.0, (count, 4)) + apart * np.eye(3, 4)[targets]
    return FeatureRows(features.astype(np.float32), targets, np.arange(count))


def part(rows: FeatureRows, start: int, end: int) -> FeatureRows:
    return FeatureRows(rows.features, rows.targets, rows.rows[start:end])


def make_run(folder: Path, fit: ClassifierFit, rows: FeatureRows, **changes) -> ClassifierRun:
    values = {
        "network": nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3)),
        "fit": fit,
        "seed": 5,
        "train": part(rows, 0, 90),
        "validation": part(rows, 90, 120),
        "normalisation": IDENTITY,
        "pipeline": None,
        "folder": folder,
        "say": lambda line: None,
    }
    return ClassifierRun(**{**values, **changes})


def test_a_separable_problem_is_learnt(tmp_path):
    rows = clouds()
    fit = ClassifierFit(epochs=12, batch_size=16, learning_rate=0.02, precision="32")
    run = make_run(tmp_path, fit, rows)
    history = fit_classifier(run, settings={})
    assert [row["epoch"] for row in history] == list(range(1, 13))
    assert history[-1]["loss"] < history[0]["loss"] / 2
    assert history[-1]["validation_accuracy"] > 0.9
    answers = probabilities_of(run.network, IDENTITY, run.validation)
    np.testing.assert_allclose(answers.sum(axis=1), 1.0, rtol=1e-9)
    assert (answers.argmax(axis=1) == run.validation.own_targets).mean() > 0.9


def test_without_a_validation_part_only_training_figures_are_kept(tmp_path):
    rows = clouds()
    fit = ClassifierFit(epochs=1, precision="32")
    run = make_run(tmp_path, fit, rows, validation=part(rows, 0, 0))
    (row,) = fit_classifier(run, settings={})
    assert set(row) == {"epoch", "loss", "accuracy", "learning_rate", "seconds"}


def test_a_run_that_goes_on_ends_with_the_same_weights(tmp_path):
    rows = clouds()

    def weights(folder: Path, *epochs: int) -> dict[str, torch.Tensor]:
        for count in epochs:
            fit = ClassifierFit(epochs=epochs[-1], batch_size=16, precision="32")
            run = make_run(folder, fit, rows)
            if count < epochs[-1]:
                interrupt_after(run, count)
            else:
                fit_classifier(run, settings={})
        return dict(run.network.state_dict())

    whole, resumed = weights(tmp_path / "whole", 5), weights(tmp_path / "resumed", 2, 5)
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name


def interrupt_after(run: ClassifierRun, epochs: int) -> None:
    """Press Ctrl-C while a line is said after that many epochs."""
    said = []

    def say(line: str) -> None:
        said.append(line)
        if len(said) > epochs:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_classifier(
            ClassifierRun(
                **{name: getattr(run, name) for name in run.__slots__ if name != "say"}, say=say
            ),
            settings={},
        )


def test_training_stops_early_and_the_best_weights_are_kept(tmp_path):
    rows = clouds(apart=0.0)  # nothing to learn: the validation loss soon rises
    fit = ClassifierFit(
        epochs=60,
        batch_size=8,
        learning_rate=0.05,
        early_stopping=EarlyStopping(patience=2),
        best_weights=True,
        precision="32",
    )
    run = make_run(tmp_path, fit, rows)
    history = fit_classifier(run, settings={})
    losses = [row["validation_loss"] for row in history]
    best = int(np.argmin(losses))
    assert len(losses) == best + 3 < 60
    answers = probabilities_of(run.network, IDENTITY, run.validation)
    chosen = answers[np.arange(len(run.validation)), run.validation.own_targets]
    assert -np.log(chosen).mean() == pytest.approx(min(losses), rel=1e-4)


def test_a_run_interrupted_after_its_best_epoch_still_ends_with_that_epochs_weights(tmp_path):
    rows = clouds(apart=0.0)  # nothing to learn: the first epoch stays the best
    fit = ClassifierFit(
        epochs=4, batch_size=8, learning_rate=0.05, best_weights=True, precision="32"
    )
    whole, resumed = (make_run(tmp_path / name, fit, rows) for name in ("whole", "resumed"))
    history = fit_classifier(whole, settings={})
    assert int(np.argmin([row["validation_loss"] for row in history])) == 0
    interrupt_after(make_run(tmp_path / "resumed", fit, rows), 1)
    fit_classifier(resumed, settings={})
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name]), name


def test_training_ends_once_enough_training_rows_are_right(tmp_path):
    rows = clouds()
    fit = ClassifierFit(
        epochs=60, batch_size=16, learning_rate=0.02, stop_at_accuracy=0.8, precision="32"
    )
    history = fit_classifier(make_run(tmp_path, fit, rows), settings={})
    accuracies = [row["accuracy"] for row in history]
    assert len(accuracies) < 60
    assert accuracies[-1] >= 0.8 > max(accuracies[:-1])
    again = fit_classifier(make_run(tmp_path, fit, rows), settings={})
    assert again == history


def test_the_rate_is_halved_on_a_plateau(tmp_path):
    rows = clouds(apart=0.0)
    fit = ClassifierFit(
        epochs=12,
        batch_size=8,
        learning_rate=0.05,
        reduce_on_plateau=ReduceOnPlateau(patience=1, least=0.01),
        precision="32",
    )
    history = fit_classifier(make_run(tmp_path, fit, rows), settings={})
    rates = [row["learning_rate"] for row in history]
    assert rates[0] == 0.05
    assert 0.025 in rates
    assert min(rates) >= 0.01


def test_a_clipped_gradient_takes_steps_of_at_most_its_norm(tmp_path):
    rows = clouds()
    fit = ClassifierFit(
        epochs=1,
        batch_size=90,
        optimiser="sgd",
        learning_rate=1.0,
        gradient_clip=1e-3,
        precision="32",
    )
    run = make_run(tmp_path, fit, rows, network=nn.Linear(4, 3))
    torch.manual_seed(run.seed)
    initialise(run.network, "xavier")
    before = torch.cat([item.detach().flatten() for item in run.network.parameters()])
    fit_classifier(run, settings={})
    after = torch.cat([item.detach().flatten() for item in run.network.parameters()])
    assert torch.linalg.vector_norm(after - before) == pytest.approx(1e-3, rel=1e-3)


def test_class_weights_are_scikit_learns_balanced_ones():
    targets = np.array([0] * 70 + [1] * 20 + [2] * 10)
    rows = FeatureRows(np.zeros((100, 1), np.float32), targets, np.arange(100))
    expected = compute_class_weight("balanced", classes=np.arange(3), y=targets)
    np.testing.assert_allclose(balance(rows).numpy(), expected, rtol=1e-6)


def test_a_run_can_start_from_the_weights_of_another(tmp_path):
    rows = clouds()
    first = make_run(tmp_path / "first", ClassifierFit(epochs=2, precision="32"), rows)
    fit_classifier(first, settings={})
    fit = ClassifierFit(
        epochs=1,
        learning_rate=1e-9,
        start_from=tmp_path / "first" / "last.ckpt",
        precision="32",
    )
    second = make_run(tmp_path / "second", fit, rows)
    fit_classifier(second, settings={})
    for expected, found in zip(
        first.network.parameters(), second.network.parameters(), strict=True
    ):
        torch.testing.assert_close(found, expected, rtol=0.0, atol=1e-5)


def test_weights_of_another_network_are_refused(tmp_path):
    rows = clouds()
    run = make_run(tmp_path, ClassifierFit(epochs=1, precision="32"), rows)
    fit_classifier(run, settings={})
    with pytest.raises(ConfigError, match="weights of another network"):
        load_weights(nn.Linear(7, 2), tmp_path / "last.ckpt")


def test_weights_that_cannot_be_read_are_refused_with_the_remedy(tmp_path):
    with pytest.raises(ConfigError, match=r"start_from: there is no file .*last\.ckpt of a run"):
        load_weights(nn.Linear(7, 2), tmp_path / "none.ckpt")
    (tmp_path / "broken.ckpt").write_bytes(b"PK")
    with pytest.raises(ConfigError, match=r"start_from: .*broken\.ckpt cannot be read"):
        load_weights(nn.Linear(7, 2), tmp_path / "broken.ckpt")


def test_a_folder_with_a_run_of_other_settings_is_refused(tmp_path):
    rows = clouds()
    run = make_run(tmp_path, ClassifierFit(epochs=1, precision="32"), rows)
    fit_classifier(run, settings={"rule": "published"})
    with pytest.raises(ConfigError, match="rule = 'published'"):
        fit_classifier(run, settings={"rule": "speaker-disjoint"})


def test_early_stopping_without_a_validation_part_is_refused(tmp_path):
    rows = clouds()
    fit = ClassifierFit(epochs=1, early_stopping=EarlyStopping(patience=1))
    run = make_run(tmp_path, fit, rows, validation=part(rows, 0, 0))
    with pytest.raises(ConfigError, match="validation_share"):
        fit_classifier(run, settings={})


def test_the_normalisation_is_part_of_what_is_learnt_and_measured(tmp_path):
    rows = clouds()
    scaled = FeatureRows(1e4 * rows.features + 3e5, rows.targets, rows.rows)
    fit = ClassifierFit(epochs=12, batch_size=16, learning_rate=0.02, precision="32")
    normalisation = fit_normalisation(part(scaled, 0, 90), over=())
    run = make_run(tmp_path, fit, scaled, normalisation=normalisation)
    assert fit_classifier(run, settings={})[-1]["validation_accuracy"] > 0.9


def test_a_checkpoint_says_what_it_was_made_with(tmp_path):
    run = make_run(tmp_path, ClassifierFit(epochs=1, precision="32"), clouds())
    fit_classifier(run, settings={"seed": 5})
    kept = read_checkpoint(tmp_path / "last.ckpt")["recipe"]
    assert kept["seed"] == 5
    assert kept["fit"]["optimiser"] == "adam"


def test_weights_that_decay_below_what_a_float_holds_in_full_become_zero(tmp_path):
    """Arithmetic on such numbers is many times slower, and they say nothing."""
    rows = clouds()
    silent = FeatureRows(np.zeros_like(rows.features), rows.targets, rows.rows)
    # Without input nothing but decay moves the first weights: by half in each of 138 steps.
    fit = ClassifierFit(
        epochs=23, batch_size=15, optimiser="sgd", learning_rate=0.5, l2=0.5, precision="32"
    )
    run = make_run(tmp_path, fit, silent, validation=part(rows, 0, 0))
    fit_classifier(run, settings={})
    assert not run.network[0].weight.any()
    assert torch.tensor([torch.finfo().tiny]).div(2).item() > 0.0, "and nothing else is changed"
