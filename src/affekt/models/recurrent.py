"""An LSTM layer with one bias a gate."""

from __future__ import annotations

import torch
from torch import nn


class SingleBiasLSTM(nn.LSTM):
    """An LSTM of one layer and one bias a gate, as Keras counts it: 4 h (n + h + 1) parameters.

    torch adds two biases in every gate, of which one is redundant. The second is kept at zero
    and is no parameter; torch's own kernels compute the layer.
    """

    bias_hh_l0: torch.Tensor

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__(input_size, hidden_size, batch_first=True)
        del self.bias_hh_l0
        self.register_buffer("bias_hh_l0", torch.zeros(4 * hidden_size), persistent=False)
        self._init_flat_weights()
