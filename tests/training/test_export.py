from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from affekt.errors import BundleError
from affekt.features.spectra import LogMelConfig, log_mel
from affekt.models import create_model
from affekt.recognition import Bundle
from affekt.recognition.bundles.bundle import BundleMetadata
from affekt.recognition.bundles.checksum import check_checksum
from affekt.training import export
from affekt.training.export import (
    INT8_TOLERANCE,
    PARITY_DURATIONS_S,
    check_parity,
    export_graph,
    record_figures,
)
from affekt.training.graph import WaveformGraph

LABELS = ("neutral", "happy", "sad", "angry", "boredom")
METADATA = BundleMetadata(
    name="tiny",
    version="0.1",
    labels=LABELS,
    frame_hop_s=0.032,
    temperature=1.7,
    threshold=0.4,
    licence="CC0-1.0",
    licence_text="Do what you like.",
    training_data=(),
    held_out={},
    recipe={},
    figures={"a": 1},
    created="2026-01-02",
    description="Noise.",
    not_for=(),
)


def waveform_model(name="residual-se-tiny", normalisation="band"):
    """A network that has seen some noise, so that its statistics are not those of a new one."""
    torch.manual_seed(0)
    network = create_model(name, n_classes=len(LABELS), settings={"normalisation": normalisation})
    with torch.no_grad():
        for _ in range(5):
            network(2.0 * torch.randn(8, 40, 80) - 6.0)
    return WaveformGraph(network, LogMelConfig(), temperature=METADATA.temperature).eval()


@pytest.fixture(scope="module")
def model():
    return waveform_model()


@pytest.fixture(scope="module")
def bundle_path(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "tiny.onnx"
    export_graph(model, METADATA, path)
    return path


def test_the_default_network_answers_in_onnx_runtime_as_in_torch(tmp_path):
    """The tiny one does so in `bundle_path`, with "band", and in the tests of `affekt train`."""
    model = waveform_model("residual-se", "both")
    assert export_graph(model, METADATA, tmp_path / "x.onnx") <= 1e-4


@pytest.fixture(scope="module")
def whisper():
    """A small encoder with matrices that are large enough for eight bits, and an intensity."""
    torch.manual_seed(0)
    network = create_model(
        "whisper-tiny",
        n_classes=len(LABELS),
        settings={"width": 64, "heads": 2, "intensity": True},
    )
    with torch.no_grad():
        for _ in range(5):
            network(2.0 * torch.randn(8, 40, 80) - 6.0)
    features = LogMelConfig(
        window_length=400, hop_length=160, fmin_hz=0.0, fmax_hz=8000.0, floor=1e-10
    )
    return WaveformGraph(network, features, temperature=METADATA.temperature).eval()


def noting(compared):
    """Compare as ever, and keep the difference and the size of each file."""

    def compare(graph, path, **options):
        difference = check_parity(graph, path, **options)
        compared.append((difference, path.stat().st_size))
        return difference

    return compare


def test_a_network_over_an_encoder_answers_alike_in_eight_bits_and_any_batch(
    whisper, tmp_path, monkeypatch
):
    small, compared = tmp_path / "small.onnx", []
    monkeypatch.setattr(export, "check_parity", noting(compared))
    export_graph(whisper, METADATA, small, eight_bit=True)
    (difference, whole_bytes), (eight_bit_difference, small_bytes) = compared
    assert difference <= 1e-4
    assert eight_bit_difference <= INT8_TOLERANCE
    assert small.stat().st_size == small_bytes < whole_bytes
    waveforms = (0.1 * np.random.default_rng(1).standard_normal((3, 16_000))).astype(np.float32)
    waveforms[1] *= 30.0
    bundle = Bundle.load(small)
    together = bundle.run(waveforms)
    exact = whisper.answer(waveforms)[3].numpy()
    np.testing.assert_allclose(together.intensity, exact, atol=INT8_TOLERANCE)
    np.testing.assert_allclose(together.probabilities, whisper.answer(waveforms)[0], atol=0.1)


@pytest.mark.parametrize("samples", [1600, 16_000, 20_123])
def test_eight_bits_give_the_same_answer_alone_and_beside_other_clips(whisper, tmp_path, samples):
    """A last bit that differs before the rounding to eight bits would move the answer by 1e-3."""
    path = tmp_path / "small.onnx"
    export_graph(whisper, METADATA, path, eight_bit=True)
    bundle = Bundle.load(path)
    waveforms = (0.1 * np.random.default_rng(2).standard_normal((5, samples))).astype(np.float32)
    waveforms[1:] *= np.array([30.0, 0.01, 1.0, 3.0], np.float32)[:, None]
    together = bundle.run(waveforms)
    for place in range(5):
        alone = bundle.run(waveforms[place : place + 1])
        for one, other in zip(alone, together, strict=True):
            if one is not None:
                np.testing.assert_allclose(one[0], other[place], atol=1e-6, rtol=1e-5)


@pytest.fixture
def exported(bundle_path, monkeypatch):
    """The exporter answers with the graph that it made before, which takes no seconds."""
    program = SimpleNamespace(model_proto=onnx.load(bundle_path))
    monkeypatch.setattr(torch.onnx, "export", lambda *args, **more: program)


@pytest.mark.usefixtures("exported")
def test_eight_bits_are_refused_where_no_matrix_is_large(model, tmp_path):
    with pytest.raises(BundleError, match=r"bundle\.weights = 'int8': no product"):
        export_graph(model, METADATA, tmp_path / "x.onnx", eight_bit=True)
    assert not (tmp_path / "x.onnx").exists()


def test_parity_is_looked_at_from_the_shortest_clip_to_a_long_one():
    assert PARITY_DURATIONS_S == (0.1, 0.5, 1.7, 3.0, 7.3, 30.0)


@pytest.mark.parametrize("batch", [1, 2, 5])
@pytest.mark.parametrize("samples", [1600, 1601, 16000, 40001])
def test_any_batch_of_any_length_is_answered(model, bundle_path, batch, samples):
    waveforms = (0.1 * np.random.default_rng(samples).standard_normal((batch, samples))).astype(
        np.float32
    )
    found = Bundle.load(bundle_path).run(waveforms)
    with torch.inference_mode():
        expected = model(torch.from_numpy(waveforms))
    assert found.probabilities.shape == (batch, len(LABELS))
    assert found.relevance.shape == (batch, -(-(1 + samples // 256) // 2))
    for ours, theirs in zip(expected, found[: len(expected)], strict=True):
        np.testing.assert_allclose(theirs, ours.numpy(), atol=1e-4)


def test_the_temperature_lies_inside_the_graph(model, bundle_path):
    waveform = (0.1 * np.random.default_rng(0).standard_normal((1, 16000))).astype(np.float32)
    with torch.inference_mode():
        logits = model.network(torch.from_numpy(log_mel(waveform[0], LogMelConfig()))[None]).logits
    expected = torch.softmax(logits / METADATA.temperature, dim=1)
    np.testing.assert_allclose(
        Bundle.load(bundle_path).run(waveform).probabilities, expected.numpy(), atol=1e-4
    )


def test_what_the_bundle_says_of_itself_travels_in_the_file(bundle_path):
    assert Bundle.load(bundle_path).metadata == METADATA


def test_the_file_names_no_path_of_the_machine_it_was_made_on(bundle_path):
    content = bundle_path.read_bytes()
    assert b".py" not in content
    assert b"site-packages" not in content


def test_the_bundle_stands_alone(bundle_path):
    names = sorted(path.name for path in bundle_path.parent.iterdir())
    assert names == ["tiny.onnx", "tiny.onnx.sha256"]
    onnx.checker.check_model(onnx.load(bundle_path))
    session = onnxruntime.InferenceSession(bundle_path, providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_inputs()] == ["waveform"]


# Refusals


def test_a_bundle_that_answers_otherwise_is_refused(model, bundle_path):
    changed = waveform_model()
    changed.temperature = 1.0
    with pytest.raises(BundleError, match=r"probabilities differs from torch by .* at 0\.1 s"):
        check_parity(changed, bundle_path)
    assert check_parity(model, bundle_path) <= 1e-4


def test_a_difference_in_long_clips_alone_is_found(model, bundle_path, monkeypatch):
    forward = WaveformGraph.forward

    def tampered(self, waveform):
        probabilities, embedding, relevance = forward(self, waveform)
        if waveform.shape[1] > 20 * 16000:
            relevance = relevance.roll(1, dims=1)
        return probabilities, embedding, relevance

    monkeypatch.setattr(WaveformGraph, "forward", tampered)
    with pytest.raises(BundleError, match=r"relevance differs from torch by .* at 30\.0 s"):
        check_parity(model, bundle_path)


def test_other_shapes_are_a_difference(model, bundle_path, monkeypatch):
    forward = WaveformGraph.forward
    monkeypatch.setattr(
        WaveformGraph, "forward", lambda self, x: (*forward(self, x)[:2], torch.ones(2, 3) / 3)
    )
    with pytest.raises(BundleError, match="relevance has shape"):
        check_parity(model, bundle_path)


def test_not_a_number_is_a_difference(model, bundle_path, monkeypatch):
    forward = WaveformGraph.forward
    monkeypatch.setattr(
        WaveformGraph, "forward", lambda self, x: tuple(y * float("nan") for y in forward(self, x))
    )
    with pytest.raises(BundleError, match="probabilities differs from torch by nan"):
        check_parity(model, bundle_path)


@pytest.mark.usefixtures("exported")
def test_a_refused_export_leaves_the_older_file_and_nothing_else(tmp_path):
    """The exporter's graph is that of another temperature."""
    model = waveform_model()
    model.temperature = 1.0
    path = tmp_path / "tiny.onnx"
    path.write_bytes(b"an older bundle")
    with pytest.raises(BundleError, match=r"export of tiny\.onnx refused: probabilities differs"):
        export_graph(model, METADATA, path)
    assert [item.name for item in tmp_path.iterdir()] == ["tiny.onnx"]
    assert path.read_bytes() == b"an older bundle"
    model.temperature = METADATA.temperature
    export_graph(model, METADATA, path, force=True)
    assert Bundle.load(path).metadata == METADATA


def test_figures_are_added_and_the_graph_stays(bundle_path, tmp_path):
    path = tmp_path / "measured.onnx"
    path.write_bytes(bundle_path.read_bytes())
    before = onnx.load(path).graph
    record_figures(path, {"lockbox": {"emodb": {"ua": 0.75}}})
    assert Bundle.load(path).metadata == dataclasses.replace(
        METADATA, figures={"a": 1, "lockbox": {"emodb": {"ua": 0.75}}}
    )
    assert onnx.load(path).graph == before
    assert sorted(item.name for item in tmp_path.iterdir()) == [
        *("measured.onnx", "measured.onnx.sha256")
    ]
    assert check_checksum(path, Bundle.load(path).sha256)
