"""A model beside people: figures worked out by hand."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from affekt.corpora.votes import VOTED
from affekt.errors import ConfigError
from affekt.evaluation.people.listeners import beside_listeners
from affekt.evaluation.runs import Answers
from affekt.records import Utterance

EMOTIONS = tuple(VOTED.values())
LABELS = ("calm", *EMOTIONS)


def clip(stem, emotion, corpus="cremad"):
    return Utterance(
        path=Path(f"/{stem}.wav"),
        corpus=corpus,
        collection=corpus,
        speaker="1001",
        native_label=emotion,
        emotion=emotion,
    )


def answers(*rows):
    """Each row: clip, and the probabilities of the emotions that have any."""
    table = [[shares.get(label, 0.0) for label in LABELS] for _, shares in rows]
    return Answers(
        labels=LABELS,
        utterances=tuple(item for item, _ in rows),
        probabilities=np.array(table),
        failures=(),
    )


def votes(**counts):
    return tuple(counts.get(emotion, 0) for emotion in EMOTIONS)


def test_the_figures_of_two_clips():
    found = beside_listeners(
        answers(
            # Calm is nothing that listeners could choose: its share goes to the others.
            (clip("a", "happy"), {"calm": 0.5, "happy": 0.25, "sad": 0.25 / 2, "angry": 0.25 / 2}),
            (clip("b", "sad"), {"fearful": 1.0}),
        ),
        {"a": votes(happy=8, neutral=2), "b": votes(sad=5, fearful=5)},
    )
    assert found.everything.clips == 2
    assert found.everything.model_right == 0.5
    assert found.everything.crowd_right == 0.75  # half of a tie
    assert found.everything.listener_right == pytest.approx((0.8 + 0.5) / 2)
    assert found.everything.model_with_crowd == 0.75
    assert found.agreed is not None
    assert found.agreed.clips == 1
    assert found.agreed.model_right == 1.0
    assert found.agreed.cross_entropy == pytest.approx(
        -0.8 * np.log(0.5) - 0.2 * np.log(1e-12), rel=1e-9
    )
    assert found.agreed.cross_entropy_of_votes == pytest.approx(
        -0.8 * np.log(0.8) - 0.2 * np.log(0.2)
    )
    assert found.disputed is not None
    assert found.disputed.model_right == 0.0


def test_a_model_that_says_what_people_heard_cannot_be_beaten():
    found = beside_listeners(
        answers((clip("a", "happy"), {"happy": 0.8, "neutral": 0.2})),
        {"a": votes(happy=8, neutral=2)},
    ).everything
    assert found.cross_entropy == pytest.approx(found.cross_entropy_of_votes)
    assert found.correlation == pytest.approx(1.0)


def test_probabilities_without_a_difference_have_no_correlation():
    even = dict.fromkeys(EMOTIONS, 1 / 6)
    found = beside_listeners(answers((clip("a", "happy"), even)), {"a": votes(happy=8)})
    assert found.everything.correlation is None
    assert found.disputed is None


@pytest.mark.parametrize(
    "item", [clip("unheard", "happy"), clip("a", "happy", corpus="emodb"), clip("a", None)]
)
def test_clips_without_votes_are_passed_over_and_none_at_all_is_an_error(item):
    with pytest.raises(ConfigError, match="no clip of CREMA-D with votes"):
        beside_listeners(answers((item, {"happy": 1.0})), {"a": votes(happy=1)})


def test_a_model_without_the_emotions_cannot_be_compared():
    few = Answers(
        labels=("happy", "sad"), utterances=(), probabilities=np.empty((0, 2)), failures=()
    )
    with pytest.raises(ConfigError, match="angry, disgust, fearful, neutral"):
        beside_listeners(few, {})


def test_a_clip_that_the_model_answers_with_something_else_is_left_out():
    found = beside_listeners(
        answers((clip("a", "happy"), {"happy": 1.0}), (clip("b", "sad"), {"calm": 1.0})),
        {"a": votes(happy=8, neutral=2), "b": votes(sad=5, fearful=5)},
    )
    assert (found.everything.clips, found.left_out) == (1, 1)
    assert found.disputed is None
    with pytest.raises(ConfigError, match="with what listeners could choose"):
        beside_listeners(answers((clip("b", "sad"), {"calm": 1.0})), {"b": votes(sad=5)})


def test_mere_labels_are_not_taken_for_probabilities():
    labels = dataclasses.replace(
        answers((clip("a", "happy"), {"happy": 1.0}), (clip("b", "sad"), {"fearful": 1.0})),
        graded=False,
    )
    found = beside_listeners(labels, {"a": votes(happy=9), "b": votes(sad=9)}).everything
    assert found.model_right == 0.5
    assert (found.cross_entropy, found.correlation) == (None, None)
