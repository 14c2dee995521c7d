"""A classifier over the first layers of Whisper's encoder."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from affekt.audio import resample
from affekt.errors import ConfigError
from affekt.features.spectra import LogMelConfig, log_mel
from affekt.models import create_model
from affekt.models.whisper_classifier import speech_levelled
from affekt.models.whisper_encoder import WhisperConfig, WhisperEncoder, WhisperLogMel

FRONT_END = LogMelConfig(
    window_length=400, hop_length=160, n_mels=80, fmin_hz=0.0, fmax_hz=8000.0, floor=1e-10
)


def syllables(seconds, seed=1):
    """Bursts of harmonics with pauses between them, `[samples]` at 16 kHz."""
    times = np.arange(round(16_000 * seconds)) / 16_000
    voice = sum(np.sin(2 * math.pi * 140 * n * times) / n for n in range(1, 20))
    rng = np.random.default_rng(seed)
    sound = 0.1 * voice * (np.sin(2 * math.pi * 3 * times) > 0) + 1e-3 * rng.standard_normal(
        times.size
    )
    return sound.astype(np.float32)


def levelled(signal):
    return speech_levelled(torch.from_numpy(log_mel(signal, FRONT_END))[None])[0]


def test_the_input_is_whisper_s_but_for_the_level():
    signal = syllables(2.0)
    theirs = WhisperLogMel()(torch.from_numpy(signal)[None])[0].T
    ours = levelled(signal)[: len(theirs)]
    inside = slice(3, -3)  # they mirror the ends, we put silence there
    difference = (ours - theirs)[inside]
    assert difference.std() < 1e-4
    assert difference.mean().abs() > 0.01


@pytest.mark.parametrize("gain_db", [-12.0, 6.0, 12.0])
def test_a_clip_played_louder_or_softer_has_the_same_input(gain_db):
    signal = syllables(2.0)
    louder = signal * np.float32(10 ** (gain_db / 20))
    difference = (levelled(louder) - levelled(signal)).abs()
    assert difference.max() < 0.01
    assert difference.mean() < 1e-3


def test_a_pause_does_not_change_the_level_of_speech():
    signal = syllables(2.0)
    paused = np.concatenate([signal, np.zeros(32_000, np.float32)])
    torch.testing.assert_close(levelled(paused)[:195], levelled(signal)[:195], atol=2e-3, rtol=0.0)


def test_silence_gives_an_answer():
    network = create_model("whisper-tiny", n_classes=3).eval()
    with torch.inference_mode():
        answer = network(torch.full((1, 30, 80), math.log(1e-10)))
    assert answer.logits.isfinite().all()


def test_the_intensity_is_a_second_output_from_0_to_1():
    torch.manual_seed(0)
    network = create_model("whisper-tiny", n_classes=3, settings={"intensity": True}).eval()
    with torch.inference_mode():
        answer = network(torch.randn(4, 30, 80))
    assert answer.intensity.shape == (4, 1)
    assert ((answer.intensity > 0.0) & (answer.intensity < 1.0)).all()
    assert create_model("whisper-tiny", n_classes=3).eval()(torch.zeros(1, 30, 80))[3] is None


def test_a_published_encoder_gives_its_first_layers():
    published = WhisperEncoder(WhisperConfig(width=16, heads=2, layers=4, positions=100)).eval()
    network = create_model("whisper-tiny", n_classes=3).eval()
    network.load_encoder(published)
    sound = torch.randn(1, 80, 60)
    with torch.inference_mode():
        ours, theirs = network.encoder(sound), published(sound)
    assert len(ours) == 3
    for one, other in zip(ours, theirs, strict=False):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-5)
    with pytest.raises(ConfigError, match="the encoder has 1 layers"):
        network.load_encoder(WhisperEncoder(WhisperConfig(width=16, heads=2, layers=1)))


def test_the_lower_layers_may_stay_as_they_are():
    network = create_model("whisper-tiny", n_classes=3, settings={"trained": 1})
    trained = {name for name, value in network.named_parameters() if value.requires_grad}
    assert {name.split(".")[2] for name in trained if name.startswith("encoder.")} == {"1"}
    everything = create_model("whisper-tiny", n_classes=3)
    frozen = {name for name, value in everything.named_parameters() if not value.requires_grad}
    assert frozen == {"encoder.layer_norm.weight", "encoder.layer_norm.bias"}


def test_a_parameter_knows_how_many_layers_lie_above_it():
    network = create_model("whisper-tiny", n_classes=3, settings={"layers": 3})
    above = {name: network.layers_above(name) for name, _ in network.named_parameters()}
    assert above["encoder.layers.2.fc1.weight"] == 0
    assert above["encoder.layers.0.fc1.weight"] == 2
    assert above["encoder.conv1.weight"] == 3
    assert above["classify.weight"] is None


def test_a_voice_at_8_khz_and_one_at_16_khz_have_one_level():
    signal = syllables(2.0)
    narrow = resample(resample(signal, 16_000, 8_000), 8_000, 16_000)[: signal.size]
    low = slice(0, 30)  # bands below 2 kHz
    torch.testing.assert_close(
        levelled(narrow)[5:-5, low], levelled(signal)[5:-5, low], atol=0.05, rtol=0.0
    )
