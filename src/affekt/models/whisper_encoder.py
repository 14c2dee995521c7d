"""The encoder of Whisper, to be read beside the paper and loaded with its published weights.

Source: Radford et al. 2023, "Robust Speech Recognition via Large-Scale Weak Supervision"; names of
parameters as in `transformers`' `WhisperEncoder`. Weights: OpenAI, MIT licence.

Two changes, so that short clips cost little and layers in the middle can be used: positions are
cut to the length of the clip, and every layer's states are returned. Shapes with the base size,
for T frames of 10 ms:

    waveform                     [batch, 160 T]
    log-mel                      [batch, 80, T]
    two convolutions, positions  [batch, T / 2, 512]
    each of six layers           [batch, T / 2, 512]
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from affekt.errors import ConfigError, MissingExtraError
from affekt.features import hann_window, mel_filters

SAMPLING_RATE_HZ = 16_000
WINDOW_SAMPLES = 400
HOP_SAMPLES = 160
LONGEST_S = 30.0
# Of the published sizes, every attention head is this wide.
_HEAD_WIDTH = 64
# A file holds the encoder alone, or the whole model with a prefix before each part.
_OURS = re.compile(r"(?:(?:model\.)?encoder\.)?((?:conv|embed_positions|layers?)[\w.]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperConfig:
    """Size of an encoder.

    Attributes:
        width: of the states.
        heads: attention heads of each layer.
        layers: how many there are.
        n_mels: bands of the input.
        positions: longest input, in frames of 20 ms; 0 keeps no table and computes the positions
            of each input.
    """

    width: int = 512
    heads: int = 8
    layers: int = 6
    n_mels: int = 80
    positions: int = 1500

    def __post_init__(self) -> None:
        if min(self.width, self.heads, self.layers, self.n_mels) < 1 or self.positions < 0:
            raise ValueError(
                "width, heads, layers and n_mels must be positive, positions not negative"
            )
        if self.width % self.heads:
            raise ValueError("width must be a multiple of heads")


VARIANTS: dict[str, WhisperConfig] = {
    "base": WhisperConfig(),
    "tiny": WhisperConfig(width=16, heads=2, layers=2, positions=100),
}


class WhisperLogMel(nn.Module):
    """Whisper's log-mel of a waveform, as part of the graph; every clip by its own loudest band."""

    kernels: Tensor
    filterbank: Tensor

    def __init__(self, n_mels: int = 80) -> None:
        super().__init__()
        samples = np.arange(WINDOW_SAMPLES)
        phase = 2.0 * np.pi * np.outer(np.arange(WINDOW_SAMPLES // 2 + 1), samples) / WINDOW_SAMPLES
        window = hann_window(WINDOW_SAMPLES)
        kernels = np.concatenate([np.cos(phase) * window, -np.sin(phase) * window])
        filters = mel_filters(
            sampling_rate_hz=SAMPLING_RATE_HZ,
            n_fft=WINDOW_SAMPLES,
            n_mels=n_mels,
            fmin_hz=0.0,
            fmax_hz=SAMPLING_RATE_HZ / 2,
        )
        self.register_buffer("kernels", torch.from_numpy(kernels.astype(np.float32))[:, None])
        self.register_buffer("filterbank", torch.from_numpy(filters))

    def forward(self, waveform: Tensor) -> Tensor:
        """Map `[batch, samples]` at 16 kHz (full scale 1) to `[batch, n_mels, samples / 160]`."""
        half = WINDOW_SAMPLES // 2
        padded = functional.pad(waveform.unsqueeze(1), (half, half), mode="reflect")
        spectrum = functional.conv1d(padded, self.kernels, stride=HOP_SAMPLES)[..., :-1]
        real, imaginary = spectrum.chunk(2, dim=1)
        mels = torch.matmul(self.filterbank, real.square() + imaginary.square())
        level = mels.clamp(min=1e-10).log10()
        loudest = level.amax(dim=(1, 2), keepdim=True)
        return (torch.maximum(level, loudest - 8.0) + 4.0) / 4.0


class _Attention(nn.Module):
    """Self-attention of all frames with all; keys have no bias."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[batch, frames, width]` to the same shape."""
        query, key, value = (
            project(x).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for project in (self.q_proj, self.k_proj, self.v_proj)
        )
        mixed = functional.scaled_dot_product_attention(query, key, value)
        joined: Tensor = self.out_proj(mixed.transpose(1, 2).flatten(2))
        return joined


class _Layer(nn.Module):
    """Attention and a perceptron, each after a layer norm and beside what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.self_attn_layer_norm = nn.LayerNorm(width)
        self.self_attn = _Attention(width, heads)
        self.final_layer_norm = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[batch, frames, width]` to the same shape."""
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        inner: Tensor = self.fc2(functional.gelu(self.fc1(self.final_layer_norm(x))))
        return x + inner


class WhisperEncoder(nn.Module):
    """The encoder; see the module's docstring for its shapes."""

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv1d(config.n_mels, config.width, 3, padding=1)
        self.conv2 = nn.Conv1d(config.width, config.width, 3, stride=2, padding=1)
        self.layers = nn.ModuleList(
            _Layer(config.width, config.heads) for _ in range(config.layers)
        )
        self.layer_norm = nn.LayerNorm(config.width)
        if config.positions:
            table = sinusoids(config.positions, config.width)
            self.embed_positions = nn.Embedding(config.positions, config.width, _weight=table)
            self.embed_positions.weight.requires_grad_(False)  # as published: never trained

    def forward(self, log_mel: Tensor) -> tuple[Tensor, ...]:
        """Map `[batch, n_mels, frames]` to the states of every layer.

        Returns:
            `1 + layers` tensors `[batch, frames / 2, width]`: after the convolutions, then after
            each layer. `layer_norm` of the last is what the published decoder reads.
        """
        x = functional.gelu(self.conv1(log_mel))
        x = functional.gelu(self.conv2(x)).transpose(1, 2)
        x = x + self._positions(x.shape[1])
        states = [x]
        for layer in self.layers:
            states.append(layer(states[-1]))
        return tuple(states)

    def _positions(self, frames: int) -> Tensor:
        if not self.config.positions:
            return sinusoids(frames, self.config.width)
        table: Tensor = self.embed_positions.weight
        return table[:frames]

    def cut(self, *, layers: int, positions: int | None = None) -> WhisperEncoder:
        """Return the first layers as an encoder of its own, with a shorter table of positions.

        Args:
            layers: how many.
            positions: how many; 0 computes them, None keeps all.

        Raises:
            ConfigError: it has fewer layers or positions.
        """
        positions = self.config.positions if positions is None else positions
        if not (0 < layers <= self.config.layers and 0 <= positions <= self.config.positions):
            raise ConfigError(
                f"the encoder has {self.config.layers} layers and {self.config.positions} "
                f"positions: {layers} and {positions} cannot be taken"
            )
        kept = WhisperConfig(
            width=self.config.width,
            heads=self.config.heads,
            layers=layers,
            n_mels=self.config.n_mels,
            positions=positions,
        )
        found = WhisperEncoder(kept)
        wanted = found.state_dict()
        found.load_state_dict(
            {
                name: tensor[: len(wanted[name])]
                for name, tensor in self.state_dict().items()
                if name in wanted
            }
        )
        return found


def sinusoids(positions: int, width: int) -> Tensor:
    """Return the published table of positions, `[positions, width]`: sines, then cosines."""
    step = math.log(10_000.0) / (width // 2 - 1)
    rates = torch.exp(-step * torch.arange(width // 2))
    phase = torch.arange(positions)[:, None] * rates[None]
    return torch.cat([phase.sin(), phase.cos()], dim=1)


def load_whisper_encoder(source: str | Path) -> WhisperEncoder:
    """Load published weights.

    Args:
        source: a `.safetensors` file of the encoder or the whole model, the folder of one as
            `transformers` saves it, or a name on the Hugging Face hub (`openai/whisper-base`).
            `AFFEKT_ENCODERS` names a folder whose `whisper-base-encoder.safetensors` comes before
            the hub.

    Raises:
        ConfigError: there is no such file or name, or it holds no Whisper encoder.
        MissingExtraError: the extra that reads it is not installed.
    """
    path = Path(source)
    if path.is_dir():
        return _encoder_of(
            _read(path / "model.safetensors"), heads=_heads(path), source=str(source)
        )
    kept = Path(os.environ.get("AFFEKT_ENCODERS", "")) / f"{path.name}-encoder.safetensors"
    path = kept if kept.is_file() else path
    if path.suffix == ".safetensors":
        return _encoder_of(_read(path), heads=None, source=str(path))
    try:
        from transformers import WhisperModel
    except ModuleNotFoundError:
        raise MissingExtraError(
            what="loading from the hub", package="transformers", extra="ssl"
        ) from None
    try:
        model = WhisperModel.from_pretrained(str(source))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{source}: cannot be loaded: {error}") from None
    heads = model.config.encoder_attention_heads
    return _encoder_of(model.encoder.state_dict(), heads=heads, source=str(source))


def _read(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ModuleNotFoundError:
        raise MissingExtraError(
            what="reading an encoder", package="safetensors", extra="train"
        ) from None
    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None


def _heads(folder: Path) -> int | None:
    try:
        values = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        return int(values["encoder_attention_heads"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _encoder_of(weights: Mapping[str, Tensor], *, heads: int | None, source: str) -> WhisperEncoder:
    own = {
        found[1]: tensor.float()
        for name, tensor in weights.items()
        if (found := _OURS.fullmatch(name))
    }
    try:
        width, n_mels, _ = own["conv1.weight"].shape
        config = WhisperConfig(
            width=width,
            heads=heads or max(1, width // _HEAD_WIDTH),
            layers=1 + max(int(name.split(".")[1]) for name in own if name.startswith("layers.")),
            n_mels=n_mels,
            positions=len(own["embed_positions.weight"]),
        )
        encoder = WhisperEncoder(config)
        kept = encoder.state_dict().keys()
        encoder.load_state_dict({name: own[name] for name in kept})
    except (KeyError, ValueError, RuntimeError) as error:
        raise ConfigError(f"{source}: holds no Whisper encoder: {error}") from None
    return encoder
