"""The 2-D network that L. Mostafa, M. ElZeftawy and S. Khaled take from another paper.

Their text, "Speech Emotion Recognition: A Comparative Study of Different Feature Spaces and
Learning Models" (2023, section 7), names that paper: "Recognition of
Emotions in Speech Using Convolutional Neural Networks on Different Datasets". Sizes are the
text's. Inferred: convolutions and pools are padded ("same"), else nothing is left of 13
coefficients.

Shapes for `mfcc-matrix`:

    input                                  [batch, 333, 13]
    convolution 5 x 5, ReLU, max pool      [batch, 75, 167, 7]
    convolution 5 x 5, ReLU, max pool      [batch, 135, 84, 4]    then dropout
    convolution 5 x 5, ReLU, max pool      [batch, 75, 42, 2]
    flatten                                [batch, 6300]
    dense, ReLU, dropout                   [batch, 45]
    logits                                 [batch, 6]

Every pool takes 4 x 4 values, every 2. All windows are square, so that the matrix may lie on its
side inside, frames along the rows: processors with matrix units train long rows faster.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import Layers, as_image, check_rates, check_sizes, dense_head


@dataclass(frozen=True, slots=True, kw_only=True)
class CremaCnn2dExternalConfig:
    """Sizes; the text's.

    Attributes:
        filters: of the three convolutions.
        kernel: side of the convolutions.
        dropout: rate after the second pool and after the dense layer.
        dense: units of the dense layer.
        batch_norm: after the ReLU of each convolution; the text has none.
    """

    filters: tuple[int, ...] = (75, 135, 75)
    kernel: int = 5
    dropout: float = 0.2
    dense: int = 45
    batch_norm: bool = False

    def __post_init__(self) -> None:
        check_sizes(*self.filters, self.kernel, self.dense)
        check_rates(self.dropout)
        if len(self.filters) != 3:
            raise ValueError("filters needs three numbers, one a convolution")


class CremaCnn2dExternal(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: CremaCnn2dExternalConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        layers = Layers(input_shape[::-1])
        for place, filters in enumerate(config.filters):
            # A maximum and a ReLU commute exactly, and the ReLU has less to do after the pool.
            layers.convolution(filters, (config.kernel, config.kernel))
            layers.max_pool((4, 4), (2, 2))
            layers.relu(batch_norm=config.batch_norm)
            if place == 1:
                layers.add(nn.Dropout(config.dropout))
        self.convolutions = layers.build()
        self.classify = dense_head(layers.width, config.dense, n_classes, dropout=config.dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, frames, coefficients]` to logits `[batch, classes]`."""
        lying = as_image(features.transpose(1, 2))
        logits: Tensor = self.classify(self.convolutions(lying))
        return logits
