"""The LSTM of P. Pathak ("Speech Emotion Recognition").

The text draws the layers: LSTM of 256 over a sequence of 162 single values, dense 64, dense 7. Its
281,095 parameters are these: 4 * 256 * (1 + 256 + 1) + 257 * 64 + 65 * 7. The ReLU of the dense
layer is inferred.

Shapes for `vector-162`:

    input                  [batch, 162]
    as a sequence          [batch, 162, 1]
    LSTM, last state       [batch, 256]
    dense, ReLU            [batch, 64]
    logits                 [batch, 7]
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from affekt.models.layers import check_sizes
from affekt.models.recurrent import SingleBiasLSTM


@dataclass(frozen=True, slots=True, kw_only=True)
class PathakLstmConfig:
    """Sizes; the text's.

    Attributes:
        units: of the LSTM.
        dense: of the dense layer.
    """

    units: int = 256
    dense: int = 64

    def __post_init__(self) -> None:
        check_sizes(self.units, self.dense)


class PathakLstm(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self,
        config: PathakLstmConfig,
        *,
        input_shape: tuple[int, ...],  # noqa: ARG002 - any length will do
        n_classes: int,
    ) -> None:
        super().__init__()
        self.config = config
        self.lstm = SingleBiasLSTM(1, config.units)
        self.classify = nn.Sequential(
            nn.Linear(config.units, config.dense), nn.ReLU(), nn.Linear(config.dense, n_classes)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, values]` to logits `[batch, classes]`."""
        states, _ = self.lstm(features.unsqueeze(2))
        logits: Tensor = self.classify(states[:, -1])
        return logits
