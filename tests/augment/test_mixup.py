from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.augment import draw_mixup


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


def test_alpha_0_leaves_every_clip_whole(rng):
    assert draw_mixup(rng, 3, 0.0).weights.tolist() == [1.0, 1.0, 1.0]


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
