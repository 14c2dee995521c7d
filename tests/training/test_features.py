"""Rows of features, their normalisation and the batches of an epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt.augment import Pipeline
from affekt.errors import ConfigError
from affekt.training.features import (
    EpochSampler,
    FeatureBatches,
    FeatureRows,
    fit_normalisation,
    ordered_loader,
)


def rows_of(features: np.ndarray, targets: list[int], rows: list[int]) -> FeatureRows:
    return FeatureRows(features, np.array(targets), np.array(rows, dtype=np.int64))


def test_normalisation_looks_at_training_rows_alone():
    features = np.array([[1.0, 10.0], [3.0, 10.0], [100.0, -50.0]], dtype=np.float32)
    fitted = fit_normalisation(rows_of(features, [0, 1, 0], [0, 1]), over=())
    np.testing.assert_allclose(fitted.mean, [2.0, 10.0])
    np.testing.assert_allclose(fitted.scale, [1.0, 1.0])  # the second never changes


def test_a_matrix_can_share_one_mean_over_its_frames():
    features = np.random.default_rng(0).normal(5.0, 3.0, (40, 7, 3)).astype(np.float32)
    fitted = fit_normalisation(rows_of(features, [0] * 40, list(range(40))), over=(0,))
    assert fitted.mean.shape == (1, 3)
    np.testing.assert_allclose(fitted.mean[0], features.mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_allclose(fitted.scale[0], features.std(axis=(0, 1)), rtol=1e-5)


def test_the_mean_is_exact_over_more_rows_than_a_block():
    features = np.random.default_rng(0).normal(-2.0, 0.5, (1001, 4)).astype(np.float16)
    fitted = fit_normalisation(rows_of(features, [0] * 1001, list(range(1001))), over=())
    expected = features.astype(np.float64)
    np.testing.assert_allclose(fitted.mean, expected.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(fitted.scale, expected.std(axis=0), rtol=1e-5)


def test_without_axes_nothing_is_normalised():
    features = np.full((3, 2, 2), 7.0, dtype=np.float32)
    fitted = fit_normalisation(rows_of(features, [0, 0, 0], [0, 1, 2]), over=None)
    assert (features[0] - fitted.mean) / fitted.scale == pytest.approx(features[0])


@given(st.integers(1, 60), st.integers(1, 17), st.integers(0, 3))
def test_an_epoch_sees_every_row_once(count: int, batch_size: int, epoch: int):
    part = rows_of(np.zeros((count, 1), np.float32), [0] * count, list(range(count)))
    sampler = EpochSampler(part, batch_size=batch_size, seed=3)
    sampler.set_epoch(epoch)
    plans = list(sampler)
    assert len(plans) == len(sampler)
    assert sorted(np.concatenate([plan.rows for plan in plans])) == list(range(count))


def test_a_single_row_left_over_joins_the_last_batch():
    part = rows_of(np.zeros((9, 1), np.float32), [0] * 9, list(range(9)))
    sampler = EpochSampler(part, batch_size=4, seed=0)
    assert [len(plan.rows) for plan in sampler] == [4, 5]
    assert len(sampler) == 2


def test_epochs_differ_and_repeat_exactly():
    part = rows_of(np.zeros((50, 1), np.float32), [0] * 50, list(range(50)))
    orders = []
    for epoch in (0, 1, 0):
        sampler = EpochSampler(part, batch_size=50, seed=3)
        sampler.set_epoch(epoch)
        orders.append(next(iter(sampler)).rows.tolist())
    assert orders[0] == orders[2] != orders[1]


def test_oversampling_draws_every_class_equally_often():
    targets = [0] * 900 + [1] * 100
    part = rows_of(np.zeros((1000, 1), np.float32), targets, list(range(1000)))
    sampler = EpochSampler(part, batch_size=1000, seed=0, oversample=True)
    drawn = next(iter(sampler)).rows
    assert 0.45 < np.mean(np.array(targets)[drawn]) < 0.55


def test_an_empty_training_part_is_refused():
    part = rows_of(np.zeros((2, 1), np.float32), [0, 0], [])
    with pytest.raises(ConfigError, match="training part is empty"):
        EpochSampler(part, batch_size=2, seed=0)


def test_batches_hold_the_rows_of_their_plan_in_single_precision():
    features = np.arange(12, dtype=np.float16).reshape(6, 2)
    part = rows_of(features, [0, 1, 2, 0, 1, 2], [4, 1, 5])
    sampler = EpochSampler(part, batch_size=2, seed=0)
    batches = FeatureBatches(part, None, seed=0)
    seen = [batches[plan] for plan in sampler]
    assert [len(batch.targets) for batch in seen] == [3]
    values = np.concatenate([batch.features.numpy() for batch in seen])
    assert values.dtype == np.float32
    assert sorted(values[:, 0].tolist()) == [2.0, 8.0, 10.0]


def test_augmentation_repeats_by_seed_and_differs_by_epoch():
    images = np.random.default_rng(0).random((4, 6, 8)).astype(np.float32)
    part = rows_of(images, [0] * 4, list(range(4)))
    steps = [{"name": "rescale", "factor": [0.2, 0.9]}]
    pipeline = Pipeline.for_images(steps, where="test")

    def epoch(seed: int, number: int) -> np.ndarray:
        sampler = EpochSampler(part, batch_size=4, seed=0)
        sampler.set_epoch(number)
        (plan,) = sampler
        order = np.argsort(plan.rows)
        return FeatureBatches(part, pipeline, seed=seed)[plan].features.numpy()[order]

    np.testing.assert_array_equal(epoch(1, 0), epoch(1, 0))
    assert not np.allclose(epoch(1, 0), epoch(1, 1))
    assert not np.allclose(epoch(1, 0), epoch(2, 0))
    assert (epoch(1, 0) < images).all()


def test_the_ordered_loader_keeps_the_order_of_the_part():
    features = np.arange(10, dtype=np.float32).reshape(5, 2)
    part = rows_of(features, [0, 1, 2, 3, 4], [3, 0, 4])
    targets = [batch.targets.tolist() for batch in ordered_loader(part, batch_size=2)]
    assert targets == [[3, 0], [4]]
