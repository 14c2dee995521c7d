"""One record of figures: what it holds does not depend on who asks, nor in which order."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, classification_report

from affekt.metrics import measure_classes, measure_figures

LABELS = ("angry", "happy", "sad")


@pytest.fixture
def clips():
    rng = np.random.default_rng(7)
    truth = rng.integers(3, size=90)
    predicted = np.where(rng.random(90) < 0.6, truth, rng.integers(3, size=90))
    return truth, predicted, [("corpus", f"{k}") for k in rng.integers(6, size=90)]


def test_the_figures_are_those_of_scikit_learn(clips):
    truth, predicted, speakers = clips
    figures = measure_classes(truth, predicted, speakers, LABELS)
    theirs = classification_report(truth, predicted, output_dict=True)
    assert figures.ua == pytest.approx(balanced_accuracy_score(truth, predicted))
    assert figures.wa == pytest.approx(theirs["accuracy"])
    assert figures.macro_f1 == pytest.approx(theirs["macro avg"]["f1-score"])
    assert figures.weighted_f1 == pytest.approx(theirs["weighted avg"]["f1-score"])
    assert [item.recall for item in figures.classes] == pytest.approx(
        [theirs[str(k)]["recall"] for k in range(3)]
    )


def test_the_order_of_clips_changes_no_interval(clips):
    truth, predicted, speakers = clips
    order = np.random.default_rng(1).permutation(len(truth))
    shuffled = measure_figures(
        truth[order], predicted[order], [speakers[k] for k in order], len(LABELS)
    )
    assert shuffled == measure_figures(truth, predicted, speakers, len(LABELS))


def test_figures_with_classes_hold_the_very_same_means_and_intervals(clips):
    truth, predicted, speakers = clips
    plain = measure_figures(truth, predicted, speakers, len(LABELS)).values()
    assert plain.items() <= measure_classes(truth, predicted, speakers, LABELS).values().items()
