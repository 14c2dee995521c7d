import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from affekt.metrics.risk import risk_coverage, roc


def test_the_curve_goes_from_the_surest_answer_to_all():
    curve = risk_coverage(np.array([0.2, 0.9, 0.6, 0.7]), np.array([False, True, True, False]))
    np.testing.assert_allclose(curve.coverage, [0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(curve.risk, [0.0, 1 / 2, 1 / 3, 1 / 2])
    assert curve.area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    assert curve.least_area == pytest.approx((0 + 0 + 1 / 3 + 2 / 4) / 4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60))
def test_the_area_lies_between_the_best_order_and_the_worst(seed, clips):
    rng = np.random.default_rng(seed)
    right = rng.random(clips) < 0.6
    curve = risk_coverage(rng.random(clips), right)
    worst = risk_coverage(-right.astype(float), right)
    assert curve.least_area - 1e-12 <= curve.area <= worst.area + 1e-12
    assert curve.risk[-1] == pytest.approx(1.0 - right.mean())


def test_equal_confidences_have_no_order():
    right = np.array([True, False, True, False])
    curve = risk_coverage(np.full(4, 0.5), right)
    np.testing.assert_allclose(curve.risk, 0.5)
    assert risk_coverage(np.full(4, 0.5), right[::-1]).area == curve.area


@pytest.mark.parametrize(("coverage", "risk"), [(0.0, 0.0), (0.25, 0.0), (0.5, 0.5), (1.0, 0.5)])
def test_the_risk_can_be_asked_at_a_coverage(coverage, risk):
    curve = risk_coverage(np.array([0.9, 0.7, 0.5, 0.2]), np.array([True, False, True, False]))
    assert curve.risk_at(coverage) == pytest.approx(risk)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 40), st.booleans())
def test_the_area_under_the_roc_agrees_with_scikit_learn(seed, in_domain, out_of_domain, ties):
    rng = np.random.default_rng(seed)
    low, high = rng.normal(0, 1, in_domain), rng.normal(1, 1, out_of_domain)
    if ties:
        low, high = np.round(low), np.round(high)
    curve = roc(low, high)
    truth = np.repeat([0, 1], [in_domain, out_of_domain])
    assert curve.area == pytest.approx(roc_auc_score(truth, np.concatenate((low, high))))
    assert (curve.false_alarms[0], curve.found[0]) == (0.0, 0.0)
    assert (curve.false_alarms[-1], curve.found[-1]) == (1.0, 1.0)


def test_nothing_has_no_curve():
    with pytest.raises(ValueError, match="expected two arrays"):
        risk_coverage(np.array([]), np.array([], dtype=bool))
    with pytest.raises(ValueError, match="both kinds"):
        roc(np.array([]), np.array([1.0]))
