"""The multilayer perceptron of P. Pathak ("Speech Emotion Recognition").

The text trains scikit-learn's `MLPClassifier` with hidden layers 256, 256, 64. Its weights are
copied into this module, which is stored like every other network, without pickle.

Shapes for `vector-162`:

    input                  [batch, 162]
    dense, ReLU            [batch, 256]
    dense, ReLU            [batch, 256]
    dense, ReLU            [batch, 64]
    logits                 [batch, 7]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from affekt.models.layers import check_sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class PathakMlpConfig:
    """Sizes.

    Attributes:
        hidden: units of the hidden layers; the text's.
    """

    hidden: tuple[int, ...] = (256, 256, 64)

    def __post_init__(self) -> None:
        check_sizes(*self.hidden)


class PathakMlp(nn.Module):
    """The network; see the module's docstring for its shapes."""

    def __init__(
        self, config: PathakMlpConfig, *, input_shape: tuple[int, ...], n_classes: int
    ) -> None:
        super().__init__()
        self.config = config
        widths = (*input_shape, *config.hidden)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], n_classes))

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, values]` to logits `[batch, classes]`."""
        logits: Tensor = self.layers(features)
        return logits


class FittedMlp(Protocol):
    """What is read of a fitted `sklearn.neural_network.MLPClassifier`."""

    coefs_: Sequence[Any]
    intercepts_: Sequence[Any]
    activation: str
    out_activation_: str


def from_sklearn(fitted: FittedMlp) -> PathakMlp:
    """Copy the weights of a fitted scikit-learn classifier into a network that answers the same.

    Args:
        fitted: of three classes or more (scikit-learn gives two classes a single output), with
            ReLU in the hidden layers. The logits come in the order of its `classes_`.

    Raises:
        ValueError: another activation, or two classes.
    """
    if (fitted.activation, fitted.out_activation_) != ("relu", "softmax"):
        raise ValueError(
            f"activations {fitted.activation} and {fitted.out_activation_}: only relu and softmax "
            "(three classes or more) can be copied"
        )
    kernels = [np.asarray(kernel, dtype=np.float32) for kernel in fitted.coefs_]
    config = PathakMlpConfig(hidden=tuple(kernel.shape[1] for kernel in kernels[:-1]))
    network = PathakMlp(
        config, input_shape=kernels[0].shape[:1], n_classes=int(kernels[-1].shape[1])
    )
    dense = [layer for layer in network.layers if isinstance(layer, nn.Linear)]
    with torch.no_grad():
        for layer, kernel, bias in zip(dense, kernels, fitted.intercepts_, strict=True):
            layer.weight.copy_(torch.from_numpy(kernel.T.copy()))
            layer.bias.copy_(torch.from_numpy(np.asarray(bias, dtype=np.float32)))
    return network.eval()
