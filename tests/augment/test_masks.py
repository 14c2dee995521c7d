from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.augment.masks import Crop, FrequencyMask, TimeMask

FIVE = np.array([[0.0, 10.0], [1.0, 10.0], [2.0, 10.0], [3.0, 10.0], [4.0, 10.0]], np.float32)
MEAN = 6.0


def test_time_mask_puts_the_mean_of_the_clip_in_its_frames():
    masked = TimeMask().apply(FIVE, {"starts": [1, 4], "widths": [2, 1]})
    assert masked.tolist() == [[0, 10], [MEAN, MEAN], [MEAN, MEAN], [3, 10], [MEAN, MEAN]]


def test_frequency_mask_puts_the_mean_of_the_clip_in_its_bands():
    masked = FrequencyMask().apply(FIVE, {"starts": [1], "widths": [1]})
    assert masked.tolist() == [[value, MEAN] for value in range(5)]


def test_crop_keeps_the_drawn_stretch():
    assert Crop(frames=3).apply(FIVE, {"start": 1})[:, 0].tolist() == [1, 2, 3]


def test_crop_leaves_a_short_clip_whole(rng):
    assert Crop(frames=6)(FIVE, rng).tolist() == FIVE.tolist()


@settings(max_examples=40, deadline=None)
@given(frames=st.integers(1, 400), limit=st.integers(1, 400), seed=st.integers(0, 1000))
def test_crop_has_the_length_asked_for_and_lies_within_the_clip(frames, limit, seed):
    clip = np.arange(frames, dtype=np.float32)[:, None]
    cropped = Crop(frames=limit)(clip, np.random.default_rng(seed))[:, 0]
    assert len(cropped) == min(frames, limit)
    np.testing.assert_array_equal(np.diff(cropped), 1.0)


def test_crop_reaches_both_ends():
    crop = Crop(frames=3)
    rng = np.random.default_rng(0)
    assert {crop.draw(rng, (5, 2))["start"] for _ in range(60)} == {0, 1, 2}


@settings(max_examples=40, deadline=None)
@given(frames=st.integers(1, 300), bands=st.integers(1, 100), seed=st.integers(0, 1000))
def test_masks_lie_within_the_clip_and_keep_their_bounds(frames, bands, seed):
    rng = np.random.default_rng(seed)
    time = TimeMask(masks=3, max_frames=20, max_share=0.1).draw(rng, (frames, bands))
    frequency = FrequencyMask(masks=2, max_bands=8).draw(rng, (frames, bands))
    for draw, longest, length in [
        (time, min(20, int(0.1 * frames)), frames),
        (frequency, min(8, bands), bands),
    ]:
        starts, widths = np.array(draw["starts"]), np.array(draw["widths"])
        assert (widths <= longest).all()
        assert (starts >= 0).all()
        assert (starts + widths <= length).all()


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        (TimeMask, {"masks": -1}, "masks"),
        (TimeMask, {"max_frames": -1}, "max_frames"),
        (TimeMask, {"max_share": 1.5}, "max_share"),
        (FrequencyMask, {"max_bands": -1}, "max_bands"),
        (Crop, {"frames": 0}, "frames"),
    ],
)
def test_impossible_settings_are_refused_by_name(kind, values, message):
    with pytest.raises(ValueError, match=message):
        kind(**values)
