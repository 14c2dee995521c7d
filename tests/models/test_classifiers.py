"""What every classifier keeps, and the sizes that the texts state."""

from __future__ import annotations

import io

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.models import MODELS, create_model
from affekt.models.initialise import initialise_weights

# Of each network: the features its text gives it, the text's classes, and other sizes it can take.
GIVEN = {
    "shukla-cnn1d": ((141,), 8, [(1,), (40,)]),
    "santamaria-baseline": ((40, 128), 8, [(13, 1), (20, 50)]),
    "santamaria-deep": ((3, 512, 90), 8, [(1, 7, 8), (4, 64, 33)]),
    "pathak-mlp": ((162,), 7, [(1,), (40,)]),
    "pathak-cnn": ((162,), 7, [(1,), (40,)]),
    "pathak-lstm": ((162,), 7, [(1,), (40,)]),
    "pathak-cnn-lstm": ((162,), 7, [(1,), (40,)]),
    "crema-cnn1d": ((1410,), 6, [(1,), (162,)]),
    "crema-cnn2d": ((333, 13), 6, [(1, 1), (40, 20)]),
    "crema-cnn2d-external": ((333, 13), 6, [(1, 1), (40, 20)]),
    "mittal-cnn2d": ((260, 270), 8, [(53, 53), (80, 64)]),
    "gru": ((162,), 7, [(1,), (40,), (333, 13)]),
}
EVERY_SHAPE = [(name, shape) for name, (own, _, more) in GIVEN.items() for shape in [own, *more]]
WITHOUT_DROPOUT = {"pathak-mlp", "pathak-lstm"}
WITHOUT_CONVOLUTIONS = {"pathak-mlp", "pathak-lstm", "gru"}
NORMS = nn.BatchNorm1d | nn.BatchNorm2d

every_network = pytest.mark.parametrize("name", GIVEN)


def made(name, shape=None, classes=None):
    torch.manual_seed(0)
    own, own_classes, _ = GIVEN[name]
    network = create_model(name, input_shape=shape or own, n_classes=classes or own_classes)
    initialise_weights(network, "he")
    return network.eval()


def features(count, shape, seed=0):
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed))


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_every_classifier_is_looked_at_here():
    assert set(GIVEN) == {name for name, model in MODELS.items() if not model.any_length}


@pytest.mark.parametrize(("name", "shape"), EVERY_SHAPE)
def test_features_of_any_size_give_finite_logits_for_every_clip(name, shape):
    network = made(name, shape, classes=5)
    with torch.inference_mode():
        for clips in (1, 3):
            logits = network(features(clips, shape))
            assert logits.shape == (clips, 5)
            assert logits.isfinite().all()


@every_network
def test_every_parameter_receives_a_gradient(name):
    network = made(name).train()
    shape, classes, _ = GIVEN[name]
    loss = nn.functional.cross_entropy(
        network(features(8, shape)), torch.arange(8).remainder(classes)
    )
    loss.backward()
    silent = [
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().sum() > 0.0
    ]
    assert silent == []


@every_network
def test_a_clip_is_answered_alone_as_in_a_batch(name):
    network, batch = made(name), features(3, GIVEN[name][0])
    with torch.inference_mode():
        together = network(batch)
        for index in range(3):
            alone = network(batch[index : index + 1])[0]
            torch.testing.assert_close(alone, together[index], rtol=1e-4, atol=1e-4)


@every_network
def test_an_answer_is_the_same_twice_once_training_is_over(name):
    network, batch = made(name), features(2, GIVEN[name][0])
    with torch.inference_mode():
        assert torch.equal(network(batch), network(batch))


@pytest.mark.parametrize("name", sorted(GIVEN.keys() - WITHOUT_DROPOUT))
def test_dropout_is_on_while_training(name):
    network, batch = made(name).train(), features(4, GIVEN[name][0])
    with torch.no_grad():
        assert not torch.equal(network(batch), network(batch))


@pytest.mark.parametrize("name", sorted(GIVEN.keys() - WITHOUT_CONVOLUTIONS))
def test_batch_norm_can_be_put_in_or_taken_out(name):
    shape, classes, _ = GIVEN[name]
    norms = []
    for wanted in (True, False):
        network = create_model(
            name, input_shape=shape, n_classes=classes, settings={"batch_norm": wanted}
        )
        norms.append([item for item in network.modules() if isinstance(item, NORMS)])
        assert network(features(2, shape)).shape == (2, classes)
    assert norms[0]
    assert not norms[1]


@every_network
def test_channels_last_weights_and_half_precision_give_the_same_answer(name):
    """As training on a processor runs them."""
    network, batch = made(name), features(2, GIVEN[name][0])
    with torch.inference_mode():
        expected = network(batch)
        network.to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            found = network(batch).float()
    torch.testing.assert_close(found, expected, rtol=0.0, atol=0.05 * float(expected.abs().max()))


@every_network
@pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::UserWarning", "ignore::torch.jit.TracerWarning"
)
def test_onnx_runtime_answers_as_torch_does_whatever_the_batch(name):
    network, (shape, _, _) = made(name), GIVEN[name]
    file = io.BytesIO()
    torch.onnx.export(
        network,
        (features(2, shape),),
        file,
        dynamo=False,
        input_names=["features"],
        output_names=["logits"],
        dynamic_axes={"features": {0: "batch"}, "logits": {0: "batch"}},
    )
    session = onnxruntime.InferenceSession(file.getvalue())
    for clips in (1, 2, 7):
        batch = features(clips, shape, seed=clips)
        with torch.inference_mode():
            expected = network(batch).numpy()
        (found,) = session.run(["logits"], {"features": batch.numpy()})
        np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-4)


@every_network
def test_settings_survive_being_written_down(name):
    shape, classes, _ = GIVEN[name]
    network = made(name)
    again = create_model(
        name, input_shape=shape, n_classes=classes, settings=to_mapping(network.config)
    )
    assert again.config == network.config
    again.load_state_dict(network.state_dict())


def test_the_lstm_has_exactly_the_parameters_of_its_text():
    assert count(made("pathak-lstm")) == 281_095


@pytest.mark.parametrize(
    ("name", "published"), [("pathak-cnn", 600_000), ("pathak-cnn-lstm", 630_000)]
)
def test_the_convolutional_networks_come_within_a_twentieth_of_theirs(name, published):
    assert count(made(name)) == pytest.approx(published, rel=0.05)


def convolution(inputs, outputs, places):
    return (inputs * places + 1) * outputs


def dense(inputs, outputs):
    return (inputs + 1) * outputs


def norm(channels):
    return 2 * channels


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("pathak-mlp", [dense(162, 256), dense(256, 256), dense(256, 64), dense(64, 7)]),
        (
            "crema-cnn1d",
            [
                *[convolution(1, 256, 5), norm(256), convolution(256, 256, 5), norm(256)],
                *[convolution(256, 128, 3), norm(128)],
                *[dense(177 * 128, 512), norm(512), dense(512, 6)],
            ],
        ),
        (
            "crema-cnn2d",
            [
                *[convolution(1, 256, 36), norm(256), convolution(256, 128, 36), norm(128)],
                *[convolution(128, 128, 36), norm(128), convolution(128, 64, 36)],
                *[dense(21 * 64, 256), dense(256, 6)],
            ],
        ),
        (
            "crema-cnn2d-external",
            [
                *[convolution(1, 75, 25), convolution(75, 135, 25), convolution(135, 75, 25)],
                *[dense(42 * 2 * 75, 45), dense(45, 6)],
            ],
        ),
        (
            "mittal-cnn2d",
            [
                *[convolution(1, 32, 25), convolution(32, 64, 25), convolution(64, 32, 25)],
                *[dense(8 * 9 * 32, 128), dense(128, 8)],
            ],
        ),
    ],
)
def test_layers_have_the_sizes_of_the_text(name, parts):
    assert count(made(name)) == sum(parts)


def test_the_baseline_runs_one_network_over_windows_that_do_not_touch():
    """A change within one window of 16 frames moves nothing that another window gives."""
    network = made("santamaria-baseline")
    batch = features(1, (40, 128))
    changed = batch.clone()
    changed[:, :, 32:48] += 1.0
    per_window = network.convolutions[: list(network.convolutions).index(_second_pool(network)) + 1]
    with torch.inference_mode():
        first, second = (per_window(x.reshape(1, 40, 8, 16)) for x in (batch, changed))
    moved = (first != second).any(dim=1).flatten()
    assert moved.tolist() == [False, False, True, False, False, False, False, False]


def _second_pool(network):
    return [layer for layer in network.convolutions if isinstance(layer, nn.MaxPool2d)][1]


def test_the_frames_of_a_matrix_are_its_rows():
    """Frames of zeros at the end change little where frames at the start change much."""
    network = made("gru", (40, 13))
    batch = features(1, (40, 13))
    late, early = batch.clone(), batch.clone()
    late[:, -1] += 1.0
    early[:, 0] += 1.0
    with torch.inference_mode():
        answer, after_late, after_early = (network(x) for x in (batch, late, early))
    assert (answer - after_early).abs().max() < 0.1 * (answer - after_late).abs().max()


def test_a_gru_reads_groups_of_values_and_fills_the_last_one_up():
    network = made("gru", (20,))
    batch = features(2, (20,))
    filled = torch.cat([batch, torch.zeros(2, 7)], dim=1)
    with torch.inference_mode():
        longer = made("gru", (27,))
        longer.load_state_dict(network.state_dict())
        torch.testing.assert_close(network(batch), longer(filled))


def test_a_misspelt_name_is_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"no model 'pathak-ltsm' \(did you mean 'pathak-lstm'"):
        create_model("pathak-ltsm", input_shape=(162,), n_classes=7)


@every_network
def test_a_misspelt_setting_is_refused_with_a_suggestion(name):
    setting = next(iter(to_mapping(made(name).config)))
    with pytest.raises(ConfigError, match=rf"model '{name}': unknown key .*mean '{setting}'"):
        create_model(name, input_shape=GIVEN[name][0], n_classes=2, settings={setting + "z": 1})


@every_network
def test_a_setting_out_of_range_is_refused(name):
    for setting, value in to_mapping(made(name).config).items():
        wrong = {bool: 1, int: 0, float: 1.0, list: [0] * 4}[type(value)]
        with pytest.raises(ConfigError, match=rf"model '{name}'"):
            create_model(name, input_shape=GIVEN[name][0], n_classes=2, settings={setting: wrong})


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("shukla-cnn1d", {"filters": [8, 8]}),
        ("crema-cnn1d", {"filters": [8, 8]}),
        ("crema-cnn1d", {"kernels": [5, 5, 5, 5]}),
        ("crema-cnn2d", {"filters": [8]}),
        ("crema-cnn2d-external", {"filters": []}),
        ("pathak-cnn", {"filters": [8]}),
        ("pathak-cnn-lstm", {"filters": []}),
        ("mittal-cnn2d", {"filters": []}),
    ],
)
def test_too_few_or_too_many_layers_are_refused(name, setting):
    with pytest.raises(ConfigError, match=rf"model '{name}': .* number"):
        create_model(name, input_shape=GIVEN[name][0], n_classes=2, settings=setting)


def test_features_of_another_form_are_refused():
    with pytest.raises(
        ConfigError, match=r"'crema-cnn2d' takes a matrix, not features of shape \(162,\)"
    ):
        create_model("crema-cnn2d", input_shape=(162,), n_classes=6)


def test_an_image_that_the_pools_use_up_is_refused():
    with pytest.raises(
        ConfigError, match=r"'mittal-cnn2d'.*\(52, 270\).*too small: 4 x 29 is left"
    ):
        create_model("mittal-cnn2d", input_shape=(52, 270), n_classes=8)
