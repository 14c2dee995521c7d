"""Layers put one after another, each given the size that the one before leaves.

A vector runs as an image of one row: in the channels-last layout torch convolves and pools such an
image nearly twice as fast as it does a line, and computes the same.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

Size = tuple[int, int]  # rows, columns


def as_image(features: Tensor) -> Tensor:
    """Give features their channels, as `[batch, channels, rows, columns]`, channels last in memory.

    Args:
        features: `[batch, values]`, which becomes one row of one channel; `[batch, rows, columns]`,
            which becomes one channel; or `[batch, channels, rows, columns]`.
    """
    if features.dim() == 2:
        features = features.unsqueeze(1)
    if features.dim() == 3:
        features = features.unsqueeze(1)
    return features.contiguous(memory_format=torch.channels_last)


class Layers:
    """A pile of layers for images, and the shape of what leaves it.

    "same" means what it means in Keras: sizes are divided by the stride and rounded up; where the
    padding is odd, the end gets more; padding counts in no maximum and no average.

    Attributes:
        channels, size: of the output so far.

    Raises:
        ValueError: a layer without padding does not fit into what is left.
    """

    def __init__(self, input_shape: tuple[int, ...]) -> None:
        channels, rows, columns = (1, 1, 1, *input_shape)[-3:]
        self.channels = channels
        self.size: Size = (rows, columns)
        self._layers: list[nn.Module] = []

    @property
    def width(self) -> int:
        """How many values leave the pile, once flattened."""
        return self.channels * self.size[0] * self.size[1]

    def build(self, *, flatten: bool = True) -> nn.Sequential:
        """Return the pile, with a flattening layer on top where asked for."""
        return nn.Sequential(*self._layers, *([nn.Flatten()] if flatten else []))

    def add(self, *layers: nn.Module) -> None:
        """Add layers that leave the shape alone."""
        self._layers.extend(layers)

    def convolution(
        self,
        filters: int,
        kernel: Size,
        *,
        stride: Size = (1, 1),
        padding: Literal["same", "valid"] = "same",
    ) -> None:
        """Add a convolution."""
        (top, bottom), (left, right) = (0, 0), (0, 0)
        if padding == "same":
            (top, bottom), (left, right) = map(_pads, self.size, kernel, stride)
        if (top, left) != (bottom, right):  # the convolution itself pads both ends alike
            self.add(nn.ZeroPad2d((0, right - left, 0, bottom - top)))
        self.add(nn.Conv2d(self.channels, filters, kernel, stride, (top, left)))
        self.channels = filters
        self._shrink(kernel, stride, padding)

    def max_pool(
        self, kernel: Size, stride: Size, *, padding: Literal["same", "valid"] = "same"
    ) -> None:
        """Add a maximum over each window."""
        before = self._pool_padding(kernel, stride, padding)
        self.add(nn.MaxPool2d(kernel, stride, before, ceil_mode=padding == "same"))
        self._shrink(kernel, stride, padding)

    def average_pool(self, kernel: Size, stride: Size) -> None:
        """Add a mean over each window, "same"."""
        before = self._pool_padding(kernel, stride, "same")
        self.add(nn.AvgPool2d(kernel, stride, before, ceil_mode=True, count_include_pad=False))
        self._shrink(kernel, stride, "same")

    def relu(self, *, batch_norm: bool = False) -> None:
        """Add a ReLU, and after it a batch norm where asked for."""
        self.add(nn.ReLU())
        if batch_norm:
            self.batch_norm()

    def batch_norm(self) -> None:
        """Add a batch norm of each channel."""
        self.add(nn.BatchNorm2d(self.channels))

    def _pool_padding(self, kernel: Size, stride: Size, padding: str) -> Size:
        # With `ceil_mode` torch lets the last window reach over the end, which is all that the
        # larger half of an odd padding is for.
        if padding == "valid":
            return (0, 0)
        (top, _), (left, _) = map(_pads, self.size, kernel, stride)
        return top, left

    def _shrink(self, kernel: Size, stride: Size, padding: str) -> None:
        if padding == "valid" and (self.size[0] < kernel[0] or self.size[1] < kernel[1]):
            found = " x ".join(map(str, self.size))
            wanted = " x ".join(map(str, kernel))
            raise ValueError(f"the input is too small: {found} is left where {wanted} must fit")
        lost = kernel if padding == "valid" else (1, 1)
        self.size = (
            (self.size[0] - lost[0]) // stride[0] + 1,
            (self.size[1] - lost[1]) // stride[1] + 1,
        )


def _pads(size: int, kernel: int, stride: int) -> Size:
    """Return how much Keras' "same" pads before and after."""
    windows = -(-size // stride)
    total = max(0, (windows - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def dense_head(width: int, units: int, n_classes: int, *, dropout: float) -> nn.Sequential:
    """Return a dense layer, ReLU and dropout, then the logits: `[batch, width]` in."""
    return nn.Sequential(
        nn.Linear(width, units), nn.ReLU(), nn.Dropout(dropout), nn.Linear(units, n_classes)
    )


def check_sizes(*sizes: int) -> None:
    """Refuse sizes below 1.

    Raises:
        ValueError: says which.
    """
    if min(sizes) < 1:
        raise ValueError("filters, kernels, pools and units must be at least 1")


def check_rates(*rates: float) -> None:
    """Refuse dropout rates outside 0 to 1, 1 excluded.

    Raises:
        ValueError: says so.
    """
    if not all(0.0 <= rate < 1.0 for rate in rates):
        raise ValueError("dropout rates must lie in 0 to 1, 1 excluded")
