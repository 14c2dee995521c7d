"""Convolutions and pools against windows cut out by hand, padded as Keras pads."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.models.layers import Layers, as_image

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))
windows = st.tuples(st.integers(1, 6), st.integers(1, 6))


def keras_windows(image, kernel, stride, value):
    """Windows `[rows, columns, kernel rows, kernel columns]` of a "same" layer.

    The formula of TensorFlow: ceil(size / stride) windows, the smaller half of the padding first.
    """
    pads = []
    for size, side, step in zip(image.shape, kernel, stride, strict=True):
        total = max(0, (-(-size // step) - 1) * step + side - size)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(image, pads, constant_values=value)
    cut = np.lib.stride_tricks.sliding_window_view(padded, kernel)
    return cut[:: stride[0], :: stride[1]]


def drawn(size):
    return np.random.default_rng(size[0] * 10 + size[1]).standard_normal(size).astype(np.float32)


def run(layers, image):
    with torch.inference_mode():
        return layers.build(flatten=False)(torch.from_numpy(image)[None, None]).numpy()[0]


@settings(max_examples=60, deadline=None)
@given(sizes, windows, st.sampled_from([(1, 1), (1, 2), (2, 2), (3, 3)]))
def test_a_convolution_pads_as_keras_does(size, kernel, stride):
    image, layers = drawn(size), Layers(size)
    layers.convolution(2, kernel, stride=stride)
    found = run(layers, image)
    convolution = layers.build()[-2]
    weight, bias = (value.detach().numpy() for value in (convolution.weight, convolution.bias))
    expected = np.einsum("rcij,fij->frc", keras_windows(image, kernel, stride, 0.0), weight[:, 0])
    np.testing.assert_allclose(found, expected + bias[:, None, None], atol=1e-5)
    assert found.shape == (layers.channels, *layers.size)


pools = st.sampled_from([((4, 4), (2, 2)), ((1, 5), (1, 2)), ((5, 5), (3, 3)), ((2, 3), (2, 3))])


@settings(max_examples=60, deadline=None)
@given(sizes, pools)
def test_a_max_pool_pads_as_keras_does(size, pool):
    image, layers = drawn(size), Layers(size)
    layers.max_pool(*pool)
    expected = keras_windows(image, *pool, np.float32(-np.inf)).max(axis=(2, 3))
    np.testing.assert_array_equal(run(layers, image)[0], expected)
    assert layers.size == expected.shape


@settings(max_examples=60, deadline=None)
@given(sizes, pools)
def test_an_average_pool_counts_no_padding(size, pool):
    image, layers = drawn(size), Layers(size)
    layers.average_pool(*pool)
    expected = np.nanmean(keras_windows(image, *pool, np.float32(np.nan)), axis=(2, 3))
    np.testing.assert_allclose(run(layers, image)[0], expected, atol=1e-6)
    assert layers.size == expected.shape


def test_without_padding_what_fills_no_window_is_dropped():
    image, layers = drawn((9, 8)), Layers((9, 8))
    layers.max_pool((5, 5), (3, 3), padding="valid")
    found = run(layers, image)[0]
    assert found.shape == layers.size == (2, 2)
    assert found[1, 1] == image[3:8, 3:8].max()


def test_a_layer_that_does_not_fit_is_refused():
    layers = Layers((4, 90))
    with pytest.raises(ValueError, match=r"too small: 4 x 90 is left where 7 x 7 must fit"):
        layers.convolution(16, (7, 7), padding="valid")


@pytest.mark.parametrize(
    ("shape", "image"),
    [((162,), (1, 1, 162)), ((333, 13), (1, 333, 13)), ((3, 512, 90), (3, 512, 90))],
)
def test_features_become_images_with_channels_last(shape, image):
    batch = torch.randn(2, *shape)
    found = as_image(batch)
    assert found.shape == (2, *image)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(found.reshape(batch.shape), batch)
    layers = Layers(shape)
    assert (layers.channels, *layers.size) == image
