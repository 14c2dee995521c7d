"""The network that P. Pathak deployed ("Speech Emotion Recognition").

The text says that an LSTM was added to the convolutional network, with dropout, and about 630,000
parameters ("6.3L"). The sizes are ours: the first three convolutions of `pathak-cnn` and an LSTM of
128, which come to 633,735 with seven classes. The pools leave the LSTM 21 steps.

Shapes for `vector-162`:

    input                              [batch, 162]
    convolution 5 wide, ReLU, pool     [batch, 256, 81]
    convolution 5 wide, ReLU, pool     [batch, 256, 41]
    convolution 5 wide, ReLU, pool     [batch, 128, 21]    then dropout
    LSTM, last state                   [batch, 128]
    dense, ReLU, dropout               [batch, 64]
    logits                             [batch, 7]

Every pool is a maximum over 5 values, every 2; convolutions and pools are padded ("same").
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import Layers, as_image, check_rates, check_sizes, dense_head
from affekt.models.recurrent import SingleBiasLSTM


@dataclass(frozen=True, slots=True, kw_only=True)
class PathakCnnLstmConfig:
    """Sizes; all inferred, see the module's docstring.

    Attributes:
        filters: of the convolutions.
        kernel: width of the convolutions.
        dropout: rate after the last convolution.
        units: of the LSTM.
        dense: units of the dense layer.
        dense_dropout: rate after it.
        batch_norm: after the ReLU of each convolution; the text has none.
    """

    filters: tuple[int, ...] = (256, 256, 128)
    kernel: int = 5
    dropout: float = 0.2
    units: int = 128
    dense: int = 64
    dense_dropout: float = 0.3
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_sizes(*self.filters, self.kernel, self.units, self.dense)
        check_rates(self.dropout, self.dense_dropout)
        if not self.filters:
            raise ValueError("filters needs at least one number, one a convolution")


class PathakCnnLstm(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: PathakCnnLstmConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        layers = Layers(input_shape)
        for filters in config.filters:
            # A maximum and a ReLU commute exactly, and the ReLU has less to do after the pool.
            layers.convolution(filters, (1, config.kernel))
            layers.max_pool((1, 5), (1, 2))
            layers.relu(batch_norm=config.batch_norm)
        layers.add(nn.Dropout(config.dropout))
        self.convolutions = layers.build(flatten=False)
        self.lstm = SingleBiasLSTM(layers.channels, config.units)
        self.classify = dense_head(
            config.units, config.dense, n_classes, dropout=config.dense_dropout
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, values]` to logits `[batch, classes]`."""
        line: Tensor = self.convolutions(as_image(features)).squeeze(2)
        states, _ = self.lstm(line.transpose(1, 2))
        logits: Tensor = self.classify(states[:, -1])
        return logits
