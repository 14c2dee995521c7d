import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.metrics.conformal import fit_quantile, measure_coverage, prediction_sets, scores


def draw(seed, clips, classes=5):
    """Probabilities, and truths that are as likely as these say."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(classes, 0.5), clips)
    truth = (probabilities.cumsum(axis=1) < rng.random((clips, 1))).sum(axis=1)
    return probabilities, np.minimum(truth, classes - 1)


@pytest.mark.parametrize("rule", ["lac", "aps"])
@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9, 0.95])
def test_sets_hold_the_truth_of_new_clips_as_often_as_promised(rule, coverage):
    quantile = fit_quantile(*draw(0, 5000), coverage=coverage, rule=rule)
    probabilities, truth = draw(1, 5000)
    held = prediction_sets(probabilities, quantile, rule=rule)[np.arange(5000), truth]
    assert coverage - 0.02 <= held.mean()
    if coverage >= 0.8:  # below, the top label alone holds it more often
        assert held.mean() <= coverage + 0.02


def test_the_promise_holds_on_average_with_few_clips_as_well():
    """The quantile of (n + 1) coverage: nine clips give 90 % only with their worst."""
    held = []
    for seed in range(400):
        probabilities, truth = draw(seed, 10)
        quantile = fit_quantile(probabilities[:9], truth[:9], coverage=0.9)
        held.append(prediction_sets(probabilities[9:], quantile)[0, truth[9]])
    assert np.mean(held) >= 0.87


def test_too_few_clips_promise_nothing_but_every_label():
    probabilities, truth = draw(0, 8)
    assert fit_quantile(probabilities, truth, coverage=0.9) == 1.0
    assert prediction_sets(probabilities, 1.0).all()


def test_the_scores_are_those_of_the_definitions():
    probabilities = np.array([[0.2, 0.5, 0.3]])
    np.testing.assert_allclose(scores(probabilities, "lac"), [[0.8, 0.5, 0.7]])
    np.testing.assert_allclose(scores(probabilities, "aps"), [[1.0, 0.5, 0.8]])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["lac", "aps"]), st.floats(0.0, 1.0))
def test_a_set_is_never_empty_and_holds_the_most_probable_labels(seed, rule, quantile):
    probabilities, _ = draw(seed, 20)
    sets = prediction_sets(probabilities, quantile, rule=rule)
    least_inside = np.where(sets, probabilities, np.inf).min(axis=1)
    most_outside = np.where(sets, -np.inf, probabilities).max(axis=1)
    assert sets.any(axis=1).all()
    assert (least_inside >= most_outside).all()


def test_coverage_comes_with_an_interval_over_speakers_and_the_size_of_the_sets():
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [1, 1, 1]], dtype=bool)
    truth = np.array([0, 0, 0, 2])
    found = measure_coverage(sets, truth, ["a", "a", "b", "b"], rng=np.random.default_rng(0))
    assert (found.share, found.mean_size, found.single) == (0.75, 2.0, 0.25)
    assert (found.clips, found.speakers) == (4, 2)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high, found.interval.speakers) == (0.0, 1.0, 2)
    alone = measure_coverage(sets, truth, ["a"] * 4, rng=np.random.default_rng(0))
    assert alone.interval is None
    whole = np.ones_like(sets)  # every set holds every label: draws of speakers all agree
    found = measure_coverage(whole, truth, ["a", "a", "b", "b"], rng=np.random.default_rng(0))
    assert (found.share, found.interval) == (1.0, None)


def test_a_quantile_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one clip"):
        fit_quantile(np.ones((0, 3)), np.array([], dtype=int))
