"""How closely graded answers follow what people said."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from affekt.metrics import pearson, pearson_interval


def ratings(seed=0, speakers=12, per_speaker=30, noise=0.1):
    """Answers, ratings that they follow with some noise, and who spoke."""
    rng = np.random.default_rng(seed)
    answers = rng.uniform(0.2, 0.8, speakers * per_speaker)
    rated = np.clip(answers + noise * rng.standard_normal(len(answers)), 0.0, 1.0)
    return answers, rated, [f"s{row // per_speaker}" for row in range(len(answers))]


def test_the_correlation_is_scipy_s():
    answers, rated, _ = ratings()
    expected = stats.pearsonr(answers, rated).statistic
    assert pearson(answers, rated) == pytest.approx(expected)
    assert pearson(answers, -rated) == pytest.approx(-expected)


def test_clips_that_nobody_rated_are_passed_over():
    answers, rated, speakers = ratings()
    expected = pearson(answers[:200], rated[:200])
    rated[200:] = np.nan
    assert pearson(answers, rated) == expected
    interval = pearson_interval(answers, rated, speakers, rng=np.random.default_rng(1))
    assert interval is not None
    assert interval.speakers == 7


@pytest.mark.parametrize("rated", [[0.5, 0.5, 0.5], [0.3, np.nan, np.nan], [np.nan] * 3])
def test_what_does_not_vary_has_no_correlation(rated):
    answers = np.array([0.1, 0.2, 0.3])
    assert pearson(answers, np.array(rated)) is None
    rng = np.random.default_rng(1)
    assert pearson_interval(answers, np.array(rated), ["a", "b", "c"], rng=rng) is None


def test_the_interval_is_scipy_s_where_clips_are_speakers():
    answers, rated, _ = ratings(speakers=400, per_speaker=1)
    found = pearson_interval(answers, rated, range(400), rng=np.random.default_rng(1))
    expected = stats.bootstrap(
        (answers, rated),
        lambda a, b: stats.pearsonr(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=1000,
        method="percentile",
        rng=np.random.default_rng(2),
    ).confidence_interval
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=0.01)


def test_an_interval_may_reach_below_zero():
    answers, rated, speakers = ratings(speakers=4, per_speaker=3, noise=5.0)
    found = pearson_interval(answers, -rated, speakers, rng=np.random.default_rng(1))
    assert found is not None
    assert found.low < 0.0
