"""Image augmentations on arrays small enough to compute by hand, and against scipy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import affine_transform

from affekt.augment import IMAGE_AUGMENTATIONS, Pipeline
from affekt.augment.image import HorizontalFlip, Rescale, Shear, Zoom, shear, zoom
from affekt.errors import ConfigError

SMALL = np.array([[0.0, 0.1, 0.2], [0.3, 0.4, 0.5], [0.6, 0.7, 0.8]], dtype=np.float32)


def noise(rows: int, columns: int) -> np.ndarray:
    return np.random.default_rng(5).random((rows, columns), dtype=np.float32)


def resampled(image: np.ndarray, matrix: list[list[float]]) -> np.ndarray:
    """What Keras does: scipy reads the image at `matrix @ place`, about the centre."""
    centre = (np.array(image.shape) - 1) / 2
    offset = centre - np.array(matrix) @ centre
    wide = image.astype(np.float64)
    return affine_transform(wide, np.array(matrix), offset=offset, order=1, mode="nearest")


def test_flip_mirrors_time_and_keeps_frequency():
    flipped = HorizontalFlip().apply(SMALL, {})
    np.testing.assert_array_equal(flipped[0], SMALL[0, ::-1])
    np.testing.assert_array_equal(flipped[:, 1], SMALL[:, 1])


def test_flip_twice_is_the_image_itself(image, rng):
    flip = HorizontalFlip()
    np.testing.assert_array_equal(flip(flip(image, rng), rng), image)


def test_rescale_multiplies_the_values_and_cuts_them_at_1():
    brighter = Rescale().apply(SMALL, {"factor": 2.0})
    np.testing.assert_allclose(brighter, [[0, 0.2, 0.4], [0.6, 0.8, 1], [1, 1, 1]], rtol=1e-6)


def test_zoom_by_half_magnifies_the_middle():
    magnified = zoom(SMALL, rows=0.5, columns=1.0)
    expected = [[0.15, 0.25, 0.35], [0.3, 0.4, 0.5], [0.45, 0.55, 0.65]]
    np.testing.assert_allclose(magnified, expected, rtol=1e-6)


def test_zoom_by_3_repeats_the_edge_around_the_image():
    reduced = zoom(noise(9, 12), rows=3.0, columns=1.0)
    np.testing.assert_array_equal(reduced[:3], np.tile(noise(9, 12)[0], (3, 1)))
    np.testing.assert_array_equal(reduced[-3:], np.tile(noise(9, 12)[-1], (3, 1)))


@pytest.mark.parametrize("shape", [(260, 270), (7, 4), (1, 5), (5, 1)])
@pytest.mark.parametrize(("rows", "columns"), [(0.9, 1.1), (1.1, 0.95), (3.0, 0.2)])
def test_zoom_reads_where_keras_reads(shape, rows, columns):
    image = noise(*shape)
    expected = resampled(image, [[rows, 0.0], [0.0, columns]])
    np.testing.assert_allclose(zoom(image, rows=rows, columns=columns), expected, atol=1e-6)


@pytest.mark.parametrize("shape", [(260, 270), (7, 4), (1, 5), (5, 1)])
@pytest.mark.parametrize("angle_deg", [-80.0, -5.0, 0.5, 10.0, 45.0])
def test_shear_reads_where_keras_reads(shape, angle_deg):
    image = noise(*shape)
    angle = math.radians(angle_deg)
    expected = resampled(image, [[1.0, -math.sin(angle)], [0.0, math.cos(angle)]])
    np.testing.assert_allclose(shear(image, angle_deg=angle_deg), expected, atol=1e-6)


def test_a_positive_angle_moves_the_right_side_down():
    line = np.zeros((41, 41), dtype=np.float32)
    line[20] = 1.0
    sheared = shear(line, angle_deg=15.0)
    left, middle, right = (int(sheared[:, column].argmax()) for column in (5, 20, 35))
    assert left < middle == 20 < right


def test_neither_zoom_nor_shear_by_nothing_changes_a_value(image):
    np.testing.assert_array_equal(zoom(image, rows=1.0, columns=1.0), image)
    np.testing.assert_array_equal(shear(image, angle_deg=0.0), image)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 20),
    columns=st.integers(1, 20),
    name=st.sampled_from(sorted(IMAGE_AUGMENTATIONS)),
    seed=st.integers(0, 1000),
)
def test_every_step_keeps_the_shape_and_the_range(rows, columns, name, seed):
    rng = np.random.default_rng(seed)
    wide = {"zoom": Zoom(factor=(0.1, 10.0)), "shear": Shear(angle_deg=(-80.0, 80.0))}
    step = wide.get(name) or IMAGE_AUGMENTATIONS[name]()
    black_or_white = rng.integers(0, 2, (rows, columns)).astype(np.float32)
    changed = step(black_or_white, rng)
    assert changed.shape == (rows, columns)
    assert changed.dtype == np.float32
    assert changed.flags.c_contiguous
    assert changed.min() >= 0.0
    assert changed.max() <= 1.0


def test_draws_stay_within_their_settings(rng):
    zooms = [Zoom(factor=(0.8, 1.2)).draw(rng, (9, 9)) for _ in range(100)]
    assert all(0.8 <= value <= 1.2 for draw in zooms for value in draw.values())
    assert any(draw["rows"] != draw["columns"] for draw in zooms)
    angles = [Shear(angle_deg=(2.0, 3.0)).draw(rng, (9, 9))["angle_deg"] for _ in range(100)]
    assert min(angles) >= 2.0
    assert max(angles) <= 3.0


def test_a_pipeline_of_images_is_built_from_a_recipe(image, rng):
    steps = [
        {"name": "horizontal_flip", "probability": 0.5},
        {"name": "rescale", "factor": [0.5, 1.0]},
        {"name": "zoom"},
        {"name": "shear", "angle_deg": [-10, 10]},
    ]
    pipeline = Pipeline.for_images(steps, where="recipe")
    assert pipeline.steps == (
        HorizontalFlip(probability=0.5),
        Rescale(factor=(0.5, 1.0)),
        Zoom(),
        Shear(angle_deg=(-10.0, 10.0)),
    )
    changed, log = pipeline.trace(image, rng)
    np.testing.assert_array_equal(pipeline.replay(image, log), changed)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"name": "horizontal-flip"}, "unknown augmentation .* .did you mean 'horizontal_flip'"),
        ({"name": "time_mask"}, "unknown augmentation 'time_mask'"),
        ({"name": "shear", "angle": [0, 5]}, "shear: unknown key 'angle' .* 'angle_deg'"),
        ({"name": "shear", "angle_deg": [0, 90]}, "shear: angle_deg"),
        ({"name": "zoom", "factor": [0, 1]}, "zoom: factor"),
        ({"name": "rescale", "factor": [-1, 1]}, "rescale: factor"),
    ],
)
def test_a_mistake_in_a_recipe_is_named_with_its_place(step, message):
    with pytest.raises(ConfigError, match=f"recipe: {message}"):
        Pipeline.for_images([step], where="recipe")
