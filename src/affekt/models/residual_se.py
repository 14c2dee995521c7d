"""Residual 1-D convolutional network over log-mels with squeeze-excitation and attentive pooling.

Sources: residual blocks, He et al. 2016; squeeze-excitation, Hu et al. 2018; attentive statistics
pooling, Okabe et al. 2018. The combination follows the x-vector line of speaker recognition
(ECAPA-TDNN, Desplanques et al. 2020), with dense convolutions, which processors with matrix units
run several times faster than depthwise ones of the same quality.

Shapes with the `default` variant, for T frames of 80 mels every 16 ms:

    input                                  [batch, T, 80]
    level removed (see `Normalisation`)    [batch, 80, T]
    stem, 5 wide, stride 2                 [batch, 256, T / 2]
    six residual blocks, 3 wide            [batch, 256, T / 2]
    attentive mean and deviation           [batch, 512]
    embedding                              [batch, 128]
    logits                                 [batch, classes]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

Normalisation = Literal["band", "level", "both"]


class Answer(NamedTuple):
    """What a network says of a batch.

    Attributes:
        logits: `[batch, classes]`, uncalibrated.
        embedding: `[batch, dim]`.
        relevance: `[batch, frames]`, not negative, sums to one over the frames.
        intensity: `[batch, 1]`, of the emotion as listeners rate it, 0 to 1; None where the
            network has no such output.
    """

    logits: Tensor
    embedding: Tensor
    relevance: Tensor
    intensity: Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualSEConfig:
    """Size of the network.

    Attributes:
        width: channels of every block.
        dilations: one residual block each, in frames after the stride.
        stride: input frames to one frame of the network (and of the relevance).
        embedding: size of the embedding.
        normalisation: what is taken off the log-mels of a clip: the mean of each band over time
            ("band"), one mean over all ("level"), or each, one beside the other ("both").
        dropout: rate before the embedding and before the logits.
        block_dropout: rate at which whole channels are dropped after a block.
    """

    width: int = 256
    dilations: tuple[int, ...] = (1, 2, 4, 1, 2, 4)
    stride: int = 2
    embedding: int = 128
    normalisation: Normalisation = "band"
    dropout: float = 0.2
    block_dropout: float = 0.1

    def __post_init__(self) -> None:
        if min(self.width, self.stride, self.embedding, *self.dilations) < 1:
            raise ValueError("sizes, stride and dilations must be positive")
        if not (0.0 <= self.dropout < 1.0 and 0.0 <= self.block_dropout < 1.0):
            raise ValueError("dropout rates must lie in 0 to 1, 1 excluded")


VARIANTS: dict[str, ResidualSEConfig] = {
    "default": ResidualSEConfig(),
    "tiny": ResidualSEConfig(width=16, dilations=(1, 2), embedding=8),
}


class _Block(nn.Module):
    """Convolution, batch norm, a gate per channel from the clip's mean, and the input added."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(
            width, width, 3, padding=dilation, dilation=dilation, bias=False
        )
        self.norm = nn.BatchNorm1d(width)
        self.squeeze = nn.Linear(width, max(1, width // 8))
        self.excite = nn.Linear(max(1, width // 8), width)

    def forward(self, x: Tensor) -> Tensor:
        """Map `[batch, width, frames]` to the same shape."""
        inner = self.norm(self.convolution(x))
        gate = torch.sigmoid(self.excite(functional.relu(self.squeeze(inner.mean(dim=2)))))
        return functional.relu(x + inner * gate.unsqueeze(2))


class ResidualSE(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: ResidualSEConfig, *, input_shape: tuple[int | None, int], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        width = config.width
        bands = input_shape[1] * (2 if config.normalisation == "both" else 1)
        self.input_norm = nn.BatchNorm1d(bands)
        self.stem = nn.Conv1d(bands, width, 5, stride=config.stride, padding=2, bias=False)
        self.stem_norm = nn.BatchNorm1d(width)
        self.blocks = nn.ModuleList(_Block(width, dilation) for dilation in config.dilations)
        self.block_dropout = nn.Dropout1d(config.block_dropout)
        self.attention = nn.Sequential(
            nn.Conv1d(width, max(4, width // 4), 1), nn.Tanh(), nn.Conv1d(max(4, width // 4), 1, 1)
        )
        self.pooled_norm = nn.BatchNorm1d(2 * width)
        self.project = nn.Linear(2 * width, config.embedding)
        self.embedding_norm = nn.BatchNorm1d(config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.classify = nn.Linear(config.embedding, n_classes)

    @property
    def stride(self) -> int:
        """Input frames to one frame of the relevance."""
        return self.config.stride

    def forward(self, log_mel: Tensor) -> Answer:
        """Map log-mels `[batch, frames, mels]`, any number of frames, to an `Answer`."""
        x = self._normalise(log_mel).transpose(1, 2)
        x = functional.relu(self.stem_norm(self.stem(self.input_norm(x))))
        for block in self.blocks:
            x = self.block_dropout(block(x))
        x = x.float()  # pooling in full precision whatever the convolutions ran in
        relevance = torch.softmax(self.attention(x).float(), dim=2)
        mean = (x * relevance).sum(dim=2)
        variance = (x.square() * relevance).sum(dim=2) - mean.square()
        pooled = torch.cat([mean, variance.clamp_min(1e-5).sqrt()], dim=1)
        embedding = self.project(self.dropout(self.pooled_norm(pooled)))
        embedding = functional.relu(self.embedding_norm(embedding))
        return Answer(self.classify(self.dropout(embedding)), embedding, relevance.squeeze(1))

    def _normalise(self, log_mel: Tensor) -> Tensor:
        by_band = log_mel - log_mel.mean(dim=1, keepdim=True)
        by_level = log_mel - log_mel.mean(dim=(1, 2), keepdim=True)
        if self.config.normalisation == "band":
            return by_band
        if self.config.normalisation == "level":
            return by_level
        return torch.cat([by_band, by_level], dim=2)
