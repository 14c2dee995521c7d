"""The deep model of E. A. Santamaria ("Emotion Recognition").

The text says a 2-D CNN of three blocks over the cube of planes, and no sizes. Ours follow the
network of the tutorial that it cites (A. Rosebrock, "Keras Conv2D and Convolutional Layers",
pyimagesearch 2018): a wide convolution with stride before the blocks, then blocks of two 3 x 3
convolutions, the second of which takes every other place in place of a pool. Its dense layer of 512
became one of 64, which leaves the network 1.9 million parameters instead of 12.9.

Shapes for `planes-512x90`:

    input                                              [batch, 3, 512, 90]
    convolution 7 x 7, stride 2, ReLU                  [batch, 16, 253, 42]
    block of two convolutions, dropout                 [batch, 32, 127, 21]
    block of two convolutions, dropout                 [batch, 64, 64, 11]
    block of two convolutions, dropout                 [batch, 128, 32, 6]
    flatten                                            [batch, 24576]
    dense, ReLU, batch norm, dropout                   [batch, 64]
    logits                                             [batch, 8]

In the blocks a ReLU and a batch norm follow each convolution.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import Layers, as_image, check_rates, check_sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class SantamariaDeepConfig:
    """Sizes; inferred, see the module's docstring.

    Attributes:
        stem: filters of the first convolution.
        filters: of both convolutions of each block.
        dropout: rate after each block.
        dense: units of the dense layer.
        dense_dropout: rate after it.
        batch_norm: after each convolution of a block and after the dense layer.
    """

    stem: int = 16
    filters: tuple[int, ...] = (32, 64, 128)
    dropout: float = 0.25
    dense: int = 64
    dense_dropout: float = 0.5
    batch_norm: bool = True

    def __post_init__(self) -> None:
        check_sizes(self.stem, *self.filters, self.dense)
        check_rates(self.dropout, self.dense_dropout)


class SantamariaDeep(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: SantamariaDeepConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        layers = Layers(input_shape)
        layers.convolution(config.stem, (7, 7), stride=(2, 2), padding="valid")
        layers.add(nn.ReLU())
        for filters in config.filters:
            for stride in (1, 2):
                layers.convolution(filters, (3, 3), stride=(stride, stride))
                layers.relu(batch_norm=config.batch_norm)
            layers.add(nn.Dropout(config.dropout))
        self.convolutions = layers.build()
        self.classify = nn.Sequential(
            nn.Linear(layers.width, config.dense),
            nn.ReLU(),
            *([nn.BatchNorm1d(config.dense)] if config.batch_norm else []),
            nn.Dropout(config.dense_dropout),
            nn.Linear(config.dense, n_classes),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, planes, rows, columns]` to logits `[batch, classes]`."""
        logits: Tensor = self.classify(self.convolutions(as_image(features)))
        return logits
