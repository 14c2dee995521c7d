"""How the weights of a classifier are drawn, and which of them are kernels.

Sources: "xavier", Glorot and Bengio 2010; "he", He et al. 2015, both uniform; orthogonal recurrent
kernels, Saxe et al. 2014; a forget gate that starts open, Jozefowicz et al. 2015. Keras, with which
the texts were made, does all but "he" by default.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.modules.conv import _ConvNd

Scheme = Literal["xavier", "he"]


def initialise_weights(network: nn.Module, scheme: Scheme) -> None:
    """Draw the weights of convolutions, dense and recurrent layers anew, in place.

    Kernels that take inputs are drawn by the scheme, recurrent kernels are orthogonal, biases zero
    but for the forget gates of an LSTM, which are one. Norms stay as they are. Drawn from torch's
    own generator, which the caller seeds.
    """
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, _ConvNd | nn.Linear):
                _draw(layer.weight, scheme)
                if layer.bias is not None:
                    layer.bias.zero_()
            elif isinstance(layer, nn.RNNBase):
                _initialise_recurrent(layer, scheme)


def kernels(network: nn.Module) -> list[nn.Parameter]:
    """Return the weights of convolutions, dense and recurrent layers: what an L2 term is taken of.

    Biases and norms are no kernels.
    """
    return [
        value
        for layer in network.modules()
        if isinstance(layer, _ConvNd | nn.Linear | nn.RNNBase)
        for name, value in layer.named_parameters(recurse=False)
        if name.startswith("weight")
    ]


def _draw(kernel: Tensor, scheme: Scheme) -> None:
    if scheme == "xavier":
        nn.init.xavier_uniform_(kernel)
    else:
        nn.init.kaiming_uniform_(kernel, nonlinearity="relu")


def _initialise_recurrent(layer: nn.RNNBase, scheme: Scheme) -> None:
    for name, value in layer.named_parameters():
        if name.startswith("weight_ih"):
            _draw(value, scheme)
        elif name.startswith("weight_hh"):
            nn.init.orthogonal_(value)
        else:
            value.zero_()
        if isinstance(layer, nn.LSTM) and name.startswith("bias_ih"):
            # torch keeps the gates in the order input, forget, cell, output.
            value[layer.hidden_size : 2 * layer.hidden_size] = 1.0
