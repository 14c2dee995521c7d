"""The 2-D network of R. Mittal.

The text: "Speech Emotion Recognition using Convolutional Neural Networks", 2021.

Convolutions, pools and dropout rates are the text's. Inferred: the dense layer's 128 units; that
the zero padding is of the convolutions alone, so that pools drop what does not fill a window; that
0.25 stands before the dense layer and 0.5 after it.

Shapes for `spectrogram-image-270x260`:

    input                                  [batch, 260, 270]
    convolution 5 x 5, ReLU, max pool      [batch, 32, 86, 89]
    convolution 5 x 5, ReLU, max pool      [batch, 64, 28, 29]
    convolution 5 x 5, ReLU, max pool      [batch, 32, 8, 9]     then dropout
    flatten                                [batch, 2304]
    dense, ReLU, dropout                   [batch, 128]
    logits                                 [batch, 8]

Every pool takes 5 x 5 values, every 3.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import Layers, as_image, check_rates, check_sizes, dense_head


@dataclass(frozen=True, slots=True, kw_only=True)
class MittalCnn2dConfig:
    """Sizes; the text's but for `dense`.

    Attributes:
        filters: of the convolutions.
        kernel: side of the convolutions.
        pool, stride: side and stride of the max pools.
        dropout: rate after the convolutions.
        dense: units of the dense layer.
        dense_dropout: rate after it.
        batch_norm: after the ReLU of each convolution; the text has none.
    """

    filters: tuple[int, ...] = (32, 64, 32)
    kernel: int = 5
    pool: int = 5
    stride: int = 3
    dropout: float = 0.25
    dense: int = 128
    dense_dropout: float = 0.5
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_sizes(*self.filters, self.kernel, self.pool, self.stride, self.dense)
        check_rates(self.dropout, self.dense_dropout)
        if not self.filters:
            raise ValueError("filters needs at least one number, one a convolution")


class MittalCnn2d(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: MittalCnn2dConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        pool, stride = (config.pool, config.pool), (config.stride, config.stride)
        layers = Layers(input_shape)
        for filters in config.filters:
            # A maximum and a ReLU commute exactly, and the ReLU has less to do after the pool.
            layers.convolution(filters, (config.kernel, config.kernel))
            layers.max_pool(pool, stride, padding="valid")
            layers.relu(batch_norm=config.batch_norm)
        layers.add(nn.Dropout(config.dropout))
        self.convolutions = layers.build()
        self.classify = dense_head(
            layers.width, config.dense, n_classes, dropout=config.dense_dropout
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, rows, columns]` to logits `[batch, classes]`."""
        logits: Tensor = self.classify(self.convolutions(as_image(features)))
        return logits
