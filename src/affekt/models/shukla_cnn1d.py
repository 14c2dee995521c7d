"""The 1-D network of H. Shukla ("Speech Emotion Recognition").

The text names the layers and their order, and gives no sizes: filters, kernels, pools, rates and
the dense layer are ours, kept small for 141 values. Convolutions and pools are padded ("same").

Shapes for `mfcc-mel-mean`:

    input                              [batch, 141]
    convolution 5 wide, ReLU           [batch, 64, 141]
    convolution 5 wide, ReLU           [batch, 64, 141]
    max pool 4 / 4, dropout            [batch, 64, 36]
    convolution 5 wide, ReLU           [batch, 128, 36]
    max pool 4 / 4, dropout            [batch, 128, 9]
    batch norm, flatten                [batch, 1152]
    dense, ReLU, dropout               [batch, 64]
    logits                             [batch, 8]
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import Layers, as_image, check_rates, check_sizes, dense_head


@dataclass(frozen=True, slots=True, kw_only=True)
class ShuklaCnn1dConfig:
    """Sizes; all inferred, see the module's docstring.

    Attributes:
        filters: of the three convolutions.
        kernel: width of the convolutions.
        pool: width and stride of the max pools.
        dropout: rate after each pool.
        dense: units of the dense layer.
        dense_dropout: rate after it.
        batch_norm: after the last pool, as the text has it.
    """

    filters: tuple[int, ...] = (64, 64, 128)
    kernel: int = 5
    pool: int = 4
    dropout: float = 0.2
    dense: int = 64
    dense_dropout: float = 0.3
    batch_norm: bool = True

    def __post_init__(self) -> None:
        check_sizes(*self.filters, self.kernel, self.pool, self.dense)
        check_rates(self.dropout, self.dense_dropout)
        if len(self.filters) != 3:
            raise ValueError("filters needs three numbers, one a convolution")


class ShuklaCnn1d(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: ShuklaCnn1dConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        first, second, third = config.filters
        kernel, pool = (1, config.kernel), (1, config.pool)
        layers = Layers(input_shape)
        layers.convolution(first, kernel)
        layers.add(nn.ReLU())
        # A maximum and a ReLU commute exactly, and the ReLU has less to do after the pool.
        layers.convolution(second, kernel)
        layers.max_pool(pool, pool)
        layers.add(nn.ReLU(), nn.Dropout(config.dropout))
        layers.convolution(third, kernel)
        layers.max_pool(pool, pool)
        layers.add(nn.ReLU(), nn.Dropout(config.dropout))
        if config.batch_norm:
            layers.batch_norm()
        self.convolutions = layers.build()
        self.classify = dense_head(
            layers.width, config.dense, n_classes, dropout=config.dense_dropout
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, values]` to logits `[batch, classes]`."""
        logits: Tensor = self.classify(self.convolutions(as_image(features)))
        return logits
