from __future__ import annotations

import pytest
import torch

from affekt.errors import ConfigError
from affekt.models import create_model


def test_a_misspelt_name_is_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"no model 'residual-es' \(did you mean 'residual-se'"):
        create_model("residual-es", n_classes=8)


def test_a_misspelt_setting_is_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"unknown key 'normalization' \(did you mean 'normali"):
        create_model("residual-se", n_classes=8, settings={"normalization": "band"})


def test_an_unknown_normalisation_is_refused():
    with pytest.raises(ConfigError, match=r"'normalisation': 'bands' is no choice .*'band'"):
        create_model("residual-se", n_classes=8, settings={"normalisation": "bands"})


def test_a_setting_changes_the_named_variant_and_nothing_else():
    config = create_model("residual-se-tiny", n_classes=8, settings={"embedding": 5}).config
    assert (config.embedding, config.width, config.dilations) == (5, 16, (1, 2))


@pytest.mark.parametrize("settings", [{"dilations": [1, 0]}, {"stride": 0}])
def test_a_residual_network_without_stride_or_dilation_is_refused(settings):
    with pytest.raises(ConfigError, match="must be positive"):
        create_model("residual-se", n_classes=8, settings=settings)


@pytest.mark.parametrize("normalisation", ["band", "level", "both"])
def test_the_default_model_stays_small(normalisation):
    network = create_model("residual-se", n_classes=8, settings={"normalisation": normalisation})
    assert 1e6 < sum(parameter.numel() for parameter in network.parameters()) <= 1.8e6


@pytest.mark.parametrize("normalisation", ["band", "both"])
def test_a_steady_colour_of_the_channel_is_taken_off_by_band(normalisation):
    """A filter adds the same to a band in every frame."""
    torch.manual_seed(0)
    network = create_model(
        "residual-se-tiny", n_classes=3, settings={"normalisation": normalisation}
    ).eval()
    clip = torch.randn(1, 40, 80)
    coloured = clip + torch.linspace(-2.0, 2.0, 80)
    with torch.inference_mode():
        same = torch.allclose(network(clip).logits, network(coloured).logits, atol=1e-4)
    assert same == (normalisation == "band")


def test_a_network_over_log_mels_takes_as_many_bands_as_it_is_given():
    network = create_model("residual-se-tiny", n_classes=3, input_shape=(None, 40))
    assert network(torch.randn(2, 30, 40)).logits.shape == (2, 3)


def test_a_network_over_log_mels_takes_a_matrix_of_a_feature_set_too():
    network = create_model("residual-se-tiny", n_classes=3, input_shape=(128, 64))
    assert network(torch.randn(2, 128, 64)).logits.shape == (2, 3)
    with pytest.raises(ConfigError, match=r"'residual-se' takes a matrix, not .* \(162,\)"):
        create_model("residual-se", n_classes=3, input_shape=(162,))


def test_a_network_over_features_of_one_shape_refuses_clips_of_any_length():
    with pytest.raises(ConfigError, match="'gru' takes features of one shape: name a feature set"):
        create_model("gru", n_classes=3)
