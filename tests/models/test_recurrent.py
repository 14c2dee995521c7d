from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from affekt.models.recurrent import SingleBiasLSTM


@pytest.fixture
def lstm():
    torch.manual_seed(0)
    return SingleBiasLSTM(3, 8)


def sequence():
    return torch.randn(2, 20, 3, generator=torch.Generator().manual_seed(1))


def test_a_gate_has_one_bias(lstm):
    assert sum(value.numel() for value in lstm.parameters()) == 4 * 8 * (3 + 8 + 1)
    assert set(lstm.state_dict()) == {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0"}


def test_it_computes_what_an_lstm_with_two_computes_if_one_is_zero(lstm):
    plain = nn.LSTM(3, 8, batch_first=True)
    plain.load_state_dict({**lstm.state_dict(), "bias_hh_l0": torch.zeros(32)})
    for layer in (lstm, plain):
        layer(sequence())[0][:, -1].square().sum().backward()
    torch.testing.assert_close(lstm(sequence())[0], plain(sequence())[0])
    for name, value in lstm.named_parameters():
        torch.testing.assert_close(value.grad, plain.get_parameter(name).grad)


def test_training_changes_what_it_computes_and_leaves_the_second_bias_at_zero(lstm):
    optimiser = torch.optim.SGD(lstm.parameters(), lr=0.1)
    before = lstm(sequence())[0]
    before.square().sum().backward()
    optimiser.step()
    assert not torch.allclose(before, lstm(sequence())[0])
    assert not lstm.bias_hh_l0.any()


def test_copies_and_other_precisions_use_their_own_weights(lstm):
    expected = lstm(sequence())[0]
    again = copy.deepcopy(lstm)
    loaded = SingleBiasLSTM(3, 8)
    loaded.load_state_dict(lstm.state_dict())
    with torch.no_grad():
        for value in lstm.parameters():
            value.zero_()
    for layer in (again, loaded):
        torch.testing.assert_close(layer(sequence())[0], expected)
    torch.testing.assert_close(again.double()(sequence().double())[0].float(), expected)
