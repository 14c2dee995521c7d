import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from affekt.metrics import brier_score, expected_calibration_error, log_loss
from affekt.metrics.calibration import (
    classwise_calibration_error,
    fit_temperature,
    reliability,
    soften,
)


def draw(seed, clips, classes=4):
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.ones(classes), clips), rng.integers(0, classes, clips)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 50))
def test_nll_and_brier_agree_with_their_definitions(seed, clips):
    probabilities, truth = draw(seed, clips)
    assert log_loss(probabilities, truth) == pytest.approx(
        oracle.log_loss(truth, probabilities, labels=range(4))
    )
    one_hot = np.eye(4)[truth]
    per_class = [((probabilities[:, k] - one_hot[:, k]) ** 2).mean() for k in range(4)]
    assert brier_score(probabilities, truth) == pytest.approx(sum(per_class))


def test_nll_stays_finite_when_the_truth_was_given_no_chance():
    assert np.isfinite(log_loss(np.array([[1.0, 0.0]]), np.array([1])))


def test_confidence_that_matches_accuracy_has_no_calibration_error():
    probabilities = np.tile([0.75, 0.25], (4, 1))
    assert expected_calibration_error(probabilities, np.array([0, 0, 0, 1]), bins=1) == 0.0


def test_each_bin_holds_equally_many_clips():
    # Two bins of two: confidences .6 .7 with one right (gap .15), .8 .9 with both right (gap .15).
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.8, 0.2], [0.7, 0.3]])
    truth = np.array([0, 1, 0, 0])
    assert expected_calibration_error(probabilities, truth, bins=2) == pytest.approx(0.15)


def test_fewer_clips_than_bins_are_measured_one_by_one():
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert expected_calibration_error(probabilities, np.array([0, 0])) == pytest.approx(
        (0.1 + 0.8) / 2
    )


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 80))
def test_calibration_error_lies_between_the_pooled_gap_and_one(seed, clips):
    probabilities, truth = draw(seed, clips)
    pooled = expected_calibration_error(probabilities, truth, bins=1)
    assert pooled - 1e-12 <= expected_calibration_error(probabilities, truth) <= 1.0


def test_the_diagram_has_the_points_whose_gaps_are_the_error():
    probabilities, truth = draw(3, 100)
    diagram = reliability(probabilities, truth, bins=7)
    assert diagram.clips.sum() == 100
    assert (np.diff(diagram.confidence) >= 0).all()
    gaps = np.abs(diagram.accuracy - diagram.confidence) * diagram.clips / 100
    assert expected_calibration_error(probabilities, truth, bins=7) == pytest.approx(gaps.sum())


def test_the_classwise_error_is_the_mean_over_classes_of_their_own():
    probabilities, truth = draw(4, 60)
    own = [
        expected_calibration_error(np.c_[one, -np.ones(60)], np.where(truth == k, 0, 1))
        for k, one in enumerate(probabilities.T)
    ]
    assert classwise_calibration_error(probabilities, truth) == pytest.approx(np.mean(own))
    assert classwise_calibration_error(np.eye(4)[truth], truth) == 0.0


@pytest.mark.parametrize("temperature", [0.3, 1.0, 4.0])
def test_the_temperature_is_where_the_truth_is_most_likely(temperature):
    rng = np.random.default_rng(0)
    logits = 2.0 * rng.standard_normal((4000, 4))
    truth = (soften(logits, 1.0).cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1)
    found = fit_temperature(temperature * logits, truth)
    assert found == pytest.approx(temperature, rel=0.06)
    here = log_loss(soften(temperature * logits, found), truth)
    for near in (0.98, 1.02):
        assert here < log_loss(soften(temperature * logits, near * found), truth)


def test_a_temperature_stays_within_a_factor_of_ten():
    right, wrong = np.eye(3)[[0, 1, 2]], np.eye(3)[[1, 2, 0]]
    assert fit_temperature(right, np.arange(3)) == pytest.approx(0.1)
    assert fit_temperature(wrong, np.arange(3)) == pytest.approx(10.0)


@pytest.mark.parametrize(
    "figure",
    [
        log_loss,
        brier_score,
        expected_calibration_error,
        classwise_calibration_error,
        fit_temperature,
    ],
)
def test_shapes_that_do_not_fit_are_refused(figure):
    with pytest.raises(ValueError, match="at least one clip"):
        figure(np.ones((0, 3)), np.array([], dtype=int))
    with pytest.raises(ValueError, match="at least one clip"):
        figure(np.ones((2, 3)) / 3, np.array([0]))
