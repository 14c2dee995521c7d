"""A GRU beside the LSTM of P. Pathak's text.

H. Shukla's text lists the layer; none of the texts trains one.

Source: Cho et al. 2014. A vector is read as a sequence of groups of values, a matrix row after row.

Shapes for `vector-162`:

    input                  [batch, 162]
    as a sequence          [batch, 18, 9]
    GRU, last state        [batch, 128]
    dense, ReLU, dropout   [batch, 64]
    logits                 [batch, classes]
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional

from affekt.models.layers import check_rates, check_sizes, dense_head


@dataclass(frozen=True, slots=True, kw_only=True)
class GruConfig:
    """Sizes.

    Attributes:
        group: values of a vector that make one step; the last group is filled up with zeros.
            1 reads single values, as `pathak-lstm` does. A matrix does without.
        units: of the GRU.
        dense: units of the dense layer.
        dropout: rate after it.
    """

    group: int = 9
    units: int = 128
    dense: int = 64
    dropout: float = 0.2

    def __post_init__(self) -> None:
        check_sizes(self.group, self.units, self.dense)
        check_rates(self.dropout)


class Gru(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(self, config: GruConfig, *, input_shape: tuple[int, ...], n_classes: int) -> None:
        super().__init__()
        self.config = config
        self.fill = -input_shape[0] % config.group
        self.steps = (input_shape[0] + self.fill) // config.group
        width = input_shape[1] if len(input_shape) == 2 else config.group
        self.gru = nn.GRU(width, config.units, batch_first=True)
        self.classify = dense_head(config.units, config.dense, n_classes, dropout=config.dropout)

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, values]` or `[batch, rows, columns]` to logits `[batch, classes]`."""
        if features.dim() == 2:
            filled = functional.pad(features, (0, self.fill))
            features = filled.reshape(-1, self.steps, self.config.group)
        states, _ = self.gru(features)
        logits: Tensor = self.classify(states[:, -1])
        return logits
