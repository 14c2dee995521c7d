"""Reading and correlating many recordings at once, against numpy and scipy on one at a time."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.ndimage

from affekt.auditing.fingerprint import Fingerprint
from affekt.auditing.lines import Lines, correlations

FRAMES = (30, 1, 0, 700)


@pytest.fixture
def lines(rng):
    """Take the levels of recordings as long as `FRAMES` say."""
    prints = [Fingerprint(rng.integers(0, 256, (n, 110), dtype=np.uint8), 0) for n in FRAMES]
    return Lines.of(prints, of_levels=True)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("number", range(len(FRAMES)))
def test_each_recording_is_smoothed_by_itself(lines, number):
    rows = slice(lines.starts[number], lines.starts[number] + FRAMES[number])
    weights = np.array([1, 3, 4, 3, 1]) / 12
    alone = lines.values[rows].astype(np.float64)
    expected = scipy.ndimage.convolve1d(alone, weights, axis=0, mode="nearest")
    # Halves may be rounded to either side.
    assert np.abs(lines.smoothed().values[rows] - expected).max(initial=0.0) <= 0.501


def test_nothing_stands_out_beyond_a_recording(lines):
    read = lines.nearest(np.array([0, 3]), np.array([[-1.0, 29.0, 30.0], [-1.0, 699.0, 700.0]]))
    assert not read[:, [0, 2]].any()
    assert read[:, 1].any(axis=1).all()


def test_pairs_of_several_lengths_are_correlated_at_once(rng):
    one, other = rng.standard_normal((2, 3, 40, 7)).astype(np.float32)
    other += one
    frames = np.array([40, 12, 1])
    for pair, count in enumerate(frames):
        one[pair, count:] = other[pair, count:] = 0.0
    expected = [
        np.corrcoef(one[at, :count].ravel(), other[at, :count].ravel())[0, 1]
        for at, count in enumerate(frames)
    ]
    np.testing.assert_allclose(correlations(one, other, frames), expected, atol=1e-5)


def test_each_band_is_told_from_its_mean(rng):
    one, other = rng.standard_normal((2, 2, 40, 7)).astype(np.float32)
    one += 10.0 * np.arange(7, dtype=np.float32)
    other += one
    expected = [
        np.corrcoef((a - a.mean(axis=0)).ravel(), (b - b.mean(axis=0)).ravel())[0, 1]
        for a, b in zip(one, other, strict=True)
    ]
    np.testing.assert_allclose(correlations(one, other, 40, by_band=True), expected, atol=1e-4)
