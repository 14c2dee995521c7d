import numpy as np

from affekt.evaluation.confidence.curves import MOST_POINTS, thinned


def test_a_short_curve_stays_whole():
    assert thinned(x=np.array([0.0, 0.5, 1.0]), y=np.array([1.0, 2.0, 3.0])) == {
        "x": [0.0, 0.5, 1.0],
        "y": [1.0, 2.0, 3.0],
    }


def test_a_long_curve_keeps_its_ends_and_as_many_points_as_are_allowed():
    points = thinned(x=np.linspace(0, 1, 5090))["x"]
    assert len(set(points)) == len(points) == MOST_POINTS
    assert (points[0], points[-1]) == (0.0, 1.0)
    assert max(np.diff(points)) < 0.011
