from __future__ import annotations

import json

import numpy as np
import pytest

from affekt.augment import Pipeline
from affekt.augment.masks import Crop
from affekt.augment.spectrogram import Gain, Noise, Speed
from affekt.errors import ConfigError

RECIPE = [
    {"name": "noise", "probability": 0.5, "snr_db": [0, 20]},
    {"name": "speed", "factor": [0.8, 1.2]},
    {"name": "filter_response"},
    {"name": "time_mask"},
    {"name": "crop", "frames": 40},
]


def build(settings):
    return Pipeline.from_settings(settings, fmin_hz=60.0, fmax_hz=7000.0, where="recipe [augment]")


def test_steps_come_from_a_recipe_with_the_edges_of_its_front_end():
    pipeline = build(RECIPE[:2] + RECIPE[4:])
    assert pipeline.steps == (
        Noise(probability=0.5, snr_db=(0.0, 20.0), fmin_hz=60.0, fmax_hz=7000.0),
        Speed(factor=(0.8, 1.2), fmin_hz=60.0, fmax_hz=7000.0),
        Crop(frames=40),
    )


def test_steps_are_applied_in_their_order(rng):
    clip = np.zeros((10, 3), dtype=np.float32)
    pipeline = Pipeline((Gain(gain_db=(10.0, 10.0)), Crop(frames=4)))
    changed = pipeline(clip, rng)
    assert changed.shape == (4, 3)
    np.testing.assert_allclose(changed, np.log(10.0), rtol=1e-6)


def test_a_trace_equals_a_call_and_replays_from_its_log(log_mels):
    pipeline = build(RECIPE)
    for seed in range(6):
        called = pipeline(log_mels, np.random.default_rng(seed))
        traced, log = pipeline.trace(log_mels, np.random.default_rng(seed))
        replayed = pipeline.replay(log_mels, json.loads(json.dumps(log)))
        np.testing.assert_array_equal(called, traced)
        np.testing.assert_array_equal(called, replayed)


def test_a_log_names_the_steps_left_out(log_mels, rng):
    pipeline = build([{"name": "gain", "probability": 0.0}, {"name": "crop", "frames": 8}])
    _, log = pipeline.trace(log_mels, rng)
    assert log[0] is None
    assert set(log[1]) == {"start"}


def test_a_log_of_another_pipeline_is_refused(log_mels):
    with pytest.raises(ValueError, match="shorter"):
        build(RECIPE).replay(log_mels, [None])


def test_no_steps_change_nothing(log_mels, rng):
    assert build([])(log_mels, rng) is log_mels


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ({"name": "nois"}, "unknown augmentation 'nois' .did you mean 'noise'"),
        ({"probability": 0.5}, "unknown augmentation None"),
        ({"name": "noise", "snr": [0, 10]}, "noise: unknown key 'snr' .did you mean 'snr_db'"),
        ({"name": "gain", "gain_db": [3, 1]}, "gain: gain_db"),
        ({"name": "crop", "frames": 1.5}, "crop: 'frames': expected int"),
    ],
)
def test_a_mistake_in_a_recipe_is_named_with_its_place(step, message):
    with pytest.raises(ConfigError, match=rf"recipe \[augment\]: {message}"):
        build([step])
