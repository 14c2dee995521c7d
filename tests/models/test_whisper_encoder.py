"""The encoder of Whisper equals the published one, at any length, in torch and in ONNX Runtime."""

from __future__ import annotations

import io

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from affekt.errors import ConfigError
from affekt.models.whisper_encoder import (
    VARIANTS,
    WhisperConfig,
    WhisperEncoder,
    WhisperLogMel,
    load_whisper_encoder,
    sinusoids,
)

transformers = pytest.importorskip("transformers", reason="the published encoder is the oracle")
safetensors_torch = pytest.importorskip("safetensors.torch", reason="it reads the weights")

POSITIONS = 75  # 1.5 s


def noise(seconds, seed=0):
    rng = np.random.default_rng(seed)
    return (0.1 * rng.standard_normal(round(16_000 * seconds))).astype(np.float32)


@pytest.fixture(scope="module")
def published():
    """An untrained Whisper of transformers, with one position a frame of 1.5 s."""
    torch.manual_seed(1)
    config = transformers.WhisperConfig(
        d_model=32,
        encoder_layers=3,
        encoder_attention_heads=4,
        encoder_ffn_dim=128,
        decoder_layers=1,
        decoder_attention_heads=4,
        decoder_ffn_dim=64,
        num_mel_bins=80,
        max_source_positions=POSITIONS,
        vocab_size=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    return transformers.WhisperModel(config).eval()


@pytest.fixture(scope="module")
def ours(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whisper")
    published.save_pretrained(folder)
    return load_whisper_encoder(folder).eval()


def test_the_log_mel_is_the_published_one():
    signal = noise(30.0)
    extractor = transformers.WhisperFeatureExtractor()
    expected = extractor(signal, sampling_rate=16_000, return_tensors="pt").input_features
    found = WhisperLogMel()(torch.from_numpy(signal)[None])
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=0.0)


def test_the_encoder_is_the_published_one(published, ours):
    log_mel = torch.randn(2, 80, 2 * POSITIONS)
    with torch.no_grad():
        expected = published.encoder(log_mel).last_hidden_state
        found = ours.layer_norm(ours(log_mel)[-1])
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0.0)


def test_positions_are_cut_to_the_length_of_the_clip(ours):
    log_mel = torch.randn(1, 80, 90)
    cut = ours.cut(layers=3, positions=45).eval()
    with torch.no_grad():
        torch.testing.assert_close(cut(log_mel)[-1], ours(log_mel)[-1])
    assert ours(log_mel)[-1].shape == (1, 45, 32)


def test_first_layers_alone_answer_as_they_did_among_all(ours):
    log_mel = torch.randn(1, 80, 60)
    with torch.no_grad():
        torch.testing.assert_close(ours.cut(layers=2)(log_mel)[-1], ours(log_mel)[2])
    with pytest.raises(ConfigError, match="3 layers"):
        ours.cut(layers=4)


def test_the_published_table_of_positions_is_made_of_sines(published):
    table = published.encoder.embed_positions.weight
    torch.testing.assert_close(sinusoids(*table.shape), table)


@pytest.mark.parametrize("prefix", ["", "encoder.", "model.encoder."])
def test_a_file_may_hold_the_encoder_or_the_whole_model(tmp_path, prefix):
    """Without a configuration beside it, every head is 64 wide, as in all published sizes."""
    encoder = WhisperEncoder(WhisperConfig(width=128, heads=2, layers=1, positions=10))
    weights = {f"{prefix}{name}": item.half() for name, item in encoder.state_dict().items()}
    path = tmp_path / "encoder.safetensors"
    safetensors_torch.save_file(weights | {"model.decoder.layer_norm.weight": torch.ones(2)}, path)
    found = load_whisper_encoder(path)
    assert found.config == encoder.config
    for name, tensor in encoder.state_dict().items():
        torch.testing.assert_close(found.state_dict()[name], tensor.half().float())


def test_what_is_no_encoder_is_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    safetensors_torch.save_file({"weight": torch.ones(3)}, path)
    with pytest.raises(ConfigError, match="holds no Whisper encoder"):
        load_whisper_encoder(path)
    path.write_bytes(b"no weights")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_whisper_encoder(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_whisper_encoder(tmp_path / "missing.safetensors")


@pytest.mark.parametrize("change", [{"width": 0}, {"width": 30, "heads": 4}])
def test_an_impossible_size_is_refused(change):
    with pytest.raises(ValueError, match="must be"):
        WhisperConfig(**change)


class Whole(nn.Module):
    """Waveform to the last states."""

    def __init__(self):
        super().__init__()
        self.front_end = WhisperLogMel()
        self.encoder = WhisperEncoder(VARIANTS["tiny"])

    def forward(self, waveform):
        return self.encoder(self.front_end(waveform))[-1]


def test_one_graph_answers_at_any_length_and_for_any_batch():
    torch.manual_seed(2)
    network = Whole().eval()
    file = io.BytesIO()
    torch.onnx.export(
        network,
        (torch.from_numpy(noise(1.0))[None],),
        file,
        input_names=["waveform"],
        output_names=["states"],
        dynamic_axes={"waveform": {0: "batch", 1: "samples"}, "states": {0: "batch", 1: "frames"}},
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    for seconds, clips in ((0.3, 1), (1.0, 2), (1.734, 3), (2.0, 1)):
        signal = np.stack([noise(seconds, seed) for seed in range(clips)])
        with torch.no_grad():
            expected = network(torch.from_numpy(signal)).numpy()
        (found,) = session.run(None, {"waveform": signal})
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_clips_of_a_batch_do_not_touch():
    network = Whole().eval()
    quiet, loud = noise(1.0, 1), 5.0 * noise(1.0, 2)
    with torch.no_grad():
        together = network(torch.from_numpy(np.stack([quiet, loud])))
        alone = network(torch.from_numpy(quiet)[None])
    torch.testing.assert_close(together[:1], alone, atol=1e-5, rtol=0.0)
