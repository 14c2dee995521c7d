"""Every augmentation keeps the same promises; a new one is tested by joining its table."""

from __future__ import annotations

import dataclasses
import inspect
import json

import numpy as np
import pytest

from affekt.augment import AUGMENTATIONS, IMAGE_AUGMENTATIONS, WAVEFORM_AUGMENTATIONS
from affekt.config import from_mapping, to_mapping

TABLES = {
    "log-mel": ("log_mels", AUGMENTATIONS),
    "waveform": ("tone", WAVEFORM_AUGMENTATIONS),
    "image": ("image", IMAGE_AUGMENTATIONS),
}
CASES = {
    f"{domain}-{name}": (clip, kind)
    for domain, (clip, known) in TABLES.items()
    for name, kind in known.items()
}


@pytest.fixture(params=CASES.values(), ids=CASES.keys())
def case(request):
    """A clip, and the augmentation of its domain with its default settings."""
    fixture, kind = request.param
    return request.getfixturevalue(fixture), kind()


def test_draw_is_plain_json_and_replays_from_it(case, rng):
    clip, augmentation = case
    draw = augmentation.draw(rng, clip.shape)
    replayed = json.loads(json.dumps(draw, allow_nan=False))
    assert replayed == draw
    np.testing.assert_array_equal(
        augmentation.apply(clip, draw), augmentation.apply(clip, replayed)
    )


def test_apply_leaves_the_input_alone_and_shares_no_memory(case, rng):
    clip, augmentation = case
    before = clip.copy()
    changed = augmentation.apply(clip, augmentation.draw(rng, clip.shape))
    np.testing.assert_array_equal(clip, before)
    assert not np.shares_memory(changed, clip)


def test_result_is_finite_float32_with_the_same_mels(case, rng):
    clip, augmentation = case
    changed = augmentation.apply(clip, augmentation.draw(rng, clip.shape))
    assert changed.dtype == np.float32
    assert changed.ndim == clip.ndim
    assert changed.shape[1:] == clip.shape[1:]
    assert np.isfinite(changed).all()


def test_one_seed_gives_one_result_and_another_seed_another_draw(case):
    clip, augmentation = case
    first, again, other = (np.random.default_rng(seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(augmentation(clip, first), augmentation(clip, again))
    one, another = (augmentation.draw(generator, (5000, 80)) for generator in (first, other))
    nothing_to_draw = one == {}
    assert nothing_to_draw or one != another


def test_probability_decides_whether_it_is_applied(case, rng):
    clip, augmentation = case
    never = dataclasses.replace(augmentation, probability=0.0)
    half = dataclasses.replace(augmentation, probability=0.5)
    assert never(clip, rng) is clip
    applied = sum(half.sample(rng, clip.shape) is not None for _ in range(400))
    assert 160 <= applied <= 240


def test_generator_is_required(case):
    clip, augmentation = case
    assert inspect.signature(augmentation.draw).parameters["rng"].default is inspect.Parameter.empty
    with pytest.raises(TypeError, match="rng"):
        augmentation(clip)


def test_one_frame_or_a_few_samples_are_enough(case, rng):
    clip, augmentation = case
    short = clip[:1] if clip.ndim == 2 else clip[:8]
    changed = augmentation.apply(short, augmentation.draw(rng, short.shape))
    assert changed.size > 0
    assert np.isfinite(changed).all()


def test_settings_survive_a_mapping_as_a_recipe_writes_it(case):
    _, augmentation = case
    values = json.loads(json.dumps(to_mapping(augmentation)))
    assert from_mapping(type(augmentation), values, where="here") == augmentation


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_impossible_probability_is_refused(case, probability):
    _, augmentation = case
    with pytest.raises(ValueError, match="probability"):
        dataclasses.replace(augmentation, probability=probability)
