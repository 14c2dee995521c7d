"""The 1-D network of P. Pathak ("Speech Emotion Recognition").

The text says 1-D convolutions with max pools and dropout and about 600,000 parameters ("6L"). The
sizes are ours: the row of filters that is usual for this data set, which comes to 580,039 with
seven classes. Convolutions and pools are padded ("same").

Shapes for `vector-162`:

    input                              [batch, 162]
    convolution 5 wide, ReLU, pool     [batch, 256, 81]
    convolution 5 wide, ReLU, pool     [batch, 256, 41]
    convolution 5 wide, ReLU, pool     [batch, 128, 21]    then dropout
    convolution 5 wide, ReLU, pool     [batch, 64, 11]
    flatten                            [batch, 704]
    dense, ReLU, dropout               [batch, 64]
    logits                             [batch, 7]

Every pool is a maximum over 5 values, every 2.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import Layers, as_image, check_rates, check_sizes, dense_head


@dataclass(frozen=True, slots=True, kw_only=True)
class PathakCnnConfig:
    """Sizes; all inferred, see the module's docstring.

    Attributes:
        filters: of the convolutions.
        kernel: width of the convolutions.
        dropout: rate after the last convolution but one.
        dense: units of the dense layer.
        dense_dropout: rate after it.
        batch_norm: after the ReLU of each convolution; the text has none.
    """

    filters: tuple[int, ...] = (256, 256, 128, 64)
    kernel: int = 5
    dropout: float = 0.2
    dense: int = 64
    dense_dropout: float = 0.3
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_sizes(*self.filters, self.kernel, self.dense)
        check_rates(self.dropout, self.dense_dropout)
        if len(self.filters) < 2:
            raise ValueError("filters needs at least two numbers, one a convolution")


class PathakCnn(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: PathakCnnConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        layers = Layers(input_shape)
        for place, filters in enumerate(config.filters, start=1):
            # A maximum and a ReLU commute exactly, and the ReLU has less to do after the pool.
            layers.convolution(filters, (1, config.kernel))
            layers.max_pool((1, 5), (1, 2))
            layers.relu(batch_norm=config.batch_norm)
            if place == len(config.filters) - 1:
                layers.add(nn.Dropout(config.dropout))
        self.convolutions = layers.build()
        self.classify = dense_head(
            layers.width, config.dense, n_classes, dropout=config.dense_dropout
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, values]` to logits `[batch, classes]`."""
        logits: Tensor = self.classify(self.convolutions(as_image(features)))
        return logits
