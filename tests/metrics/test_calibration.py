import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from affekt.metrics import brier_score, expected_calibration_error, log_loss


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


@pytest.mark.parametrize("figure", [log_loss, brier_score, expected_calibration_error])
def test_shapes_that_do_not_fit_are_refused(figure):
    with pytest.raises(ValueError, match="at least one clip"):
        figure(np.ones((0, 3)), np.array([], dtype=int))
    with pytest.raises(ValueError, match="at least one clip"):
        figure(np.ones((2, 3)) / 3, np.array([0]))
