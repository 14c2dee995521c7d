"""What every network over log-mels keeps, whatever it looks like inside."""

from __future__ import annotations

import pytest
import torch

from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.models import MODELS, create_model

CLASSES = 5
SHORTEST = 7  # frames of 0.1 s, the shortest recording that passes the gate

CASES = [
    pytest.param(name, {"normalisation": kind}, id=f"{name}-{kind}")
    for name in ("residual-se", "residual-se-tiny")
    for kind in ("band", "level", "both")
] + [
    pytest.param("whisper-base", {}, id="whisper-base"),
    pytest.param("whisper-tiny", {}, id="whisper-tiny"),
    pytest.param("whisper-tiny", {"intensity": True}, id="whisper-tiny-intensity"),
    pytest.param("whisper-tiny", {"mixed": 1, "layers": 3}, id="whisper-tiny-last-layer"),
]

pytestmark = pytest.mark.parametrize(("name", "settings"), CASES)


def test_every_model_has_a_case(name, settings):
    assert {case.values[0] for case in CASES} == {
        name for name, model in MODELS.items() if model.any_length
    }
    assert create_model(name, n_classes=CLASSES, settings=settings)


@pytest.fixture
def network(name, settings):
    torch.manual_seed(0)
    return create_model(name, n_classes=CLASSES, settings=settings)


def clips(count, frames, seed=0):
    return torch.randn(count, frames, 80, generator=torch.Generator().manual_seed(seed)) - 6.0


def given(answer):
    """Return the outputs that a network has."""
    return [values for values in answer if values is not None]


def test_every_parameter_receives_a_gradient(network):
    answer = network(clips(4, 40))
    loss = torch.nn.functional.cross_entropy(answer.logits, torch.tensor([0, 1, 2, 3]))
    if answer.intensity is not None:
        loss = loss + answer.intensity.mean()
    loss.backward()
    silent = [
        name
        for name, parameter in network.named_parameters()
        if parameter.requires_grad
        and (parameter.grad is None or not parameter.grad.abs().sum() > 0.0)
    ]
    assert silent == []


@pytest.mark.parametrize("frames", [SHORTEST, 8, 63, 188, 1000])
def test_any_length_gives_an_answer_of_the_promised_shape(network, frames):
    network.eval()
    with torch.inference_mode():
        logits, embedding, relevance, intensity = network(clips(2, frames))
    config = network.config
    assert logits.shape == (2, CLASSES)
    assert embedding.shape == (2, config.embedding)
    assert relevance.shape == (2, -(-frames // network.stride))
    assert all(values.isfinite().all() for values in (logits, embedding, relevance))
    if intensity is not None:
        assert intensity.shape == (2, 1)
        assert ((intensity >= 0.0) & (intensity <= 1.0)).all()


@pytest.mark.parametrize("frames", [SHORTEST, 188])
def test_relevance_is_a_distribution_over_the_frames(network, frames):
    network.eval()
    with torch.inference_mode():
        relevance = network(clips(3, frames)).relevance
    assert (relevance >= 0.0).all()
    torch.testing.assert_close(relevance.sum(dim=1), torch.ones(3))


def test_a_clip_is_answered_alone_as_in_a_batch(network):
    network.eval()
    batch = clips(4, 61)
    with torch.inference_mode():
        together = network(batch)
        for index in range(4):
            alone = network(batch[index : index + 1])
            for one, all_of_them in zip(given(alone), given(together), strict=True):
                torch.testing.assert_close(one[0], all_of_them[index], rtol=1e-4, atol=1e-5)


def test_an_answer_is_the_same_twice_once_training_is_over(network):
    network.eval()
    with torch.inference_mode():
        first, second = network(clips(2, 50)), network(clips(2, 50))
    assert all(
        torch.equal(one, other) for one, other in zip(given(first), given(second), strict=True)
    )


def test_dropout_is_on_while_training(network):
    network.train()
    first, second = network(clips(4, 50)), network(clips(4, 50))
    assert not torch.equal(first.logits, second.logits)


def test_loudness_does_not_matter(network):
    """A gain adds one number to every log-mel."""
    network.eval()
    with torch.inference_mode():
        quiet, loud = network(clips(2, 50)), network(clips(2, 50) + 3.0)
    torch.testing.assert_close(quiet.logits, loud.logits, rtol=1e-4, atol=1e-4)


def test_settings_survive_being_written_down(network, name):
    again = create_model(name, n_classes=CLASSES, settings=to_mapping(network.config))
    assert again.config == network.config
    again.load_state_dict(network.state_dict())


@pytest.mark.parametrize("wrong", [{"width": 0}, {"dropout": 1.0}, {"embedding": 0}])
def test_a_setting_out_of_range_is_refused(name, settings, wrong):
    with pytest.raises(ConfigError, match=rf"model '{name}'"):
        create_model(name, n_classes=2, settings={**settings, **wrong})
