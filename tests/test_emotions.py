from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.emotions import CANONICAL, FOUR, SEVEN, SIX, VOCABULARIES, reduce_vocabulary
from affekt.errors import ConfigError

# neutral, calm, happy, sad, angry, fearful, disgust, surprised
EIGHT = np.array([0.10, 0.20, 0.25, 0.05, 0.15, 0.05, 0.08, 0.12])


def test_the_order_of_the_eight_never_changes():
    assert (
        *("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised"),
    ) == CANONICAL


def test_every_vocabulary_keeps_the_canonical_order():
    for size, labels in VOCABULARIES.items():
        assert len(labels) == size
        assert labels == tuple(label for label in CANONICAL if label in labels)


def test_eight_stay_as_they_are():
    values, labels, left_out = reduce_vocabulary(EIGHT, CANONICAL, 8)
    np.testing.assert_allclose(values, EIGHT)
    assert (labels, left_out) == (CANONICAL, 0.0)


def test_calm_joins_neutral_in_seven():
    values, labels, left_out = reduce_vocabulary(EIGHT, CANONICAL, 7)
    assert labels == SEVEN
    np.testing.assert_allclose(values, [0.30, 0.25, 0.05, 0.15, 0.05, 0.08, 0.12])
    assert left_out == 0.0


def test_six_leave_surprise_out_and_share_its_mass():
    values, labels, left_out = reduce_vocabulary(EIGHT, CANONICAL, 6)
    assert labels == SIX
    np.testing.assert_allclose(values, np.array([0.30, 0.25, 0.05, 0.15, 0.05, 0.08]) / 0.88)
    assert left_out == pytest.approx(0.12)


def test_four_leave_a_quarter_out():
    values, labels, left_out = reduce_vocabulary(EIGHT, CANONICAL, 4)
    assert labels == FOUR
    np.testing.assert_allclose(values, np.array([0.30, 0.25, 0.05, 0.15]) / 0.75)
    assert left_out == pytest.approx(0.25)


def test_labels_of_a_models_own_are_left_out():
    values, labels, left_out = reduce_vocabulary(
        np.array([0.5, 0.3, 0.2]), ("boredom", "sad", "happy"), 8
    )
    assert labels == ("happy", "sad")
    np.testing.assert_allclose(values, [0.4, 0.6])
    assert left_out == pytest.approx(0.5)


def test_a_model_with_calm_alone_answers_neutral():
    _, labels, _ = reduce_vocabulary(np.array([0.5, 0.5]), ("calm", "sad"), 4)
    assert labels == ("neutral", "sad")


def test_a_certain_answer_outside_leaves_the_rest_equal():
    values, labels, left_out = reduce_vocabulary(
        np.array([1.0, 0.0, 0.0]), ("surprised", "sad", "happy"), 4
    )
    assert labels == ("happy", "sad")
    np.testing.assert_array_equal(values, [0.5, 0.5])
    assert left_out == 1.0


def test_another_size_is_refused():
    with pytest.raises(ConfigError, match="no vocabulary of 5 emotions; choose 8, 7, 6 or 4"):
        reduce_vocabulary(EIGHT, CANONICAL, 5)


def test_a_model_that_knows_none_of_them_is_refused():
    with pytest.raises(ConfigError, match="knows none of the 4 emotions"):
        reduce_vocabulary(np.array([0.5, 0.5]), ("boredom", "surprised"), 4)


@settings(max_examples=50)
@given(
    logits=st.lists(st.floats(-30, 30), min_size=8, max_size=8),
    size=st.sampled_from(sorted(VOCABULARIES)),
)
def test_a_smaller_vocabulary_is_a_distribution_and_loses_no_mass(logits, size):
    probabilities = np.exp(logits) / np.exp(logits).sum()
    values, labels, left_out = reduce_vocabulary(probabilities, CANONICAL, size)
    assert labels == VOCABULARIES[size]
    assert values.sum() == pytest.approx(1.0)
    kept = [p for p, label in zip(probabilities, CANONICAL, strict=True) if label in labels]
    calm = 0.0 if size == 8 else probabilities[CANONICAL.index("calm")]
    assert left_out == pytest.approx(1.0 - sum(kept) - calm, abs=1e-9)
