from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from affekt.models import create_model
from affekt.models.initialise import initialise_weights, kernels

SCHEMES = ["xavier", "he"]
SHAPES = {"pathak-cnn-lstm": (162,), "crema-cnn1d": (200,), "gru": (40, 13)}


def made(name, seed=0, scheme="xavier"):
    network = create_model(name, input_shape=SHAPES[name], n_classes=6)
    torch.manual_seed(seed)
    initialise_weights(network, scheme)
    return network


@pytest.mark.parametrize(
    ("layer", "inputs", "outputs"),
    [(nn.Linear(300, 500), 300, 500), (nn.Conv2d(32, 64, (1, 5)), 160, 320)],
)
def test_the_ranges_are_those_of_the_papers(layer, inputs, outputs):
    torch.manual_seed(0)
    for scheme, bound in [
        ("xavier", math.sqrt(6.0 / (inputs + outputs))),
        ("he", math.sqrt(6.0 / inputs)),
    ]:
        initialise_weights(layer, scheme)
        assert 0.99 * bound < layer.weight.abs().max() <= bound
        assert float(layer.weight.detach().std()) == pytest.approx(bound / math.sqrt(3.0), rel=0.02)
        assert not layer.bias.any()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_recurrent_kernels_are_orthogonal(scheme):
    for layer in (nn.LSTM(8, 32), nn.GRU(8, 32)):
        initialise_weights(layer, scheme)
        product = layer.weight_hh_l0.T @ layer.weight_hh_l0
        torch.testing.assert_close(product, torch.eye(32), atol=1e-5, rtol=0.0)


def test_forget_gates_start_open_and_every_other_bias_at_zero():
    network = made("pathak-cnn-lstm")
    gates = network.lstm.bias_ih_l0.reshape(4, -1)
    assert gates.detach().unique(dim=1).flatten().tolist() == [0.0, 1.0, 0.0, 0.0]
    gru = made("gru").gru
    assert not gru.bias_ih_l0.any()
    assert not gru.bias_hh_l0.any()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", SHAPES)
def test_the_callers_seed_alone_decides(name, scheme):
    first, same, other = (made(name, seed, scheme).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], same[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_norms_stay_as_they_are():
    norms = [layer for layer in made("crema-cnn1d").modules() if isinstance(layer, nn.BatchNorm2d)]
    assert len(norms) == 3
    assert all((layer.weight == 1.0).all() and not layer.bias.any() for layer in norms)


@pytest.mark.parametrize("name", SHAPES)
def test_kernels_are_every_parameter_but_biases_and_norms(name):
    """Kernels alone have two axes or more here."""
    network = made(name)
    expected = [id(value) for value in network.parameters() if value.dim() > 1]
    assert [id(value) for value in kernels(network)] == expected
