"""The 1-D network of L. Mostafa, M. ElZeftawy and S. Khaled.

Their text: "Speech Emotion Recognition: A Comparative Study of Different Feature Spaces and
Learning Models", 2023.

Sizes are the text's, section 4.8. That the pools are padded ("same") like the convolutions is
inferred; so is that each ReLU comes before its batch norm, as a Keras layer with an activation
has it.

Shapes for `mfcc-zcr-energy`:

    input                                            [batch, 1410]
    convolution 5 wide, ReLU, batch norm, pool       [batch, 256, 705]
    convolution 5 wide, ReLU, batch norm, pool       [batch, 256, 353]    then dropout
    convolution 3 wide, ReLU, batch norm, pool       [batch, 128, 177]
    flatten                                          [batch, 22656]
    dense, ReLU, batch norm                          [batch, 512]
    logits                                           [batch, 6]

Every pool is a maximum over 5 values, every 2.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import Layers, as_image, check_rates, check_sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class CremaCnn1dConfig:
    """Sizes; the text's.

    Attributes:
        filters: of the three convolutions.
        kernels: their widths.
        dropout: rate after the second pool.
        dense: units of the dense layer.
        batch_norm: after each convolution and after the dense layer, as the text has it.
    """

    filters: tuple[int, ...] = (256, 256, 128)
    kernels: tuple[int, ...] = (5, 5, 3)
    dropout: float = 0.2
    dense: int = 512
    batch_norm: bool = True

    def __post_init__(self) -> None:
        check_sizes(*self.filters, *self.kernels, self.dense)
        check_rates(self.dropout)
        if len(self.filters) != 3 or len(self.kernels) != 3:
            raise ValueError("filters and kernels need three numbers each, one a convolution")


class CremaCnn1d(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: CremaCnn1dConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        layers = Layers(input_shape)
        for place, (filters, kernel) in enumerate(zip(config.filters, config.kernels, strict=True)):
            layers.convolution(filters, (1, kernel))
            layers.relu(batch_norm=config.batch_norm)
            layers.max_pool((1, 5), (1, 2))
            if place == 1:
                layers.add(nn.Dropout(config.dropout))
        self.convolutions = layers.build()
        self.classify = nn.Sequential(
            nn.Linear(layers.width, config.dense),
            nn.ReLU(),
            *([nn.BatchNorm1d(config.dense)] if config.batch_norm else []),
            nn.Linear(config.dense, n_classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, values]` to logits `[batch, classes]`."""
        logits: Tensor = self.classify(self.convolutions(as_image(features)))
        return logits
