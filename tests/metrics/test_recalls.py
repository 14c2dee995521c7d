import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from affekt.metrics import (
    accuracy,
    confusion_matrix,
    f1_scores,
    macro_f1,
    precisions,
    recalls,
    unweighted_average_recall,
    weighted_f1,
)

TRUTH = np.array([0, 0, 0, 0, 1, 1, 3, 3, 3])
PREDICTED = np.array([0, 0, 0, 1, 1, 2, 3, 3, 0])  # class 2 is answered once and never true

answers = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60).map(
    lambda pairs: (np.array([p[0] for p in pairs]), np.array([p[1] for p in pairs]))
)


def test_a_confusion_matrix_has_a_row_for_each_true_class():
    assert confusion_matrix(TRUTH, PREDICTED, 4).tolist() == [
        [3, 1, 0, 0],
        [0, 1, 1, 0],
        [0, 0, 0, 0],
        [1, 0, 0, 2],
    ]


def test_an_absent_class_has_no_recall_and_does_not_shift_the_others():
    confusion = confusion_matrix(TRUTH, PREDICTED, 4)
    np.testing.assert_allclose(recalls(confusion), [0.75, 0.5, np.nan, 2 / 3])
    assert unweighted_average_recall(confusion) == pytest.approx((0.75 + 0.5 + 2 / 3) / 3)


def test_precision_is_undefined_for_a_class_never_answered():
    confusion = confusion_matrix(np.array([0, 1]), np.array([0, 0]), 2)
    np.testing.assert_allclose(precisions(confusion), [0.5, np.nan])


def test_f1_is_zero_for_a_class_never_answered_and_undefined_for_one_never_true():
    confusion = confusion_matrix(np.array([0, 1, 0]), np.array([0, 0, 2]), 3)
    np.testing.assert_allclose(f1_scores(confusion), [0.5, 0.0, np.nan])


def test_no_clips_give_no_figure():
    empty = confusion_matrix(np.array([], dtype=int), np.array([], dtype=int), 3)
    figures = [accuracy, unweighted_average_recall, macro_f1, weighted_f1]
    assert all(np.isnan(figure(empty)) for figure in figures)


@pytest.mark.parametrize(
    ("truth", "predicted"), [([0, 3], [0, 0]), ([0, 1], [-1, 0]), ([0, 1], [0])]
)
def test_indices_outside_the_label_set_and_unequal_lengths_are_refused(truth, predicted):
    with pytest.raises(ValueError, match=r"outside 0 to 2|must be \[clips\]"):
        confusion_matrix(np.array(truth), np.array(predicted), 3)


@settings(max_examples=40, deadline=None)
@given(answers)
def test_figures_agree_with_scikit_learn(pair):
    truth, predicted = pair
    confusion = confusion_matrix(truth, predicted, 5)
    present = np.unique(truth)
    assert accuracy(confusion) == pytest.approx(oracle.accuracy_score(truth, predicted))
    assert unweighted_average_recall(confusion) == pytest.approx(
        oracle.recall_score(truth, predicted, labels=present, average="macro", zero_division=0)
    )
    assert macro_f1(confusion) == pytest.approx(
        oracle.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
    )
    assert weighted_f1(confusion) == pytest.approx(
        oracle.f1_score(truth, predicted, average="weighted", zero_division=0)
    )


@settings(max_examples=30, deadline=None)
@given(answers, st.integers(2, 5))
def test_ua_does_not_change_when_every_clip_is_counted_several_times(pair, times):
    truth, predicted = pair
    once = unweighted_average_recall(confusion_matrix(truth, predicted, 5))
    often = unweighted_average_recall(
        confusion_matrix(np.tile(truth, times), np.tile(predicted, times), 5)
    )
    assert often == pytest.approx(once)
