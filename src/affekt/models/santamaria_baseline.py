"""The baseline of E. A. Santamaria ("Emotion Recognition").

The text shows the time-distributed network of Lim et al. 2016: one and the same CNN over successive
windows of the input, and what it finds there read in order. Where that paper reads with LSTMs, the
text has 1-D convolutions. Sizes are ours: windows of 16 frames (0.5 s), 64 filters, kernels of 3.

Shapes for `mfcc-40x128`:

    input: coefficients by frames                      [batch, 40, 128]
    as windows                                         [batch, 40, 8, 16]
    in each window: convolution over time, ReLU, pool  [batch, 64, 8, 8]
    in each window: convolution over time, ReLU, pool  [batch, 64, 8, 1]    then dropout
    over the windows: convolution, ReLU                [batch, 64, 8]
    flatten, dropout                                   [batch, 512]
    dense, ReLU                                        [batch, 64]
    logits                                             [batch, 8]

The first pool is a maximum over 2 frames, the second over what is left of the window.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from affekt.models.layers import Layers, as_image, check_rates, check_sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class SantamariaBaselineConfig:
    """Sizes; all inferred, see the module's docstring.

    Attributes:
        window: frames of a window; the last window is filled up with zeros.
        filters: of every convolution.
        dropout: rate after the windows' network and before the dense layer.
        dense: units of the dense layer.
        batch_norm: after the ReLU of each convolution; the text has none.
    """

    window: int = 16
    filters: int = 64
    dropout: float = 0.25
    dense: int = 64
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_sizes(self.window, self.filters, self.dense)
        check_rates(self.dropout)


class SantamariaBaseline(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: SantamariaBaselineConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        coefficients, frames = input_shape
        windows = -(-frames // config.window)
        self.fill = windows * config.window - frames
        self.windows = (coefficients, windows, config.window)
        # A kernel one row high never looks into another window: rows are windows here.
        layers = Layers(self.windows)
        # A maximum and a ReLU commute exactly, and the ReLU has less to do after the pool.
        layers.convolution(config.filters, (1, 3))
        layers.max_pool((1, 2), (1, 2))
        layers.relu(batch_norm=config.batch_norm)
        layers.convolution(config.filters, (1, 3))
        layers.max_pool((1, layers.size[1]), (1, layers.size[1]))
        layers.relu(batch_norm=config.batch_norm)
        layers.add(nn.Dropout(config.dropout))
        layers.convolution(config.filters, (3, 1))
        layers.relu(batch_norm=config.batch_norm)
        self.convolutions = layers.build()
        self.classify = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(layers.width, config.dense),
            nn.ReLU(),
            nn.Linear(config.dense, n_classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, coefficients, frames]` to logits `[batch, classes]`."""
        filled = functional.pad(features, (0, self.fill))
        windows = filled.reshape(-1, *self.windows)
        logits: Tensor = self.classify(self.convolutions(as_image(windows)))
        return logits
