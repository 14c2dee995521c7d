import json
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import classification_report

from affekt.errors import ConfigError
from affekt.evaluation import classify
from affekt.records import Utterance

LABELS = ("angry", "happy", "neutral", "sad")


def utterances(speakers):
    return [
        Utterance(
            path=Path(f"/{index}.wav"),
            corpus="ravdess_speech",
            collection="ravdess",
            speaker=speaker,
            native_label="x",
            emotion=None,
        )
        for index, speaker in enumerate(speakers)
    ]


def measured(actual, probabilities, speakers=None, labels=LABELS):
    names = speakers or [f"{index % 5:02d}" for index in range(len(actual))]
    return classify(
        utterances(names),
        actual,
        np.asarray(probabilities, dtype=float),
        labels,
        clip_ids=[f"clip-{index}" for index in range(len(actual))],
    )


def drawn(seed, clips, occurring=LABELS):
    rng = np.random.default_rng(seed)
    actual = [str(label) for label in rng.choice(occurring, clips)]
    return actual, rng.dirichlet(np.ones(len(LABELS)), clips)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(1, 4))
def test_figures_are_those_of_scikit_learn(seed, clips, occurring):
    actual, probabilities = drawn(seed, clips, LABELS[:occurring])
    figures = measured(actual, probabilities)
    predicted = [LABELS[index] for index in probabilities.argmax(axis=1)]
    occur = [label for label in LABELS if label in actual]
    theirs = classification_report(
        actual, predicted, labels=occur, output_dict=True, zero_division=0
    )
    for ours in figures.classes:
        if ours.label in occur:
            expected = theirs[ours.label]
            assert ours.support == expected["support"]
            assert ours.recall == pytest.approx(expected["recall"])
            assert ours.precision or pytest.approx(expected["precision"]) == 0.0
            assert ours.f1 == pytest.approx(expected["f1-score"])
    told = figures.to_dict()
    for mean in ("macro", "weighted"):
        for name, their_name in (("precision", "precision"), ("recall", "recall")):
            assert told[f"{mean}_{name}"] == pytest.approx(theirs[f"{mean} avg"][their_name])
        assert told[f"{mean}_f1"] == pytest.approx(theirs[f"{mean} avg"]["f1-score"])
    assert told["accuracy"] == pytest.approx(np.mean(np.array(actual) == predicted))


def test_a_class_without_clips_is_listed_with_nothing_to_say():
    figures = measured(["angry", "sad"], [[1, 0, 0, 0], [0, 1, 0, 0]])
    happy = figures.classes[LABELS.index("happy")]
    assert (happy.support, happy.recall, happy.f1) == (0, None, None)
    assert happy.precision == 0.0
    assert figures.ua == 0.5


def test_rows_of_the_confusion_matrix_are_the_actual_classes():
    figures = measured(["angry", "angry", "sad"], np.eye(4)[[0, 1, 1]])
    assert figures.confusion == ((1, 1, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0), (0, 1, 0, 0))


def test_misclassified_clips_come_with_the_most_confident_first():
    rows = [[0.4, 0.6, 0, 0], [0.9, 0.1, 0, 0], [0.1, 0.9, 0, 0]]
    figures = measured(["angry"] * 3, rows)
    assert [item.clip for item in figures.misclassified] == ["clip-2", "clip-0"]
    first = figures.misclassified[0]
    assert (first.actual, first.predicted, first.speaker) == ("angry", "happy", "ravdess/02")
    assert (first.probability_of_actual, first.probability_of_predicted) == (0.1, 0.9)
    assert first.probabilities == (0.1, 0.9, 0, 0)


def test_intervals_hold_the_figures_and_count_the_speakers():
    figures = measured(*drawn(1, 200))
    assert set(figures.intervals) == {
        *("wa", "ua", "macro_precision", "weighted_precision", "macro_f1", "weighted_f1"),
    }
    for name, interval in figures.intervals.items():
        assert interval.low < getattr(figures, name) < interval.high
        assert (interval.speakers, interval.level) == (5, 0.95)


def test_one_speaker_gives_no_interval_and_the_reason():
    actual, probabilities = drawn(1, 20)
    figures = measured(actual, probabilities, speakers=["01"] * 20)
    assert not figures.intervals
    assert figures.no_interval_reason == "all clips are of one speaker"
    untold = measured(actual, probabilities, speakers=["unknown"] * 20)
    assert untold.no_interval_reason == "nobody says who speaks"


def test_the_dictionary_survives_json_and_leaves_out_single_clips():
    told = measured(*drawn(2, 30)).to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert "predictions" not in told


def test_ten_thousand_clips_take_well_under_a_second():
    actual, probabilities = drawn(3, 10_000)
    speakers = [f"{index % 120}" for index in range(10_000)]
    times_s = []
    for _ in range(3):
        begin_s = time.process_time()
        measured(actual, probabilities, speakers)
        times_s.append(time.process_time() - begin_s)
    assert min(times_s) < 0.8


def test_a_constant_answer_is_named_and_has_no_interval():
    figures = measured(["angry", "sad"] * 10, np.eye(4)[[0] * 20])
    assert (figures.constant.label, figures.constant.share) == ("angry", 1.0)
    assert (figures.ua, figures.intervals) == (0.5, {})
    assert figures.no_interval_reason == "all draws of speakers agree"
    assert figures.to_dict()["constant"] == {"label": "angry", "share": 1.0}


def test_no_clip_and_no_number_are_told_with_a_remedy():
    with pytest.raises(ConfigError, match="test part is empty"):
        measured([], np.empty((0, 4)))
    with pytest.raises(ConfigError, match="diverged; lower the learning rate"):
        measured(["sad"], [[np.nan] * 4])


def test_what_does_not_fit_together_is_refused():
    with pytest.raises(ValueError, match="that the model lacks: bored"):
        measured(["bored"], [[1, 0, 0, 0]])
    with pytest.raises(ValueError, match="equally many"):
        measured(["sad"], np.eye(4))
