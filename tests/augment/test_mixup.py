from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.augment import MixupDraw, draw_mixup, mix, mixup


def test_mix_weighs_each_clip_against_its_partner():
    draw = MixupDraw(
        weights=np.array([1.0, 0.75, 0.5], dtype=np.float32), partners=np.array([1, 2, 0])
    )
    batch = np.array([[0.0, 1.0], [4.0, 8.0], [0.0, -8.0]], dtype=np.float32)
    assert mix(batch, draw).tolist() == [[0.0, 1.0], [3.0, 4.0], [0.0, -3.5]]


def test_clips_and_targets_are_mixed_alike(rng):
    targets = np.eye(4, dtype=np.float32)
    batch = np.repeat(targets[:, None, :], 3, axis=1)
    mixed, mixed_targets = mixup(batch, targets, rng, 0.4)
    assert mixed.dtype == mixed_targets.dtype == np.float32
    for frame in range(3):
        np.testing.assert_array_equal(mixed[:, frame], mixed_targets)


@settings(max_examples=30, deadline=None)
@given(
    size=st.integers(1, 64),
    alpha=st.floats(0.0, 5.0),
    seed=st.integers(0, 1000),
)
def test_weights_lie_in_0_to_1_and_partners_are_a_permutation(size, alpha, seed):
    draw = draw_mixup(np.random.default_rng(seed), size, alpha)
    assert draw.weights.dtype == np.float32
    assert ((draw.weights >= 0.0) & (draw.weights <= 1.0)).all()
    assert sorted(draw.partners) == list(range(size))


def test_targets_still_sum_to_one(rng):
    targets = np.eye(8, dtype=np.float32)[rng.integers(8, size=32)]
    _, mixed = mixup(targets, targets, rng, 0.3)
    np.testing.assert_allclose(mixed.sum(axis=1), 1.0, rtol=1e-6)


def test_alpha_0_switches_it_off(rng):
    batch = np.arange(6, dtype=np.float32).reshape(3, 2)
    mixed, _ = mixup(batch, batch, rng, 0.0)
    assert mixed.tolist() == batch.tolist()


def test_larger_alpha_mixes_more_evenly():
    def evenness(alpha):
        weights = draw_mixup(np.random.default_rng(0), 2000, alpha).weights
        return np.abs(weights - 0.5).mean()

    assert evenness(4.0) < evenness(1.0) < evenness(0.2)


def test_draw_can_be_logged(rng):
    draw = draw_mixup(rng, 3, 0.2)
    logged = json.loads(json.dumps(draw.to_dict()))
    assert sorted(logged["partners"]) == [0, 1, 2]
    assert len(logged["weights"]) == 3


def test_negative_alpha_is_refused(rng):
    with pytest.raises(ValueError, match="alpha"):
        draw_mixup(rng, 4, -0.1)
