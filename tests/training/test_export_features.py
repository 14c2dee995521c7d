from __future__ import annotations

import dataclasses
import json

import numpy as np
import onnx
import pytest
import soundfile
import torch
from click.testing import CliRunner
from torch import nn

from affekt.cli import main
from affekt.emotions import SEVEN
from affekt.errors import BundleError
from affekt.features.sets import FEATURE_SETS
from affekt.models import create_model
from affekt.recognition import Bundle, BundleMetadata
from affekt.training.data import Normalisation
from affekt.training.export import PARITY_DURATIONS_S, check_parity, export_graph
from affekt.training.graph import FeatureGraph

METADATA = BundleMetadata(
    name="published",
    version="0.1",
    labels=SEVEN,
    temperature=1.0,
    threshold=0.0,
    licence="CC0-1.0",
    licence_text="Do what you like.",
    training_data=(),
    held_out={},
    recipe={},
    figures={},
    created="2026-01-02",
    description="Noise.",
    not_for=(),
    front_end="vector-162",
)


class Recurrent(nn.Module):
    """The features one after the other, and the last state."""

    def __init__(self, kind):
        super().__init__()
        self.recurrent = kind(1, 8, batch_first=True)
        self.classify = nn.Linear(8, len(SEVEN))

    def forward(self, features):
        return self.classify(self.recurrent(features.unsqueeze(2))[0][:, -1])


def mlp():
    return nn.Sequential(nn.Linear(162, 16), nn.ReLU(), nn.Linear(16, len(SEVEN)))


def convolutions():
    return nn.Sequential(
        nn.Conv2d(1, 4, 6, padding="same"),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.ZeroPad2d((1, 2, 1, 2)),
        nn.AvgPool2d(4, 2),
        nn.Dropout(0.2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, len(SEVEN)),
    )


def vector_convolutions():
    return nn.Sequential(
        nn.Unflatten(1, (1, 162)),
        nn.Conv1d(1, 4, 5, padding="same"),
        nn.ReLU(),
        nn.MaxPool1d(5, 2, padding=2),
        nn.Flatten(),
        nn.Linear(4 * 81, len(SEVEN)),
    )


NETWORKS = {
    "dense": ("vector-162", mlp),
    "conv1d": ("vector-162", vector_convolutions),
    "lstm": ("vector-162", lambda: Recurrent(nn.LSTM)),
    "gru": ("vector-162", lambda: Recurrent(nn.GRU)),
    "conv2d": ("mfcc-40x128", lambda: nn.Sequential(nn.Unflatten(1, (1, 40)), convolutions())),
}


def normalisation(features):
    """A mean and a scale for each entry of the first axis, as of a training part."""
    rng = np.random.default_rng(0)
    shape = (features.shape[0], *(1 for _ in features.shape[1:]))
    mean = rng.normal(0.0, 3.0, shape).astype(np.float32)
    return Normalisation(mean, rng.uniform(0.5, 20.0, shape).astype(np.float32))


def export(network, path, *, front_end="vector-162", **changes):
    metadata = dataclasses.replace(METADATA, front_end=front_end, **changes)
    features, temperature = FEATURE_SETS[front_end], metadata.temperature
    graph = FeatureGraph(network, features, normalisation(features), temperature=temperature)
    return export_graph(graph, metadata, path)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return mlp()


@pytest.fixture(scope="module")
def path(network, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "published.onnx"
    export(network, path)
    return path


def waveforms(count, duration_s):
    rng = np.random.default_rng(1)
    return 0.1 * rng.standard_normal((count, round(16000 * duration_s)), dtype=np.float32)


@pytest.mark.parametrize("kind", NETWORKS)
def test_every_kind_of_network_answers_in_onnx_runtime_as_in_torch(kind, tmp_path):
    front_end, make = NETWORKS[kind]
    torch.manual_seed(0)
    path = tmp_path / f"{kind}.onnx"
    assert export(make(), path, front_end=front_end) <= 1e-4
    assert Bundle.load(path).run(waveforms(3, 0.4)).probabilities.shape == (3, 7)


PUBLISHED = {
    "shukla-cnn1d": "mfcc-mel-mean",
    "santamaria-baseline": "mfcc-40x128",
    "santamaria-deep": "planes-512x90",
    "pathak-mlp": "vector-162",
    "pathak-cnn": "vector-162",
    "pathak-lstm": "vector-162",
    "pathak-cnn-lstm": "vector-162",
    "crema-cnn1d": "mfcc-zcr-energy",
    "crema-cnn2d": "mfcc-matrix",
    "crema-cnn2d-external": "mfcc-matrix",
    "mittal-cnn2d": "spectrogram-image-270x260",
    "gru": "vector-162",
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_published_network_can_be_exported(name, tmp_path):
    front_end = PUBLISHED[name]
    torch.manual_seed(0)
    shape = FEATURE_SETS[front_end].shape
    network = create_model(name, input_shape=shape, n_classes=len(SEVEN))
    assert export(network, tmp_path / "x.onnx", front_end=front_end) <= 1e-4


def test_normalisation_temperature_and_softmax_lie_in_the_graph(network, tmp_path):
    path = tmp_path / "warm.onnx"
    export(network, path, temperature=2.0)
    numbers = normalisation(FEATURE_SETS["vector-162"])
    heard = waveforms(1, 1.3)
    features = FEATURE_SETS["vector-162"].compute(heard[0])
    with torch.inference_mode():
        normalised = torch.from_numpy((features - numbers.mean) / numbers.scale)
        expected = torch.softmax(network(normalised[None]) / 2.0, dim=1).numpy()
    np.testing.assert_allclose(Bundle.load(path).run(heard).probabilities, expected, atol=1e-5)


def test_the_version_of_the_feature_set_is_kept(network, tmp_path, monkeypatch):
    later = dataclasses.replace(FEATURE_SETS["vector-162"], version=3)
    monkeypatch.setitem(FEATURE_SETS, "vector-162", later)
    export(network, tmp_path / "later.onnx", front_end_version=3)
    assert Bundle.load(tmp_path / "later.onnx").metadata.front_end_version == 3
    monkeypatch.undo()
    with pytest.raises(BundleError, match="version 3 of vector-162"):
        Bundle.load(tmp_path / "later.onnx")


def test_the_file_stands_alone_and_names_no_path(path):
    onnx.checker.check_model(onnx.load(path))
    assert sorted(item.name for item in path.parent.iterdir()) == [
        *("published.onnx", "published.onnx.sha256")
    ]
    content = path.read_bytes()
    assert b".py" not in content
    assert b"site-packages" not in content


def test_predict_takes_what_was_exported(path, tmp_path):
    for name, duration_s in (("short", 0.3), ("long", 11.0)):
        soundfile.write(tmp_path / f"{name}.wav", waveforms(1, duration_s)[0], 16000)
    inputs = [str(tmp_path / "short.wav"), str(tmp_path / "long.wav")]
    result = CliRunner().invoke(main, ["predict", *inputs, "--model", str(path), "--format=json"])
    assert result.exit_code == 0, result.stderr
    short, long = json.loads(result.stdout)
    expected = Bundle.load(path).run(waveforms(1, 0.3)).probabilities[0]
    assert {item["label"] for item in short["predictions"]} == set(SEVEN)
    assert short["emotion"] == SEVEN[expected.argmax()]
    assert "windows" in long["warnings"][0]


# Refusals


def test_metadata_of_another_front_end_are_refused(network, tmp_path):
    metadata = dataclasses.replace(METADATA, front_end="graph", frame_hop_s=0.01)
    features = FEATURE_SETS["vector-162"]
    graph = FeatureGraph(network, features, normalisation(features), temperature=1.0)
    with pytest.raises(BundleError, match="expected input waveform"):
        export_graph(graph, metadata, tmp_path / "x.onnx")


def test_labels_that_do_not_fit_are_refused(network, tmp_path):
    with pytest.raises(BundleError, match="2 labels in the metadata, but 7 probabilities"):
        export(network, tmp_path / "x.onnx", labels=("a", "b"))


class Batchwise(nn.Module):
    """Answers by the size of its batch, which a trace takes for a constant."""

    def __init__(self):
        super().__init__()
        self.classify = nn.Linear(162, len(SEVEN))

    def forward(self, features):
        return self.classify(features) * float(features.shape[0])


def test_a_network_that_the_exporter_misreads_is_refused_and_the_older_file_stays(tmp_path):
    torch.manual_seed(0)
    path = tmp_path / "x.onnx"
    path.write_bytes(b"an older bundle")
    with pytest.raises(BundleError, match=r"x\.onnx refused: probabilities .* for a batch of 1"):
        export(Batchwise(), path)
    assert [item.name for item in tmp_path.iterdir()] == ["x.onnx"]
    assert path.read_bytes() == b"an older bundle"


def test_a_difference_from_waveforms_alone_is_found(network, path, monkeypatch):
    """The features that the bundle computes are those of a set that was changed."""
    features = FEATURE_SETS["vector-162"]
    changed = dataclasses.replace(features, compute=lambda signal: features.compute(signal) + 1.0)
    graph = FeatureGraph(network, features, normalisation(features), temperature=1.0).eval()
    assert check_parity(graph, path) <= 1e-4
    graph.features = changed
    with pytest.raises(BundleError, match=rf"differs .* at {PARITY_DURATIONS_S[0]} s"):
        check_parity(graph, path)
