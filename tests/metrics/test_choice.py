import numpy as np
import pytest

from affekt.metrics import argmax_among

PROBABILITIES = np.array([[0.1, 0.2, 0.7], [0.5, 0.4, 0.1]])


def test_only_allowed_classes_are_answered():
    assert argmax_among(PROBABILITIES, np.array([True, True, False])).tolist() == [1, 0]


def test_the_allowed_classes_may_differ_between_clips():
    allowed = np.array([[True, False, False], [False, True, True]])
    assert argmax_among(PROBABILITIES, allowed).tolist() == [0, 1]


def test_negative_logits_never_lose_against_what_is_not_allowed():
    assert argmax_among(np.array([[-5.0, 3.0]]), np.array([True, False])).tolist() == [0]


def test_a_clip_without_any_allowed_class_is_refused():
    with pytest.raises(ValueError, match="no class"):
        argmax_among(PROBABILITIES, np.array([False, False, False]))
