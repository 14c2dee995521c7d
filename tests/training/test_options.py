"""The training options of the published systems."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from affekt.config import from_mapping
from affekt.errors import ConfigError
from affekt.models import create_model
from affekt.training.options import FitConfig, make_optimiser, make_schedule


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("sgd", torch.optim.SGD, {"momentum": 0, "nesterov": False}),
        ("momentum", torch.optim.SGD, {"momentum": 0.9, "nesterov": False}),
        ("nesterov", torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
        ("adagrad", torch.optim.Adagrad, {}),
        ("rmsprop", torch.optim.RMSprop, {"alpha": 0.9}),
        ("adam", torch.optim.Adam, {}),
        ("adamw", torch.optim.AdamW, {}),
    ],
)
def test_each_optimiser_of_the_texts_is_there(name, kind, settings):
    optimiser = make_optimiser(network(), FitConfig(epochs=1, optimiser=name))
    assert type(optimiser) is kind
    assert all(optimiser.defaults[key] == value for key, value in settings.items())


def test_l2_moves_kernels_as_the_sum_of_their_squares_in_the_loss_would():
    plain = network()
    decayed = copy.deepcopy(plain)
    fit = FitConfig(epochs=1, optimiser="sgd", learning_rate=0.1, l2=0.01)
    features, targets = torch.randn(8, 3), torch.tensor([0, 1] * 4)

    loss = nn.functional.cross_entropy(plain(features), targets)
    kernels = [plain[0].weight, plain[3].weight]
    (loss + 0.01 * sum(kernel.square().sum() for kernel in kernels)).backward()
    torch.optim.SGD(plain.parameters(), lr=0.1).step()

    nn.functional.cross_entropy(decayed(features), targets).backward()
    make_optimiser(decayed, fit).step()

    for expected, found in zip(plain.parameters(), decayed.parameters(), strict=True):
        torch.testing.assert_close(found, expected)


def test_every_parameter_is_given_to_the_optimiser_once():
    made = network()
    optimiser = make_optimiser(made, FitConfig(epochs=1, l2=0.1))
    given = [item for group in optimiser.param_groups for item in group["params"]]
    assert {id(item) for item in given} == {id(item) for item in made.parameters()}
    assert len(given) == len(list(made.parameters()))


def test_options_are_read_from_tables():
    values = {
        "epochs": 50,
        "optimiser": "rmsprop",
        "patience": 6,
        "reduce_on_plateau": {"patience": 2},
    }
    fit = from_mapping(FitConfig, values, where="[fit]")
    assert fit.patience == 6
    assert fit.reduce_on_plateau is not None
    assert fit.reduce_on_plateau.factor == 0.5
    assert fit.needs_validation


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "epochs and batch_size must be at least 1"),
        ({"epochs": 1, "learning_rate": 0.0}, "learning_rate must be positive"),
        ({"epochs": 1, "gradient_clip": 0.0}, "leave it out to clip nothing"),
        ({"epochs": 1, "intensity_weight": 0.0}, "leave it out to learn none"),
        ({"epochs": 1, "stop_at_accuracy": 1.5}, "stop_at_accuracy must lie between 0 and 1"),
        ({"epochs": 1, "momentum": 1.0}, "momentum must lie in 0 to 1"),
        ({"epochs": 1, "optimiser": "adamm"}, "did you mean 'adam'"),
        ({"class_weights": True, "sampling": "balanced"}, "choose one"),
        ({"optimiser": "adamw", "l2": 0.1}, "weight_decay instead of l2"),
        ({"weight_decay": 0.1}, "weight_decay is adamw's; adam has l2"),
        ({"encoder_rate": 0.1}, "encoder_rate and layer_decay are adamw's"),
        ({"optimiser": "adamw", "layer_decay": 0.0}, "layer_decay must lie between 0 and 1"),
        ({"consistency": 0.5, "mixup_alpha": 0.2}, "no mixup"),
        ({"schedule": "one-cycle", "reduce_on_plateau": {"patience": 1}}, "choose one"),
        ({"epochs": 1, "patience": 0}, "leave it out to never stop early"),
        ({"epochs": 1, "reduce_on_plateau": {"patience": 1, "factor": 1.0}}, "factor must lie"),
    ],
)
def test_impossible_options_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        from_mapping(FitConfig, values, where="[fit]")


def test_an_encoder_is_trained_more_slowly_the_deeper_a_layer_lies():
    network = create_model("whisper-tiny", n_classes=3, settings={"layers": 3, "trained": 3})
    fit = FitConfig(
        epochs=1,
        optimiser="adamw",
        learning_rate=1e-3,
        encoder_rate=0.1,
        layer_decay=0.5,
        schedule="one-cycle",
    )
    optimiser = make_optimiser(network, fit)
    rates = {
        id(parameter): group["lr"]
        for group in optimiser.param_groups
        for parameter in group["params"]
    }
    layers = network.encoder.layers
    found = [rates[id(layer.fc1.weight)] for layer in layers]
    np.testing.assert_allclose(found, [2.5e-5, 5e-5, 1e-4])
    np.testing.assert_allclose(rates[id(network.encoder.conv1.weight)], 1.25e-5)
    np.testing.assert_allclose(rates[id(network.classify.weight)], 1e-3)
    make_schedule(optimiser, fit, steps=10)
    peaks = sorted(group["max_lr"] for group in optimiser.param_groups)
    np.testing.assert_allclose(peaks, [1.25e-5, 2.5e-5, 5e-5, 1e-4, 1e-3])


def test_frozen_layers_are_not_handed_to_the_optimiser():
    network = create_model("whisper-tiny", n_classes=3, settings={"trained": 0})
    optimiser = make_optimiser(network, FitConfig(epochs=1, optimiser="adamw"))
    held = {id(item) for group in optimiser.param_groups for item in group["params"]}
    assert not held & {id(item) for item in network.encoder.parameters()}
