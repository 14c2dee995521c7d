"""The 2-D network of L. Mostafa, M. ElZeftawy and S. Khaled.

Their text: "Speech Emotion Recognition: A Comparative Study of Different Feature Spaces and
Learning Models", 2023.

Sizes are the text's, section 4.8.1. Inferred: convolutions and pools are padded ("same"), else
nothing is left of 13 coefficients after the second pool; each ReLU comes before its batch norm, as
a Keras layer with an activation has it; the dropout stands after the third pool.

Shapes for `mfcc-matrix`:

    input                                                    [batch, 333, 13]
    convolution 6 x 6, ReLU, batch norm, average pool        [batch, 256, 167, 7]
    convolution 6 x 6, ReLU, batch norm, average pool        [batch, 128, 84, 4]
    convolution 6 x 6, ReLU, batch norm, average pool        [batch, 128, 42, 2]    then dropout
    convolution 6 x 6, ReLU, max pool                        [batch, 64, 21, 1]
    flatten                                                  [batch, 1344]
    dense, ReLU                                              [batch, 256]
    logits                                                   [batch, 6]

Every pool takes 4 x 4 values, every 2. All windows are square, so that the matrix may lie on its
side inside, frames along the rows: processors with matrix units train long rows faster.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import Layers, as_image, check_rates, check_sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class CremaCnn2dConfig:
    """Sizes; the text's.

    Attributes:
        filters: of the convolutions; the last one has a max pool and no batch norm.
        kernel: side of the convolutions.
        dropout: rate before the last convolution.
        dense: units of the dense layer.
        batch_norm: after each convolution but the last, as the text has it.
    """

    filters: tuple[int, ...] = (256, 128, 128, 64)
    kernel: int = 6
    dropout: float = 0.2
    dense: int = 256
    batch_norm: bool = True

    def __post_init__(self) -> None:
        check_sizes(*self.filters, self.kernel, self.dense)
        check_rates(self.dropout)
        if len(self.filters) < 2:
            raise ValueError("filters needs at least two numbers, one a convolution")


class CremaCnn2d(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: CremaCnn2dConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        kernel = (config.kernel, config.kernel)
        layers = Layers(input_shape[::-1])
        for filters in config.filters[:-1]:
            layers.convolution(filters, kernel)
            layers.relu(batch_norm=config.batch_norm)
            layers.average_pool((4, 4), (2, 2))
        layers.add(nn.Dropout(config.dropout))
        # A maximum and a ReLU commute exactly, and the ReLU has less to do after the pool.
        layers.convolution(config.filters[-1], kernel)
        layers.max_pool((4, 4), (2, 2))
        layers.add(nn.ReLU())
        self.convolutions = layers.build()
        self.classify = nn.Sequential(
            nn.Linear(layers.width, config.dense), nn.ReLU(), nn.Linear(config.dense, n_classes)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, frames, coefficients]` to logits `[batch, classes]`."""
        lying = as_image(features.transpose(1, 2))
        logits: Tensor = self.classify(self.convolutions(lying))
        return logits
