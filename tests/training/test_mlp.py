"""The perceptron that scikit-learn fits, and that torch runs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from affekt.training.data import Part, fit_normalisation
from affekt.training.mlp import fit_mlp
from affekt.training.options import FitConfig, ignored_by_mlp

FIT = FitConfig(epochs=30, batch_size=20, learning_rate=0.01)


def clouds(*, scale=1.0, offset=0.0):
    rng = np.random.default_rng(0)
    targets = np.arange(90) % 3
    features = rng.normal(0.0, 1.0, (90, 4)) + 4.0 * np.eye(3, 4)[targets]
    values = (scale * features + offset).astype(np.float32)
    return Part(values, targets, np.arange(90))


def normalised(rows, normalisation):
    return ((rows.features - normalisation.mean) / normalisation.scale).astype(np.float32)


def answers(network, rows, normalisation):
    with torch.inference_mode():
        return network(torch.from_numpy(normalised(rows, normalisation))).argmax(dim=1).numpy()


def fit(rows, *, seed=0, epochs=FIT.epochs):
    normalisation = fit_normalisation(rows, over=())
    network, history = fit_mlp(
        rows,
        normalisation,
        dataclasses.replace(FIT, epochs=epochs),
        hidden=(16, 8),
        seed=seed,
        say=lambda line: None,
    )
    return network, history, normalisation


def test_it_starts_and_stops_as_scikit_learn_does():
    rows = clouds()
    _, history, normalisation = fit(rows, epochs=2000)
    losses = [row["loss"] for row in history]
    sizes = {"hidden_layer_sizes": (16, 8), "batch_size": 20, "learning_rate_init": 0.01}
    model = MLPClassifier(**sizes, max_iter=1, random_state=0)
    with pytest.warns(ConvergenceWarning):
        model.fit(normalised(rows, normalisation), rows.targets)
    assert losses[0] == pytest.approx(model.loss_, rel=1e-5)
    best = np.minimum.accumulate([np.inf, *losses[:-1]])
    stood_still = losses > best - model.tol
    waits = model.n_iter_no_change + 1
    assert stood_still[-waits:].all()
    assert not stood_still[-waits - 1]


def test_it_learns_and_tells_loss_and_accuracy_by_epoch():
    rows = clouds()
    network, history, normalisation = fit(rows)
    assert (answers(network, rows, normalisation) == rows.targets).mean() > 0.95
    assert [row["epoch"] for row in history] == list(range(1, len(history) + 1))
    assert history[-1]["loss"] < history[0]["loss"]
    right = (answers(network, rows, normalisation) == rows.targets).mean()
    assert history[-1]["accuracy"] == pytest.approx(right)


def test_the_features_are_normalised_before_they_are_learnt():
    rows = clouds(scale=1e4, offset=3e5)
    network, _, normalisation = fit(rows)
    assert (answers(network, rows, normalisation) == rows.targets).mean() > 0.95


def test_one_seed_gives_one_network():
    rows = clouds()
    first, second, other = (fit(rows, seed=seed)[0] for seed in (1, 1, 2))
    weights = [next(network.parameters()) for network in (first, second, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize(
    ("changes", "ignored"),
    [({}, []), ({"l2": 0.1}, ["l2"]), ({"optimiser": "sgd"}, ["optimiser"])],
)
def test_options_that_it_does_not_heed_are_named(changes, ignored):
    assert ignored_by_mlp(FitConfig(epochs=5, batch_size=7, **changes)) == ignored


@pytest.mark.parametrize("batches", [0, 40])
def test_ctrl_c_is_no_end_of_training(monkeypatch, batches):
    """scikit-learn would warn, and return what it has: a broken run that passes for a whole one."""
    backprop, done = MLPClassifier._backprop, []

    def interrupted(self, *arguments):
        if len(done) == batches:
            raise KeyboardInterrupt
        done.append(1)
        return backprop(self, *arguments)

    monkeypatch.setattr(MLPClassifier, "_backprop", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fit(clouds())
