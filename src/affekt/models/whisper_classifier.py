"""A classifier over the first layers of Whisper's encoder.

Sources: encoder, Radford et al. 2023 (see `whisper_encoder`); one learnable weight a layer, as
ELMo mixes its layers, Peters et al. 2018; attentive statistics pooling, Okabe et al. 2018; the
level of speech by a relative gate, after ITU-R BS.1770.

Shapes with the `whisper-base` variant, for T frames of 80 log-mels every 10 ms:

    input                                   [batch, T, 80]
    speech brought to one level             [batch, T, 80]
    states of the layers that are mixed     [batch, T / 2, 512] each
    attentive mean and deviation            [batch, 1024]
    embedding                               [batch, 256]
    logits                                  [batch, classes]
    intensity, where it is wanted           [batch, 1]
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from affekt.models.residual_se import Answer
from affekt.models.whisper_encoder import WhisperConfig, WhisperEncoder

_LOWEST = 1e-10
# Where the mean log10 power of speech lies in most recordings.
_SPEECH_LEVEL = -1.0
# Frames more than 10 dB below the mean are pauses.
_GATE = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperClassifierConfig:
    """Size of the network.

    Attributes:
        width, heads: of the encoder.
        layers: how many of the encoder's layers are kept.
        mixed: how many of the last states are mixed; the convolutions' come before all layers'.
        trained: how many of the last layers are trained; the convolutions go with all of them.
        attention: width of the layer that weighs the frames.
        embedding: size of the embedding.
        dropout: rate before the embedding and before the logits.
        intensity: a second output tells how intense the emotion is (0 to 1); the recipe then
            needs `fit.intensity_weight`.
    """

    width: int = 512
    heads: int = 8
    layers: int = 4
    mixed: int = 3
    trained: int = 4
    attention: int = 128
    embedding: int = 256
    dropout: float = 0.3
    intensity: bool = False

    def __post_init__(self) -> None:
        if min(self.mixed, self.attention, self.embedding) < 1:
            raise ValueError("mixed, attention and embedding must be positive")
        if not 0 <= self.trained <= self.layers or self.mixed > self.layers + 1:
            raise ValueError("trained and mixed must not exceed the layers")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError("dropout must lie in 0 to 1, 1 excluded")
        self.encoder(1)  # which checks the sizes

    def encoder(self, n_mels: int) -> WhisperConfig:
        """Return the encoder of so many bands, whose positions are computed."""
        return WhisperConfig(
            width=self.width, heads=self.heads, layers=self.layers, n_mels=n_mels, positions=0
        )


VARIANTS: dict[str, WhisperClassifierConfig] = {
    "base": WhisperClassifierConfig(),
    "tiny": WhisperClassifierConfig(
        width=16, heads=2, layers=2, trained=2, attention=8, embedding=16
    ),
}


class WhisperClassifier(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self,
        config: WhisperClassifierConfig,
        *,
        input_shape: tuple[int | None, int],
        n_classes: int,
    ) -> None:
        super().__init__()
        self.config = config
        self.encoder = WhisperEncoder(config.encoder(input_shape[1]))
        self.mixture = nn.Parameter(torch.zeros(config.mixed))
        self.attention = nn.Sequential(
            nn.Linear(config.width, config.attention), nn.Tanh(), nn.Linear(config.attention, 1)
        )
        self.pooled_norm = nn.BatchNorm1d(2 * config.width)
        self.project = nn.Linear(2 * config.width, config.embedding)
        self.embedding_norm = nn.BatchNorm1d(config.embedding)
        self.dropout = nn.Dropout(config.dropout)
        self.classify = nn.Linear(config.embedding, n_classes)
        self.rate = nn.Linear(config.embedding, 1) if config.intensity else None
        self.encoder.requires_grad_(config.trained == config.layers)
        for layer in self.encoder.layers[config.layers - config.trained :]:
            layer.requires_grad_(True)
        self.encoder.layer_norm.requires_grad_(False)  # the published decoder's, not ours
        self.mixture.requires_grad_(config.mixed > 1)

    @property
    def stride(self) -> int:
        """Input frames to one frame of the relevance."""
        return 2

    def layers_above(self, parameter: str) -> int | None:
        """Return how many encoder layers lie above a parameter; None for one of the head."""
        part, _, rest = parameter.partition(".")
        if part != "encoder":
            return None
        if not rest.startswith("layers."):
            return self.config.layers
        return self.config.layers - 1 - int(rest.split(".")[1])

    def load_encoder(self, published: WhisperEncoder) -> None:
        """Take the first layers of a published encoder.

        Raises:
            ConfigError: it has fewer layers.
            RuntimeError: it has another width.
        """
        cut = published.cut(layers=self.config.layers, positions=0)
        self.encoder.load_state_dict(cut.state_dict())

    def forward(self, log_mel: Tensor) -> Answer:
        """Map log-mels `[batch, frames, mels]`, any number of frames, to an `Answer`."""
        states = self.encoder(speech_levelled(log_mel).transpose(1, 2))[-self.config.mixed :]
        shares = torch.softmax(self.mixture, dim=0)
        x = torch.stack([share * state for share, state in zip(shares, states, strict=True)])
        x = x.sum(dim=0).float()  # pooling in full precision whatever the encoder ran in
        relevance = torch.softmax(self.attention(x).float(), dim=1)
        # Frames last: ONNX Runtime then sums them in one order, whatever shares the batch.
        frames, weights = x.transpose(1, 2), relevance.transpose(1, 2)
        mean = (frames * weights).sum(dim=2)
        variance = (frames.square() * weights).sum(dim=2) - mean.square()
        pooled = torch.cat([mean, variance.clamp_min(1e-5).sqrt()], dim=1)
        embedding = self.project(self.dropout(self.pooled_norm(pooled)))
        embedding = functional.relu(self.embedding_norm(embedding))
        kept = self.dropout(embedding)
        intensity = None if self.rate is None else torch.sigmoid(self.rate(kept).float())
        return Answer(self.classify(kept), embedding, relevance.squeeze(2), intensity)


def speech_levelled(log_mel: Tensor) -> Tensor:
    """Bring speech to one level, and scale it as Whisper's input is.

    Args:
        log_mel: `[batch, frames, mels]`, natural logarithm of mel power.

    Returns:
        The same shape. A clip that is played louder or softer gives the same values, as far as
        the floor under its powers lets it.
    """
    powers = log_mel.float().exp()
    power = powers.mean(dim=2)
    # What follows gives the same bits whatever shares the batch: with eight bits behind it, the
    # last one shows. ONNX Runtime sums a single row, and takes few logarithms, in another way.
    mean = power.unsqueeze(1).expand(-1, 2, -1).mean(dim=2)[:, :1]
    sounding = (power >= _GATE * mean).float()
    sums = torch.stack([power * sounding, sounding], dim=1).sum(dim=2)
    level = (sums[:, :1] / sums[:, 1:]).clamp(min=_LOWEST).unsqueeze(2)
    decades = (powers / level).log10() + _SPEECH_LEVEL
    loudest = decades.amax(dim=(1, 2), keepdim=True)
    return (torch.maximum(decades, loudest - 8.0) + 4.0) / 4.0
