"""What a recognizer says beyond its answer: which labels it may be, and whether it can know."""

from __future__ import annotations

import numpy as np
import pytest

from affekt.emotions import CANONICAL
from affekt.errors import BundleError
from affekt.metrics.conformal import prediction_sets
from affekt.recognition import Bundle, Recognizer
from affekt.recognition.bundles.bundle import BundleMetadata
from affekt.recognition.bundles.metadata import SetRule

RATE = 16000
LABELS = CANONICAL
RULE = SetRule(coverage=0.9, quantile=0.7, rule="lac")


@pytest.fixture(scope="module")
def recognizer(tones, tmp_path_factory):
    path = tmp_path_factory.mktemp("novelty") / "tones.onnx"
    return Recognizer.load(tones.write_bundle(path, novelty=True, prediction_set=RULE))


@pytest.fixture(scope="module")
def between(tones):
    """Make a tone between two labels' own, which sounds like either."""

    def make(first, second):
        hz = np.sqrt(tones.tone_hz(LABELS.index(first)) * tones.tone_hz(LABELS.index(second)))
        return (0.3 * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)).astype(np.float32)

    return make


def test_the_set_of_a_clear_tone_is_its_label_and_of_an_unclear_one_both(
    recognizer, between, tones
):
    assert recognizer(tones.tone("sad"), RATE).prediction_set == ("sad",)
    found = recognizer(between("happy", "sad"), RATE)
    assert set(found.prediction_set) == {"happy", "sad"}
    assert found.prediction_set[0] == found.emotion


def test_the_set_follows_the_rule_of_the_bundle(recognizer, between):
    found = recognizer(between("happy", "sad"), RATE)
    scores = {item.label: item.score for item in found.predictions}
    row = np.array([[scores[label] for label in LABELS]])
    (inside,) = prediction_sets(row, RULE.quantile)
    assert set(found.prediction_set) == {
        label for label, member in zip(LABELS, inside, strict=True) if member
    }


def test_fewer_predictions_leave_the_set_whole(recognizer, between):
    found = recognizer(between("happy", "sad"), RATE, top_k=1)
    assert len(found.predictions) == 1
    assert len(found.prediction_set) == 2


def test_a_smaller_vocabulary_joins_and_drops_labels_of_the_set(recognizer, between, tones):
    assert recognizer(tones.tone("calm"), RATE, emotions=8).prediction_set == ("calm",)
    assert recognizer(tones.tone("calm"), RATE, emotions=7).prediction_set == ("neutral",)
    found = recognizer(between("fearful", "disgust"), RATE, emotions=4)
    assert found.prediction_set == (found.emotion,)
    # What the set holds was left out: the answer is one that the model does not believe in.
    assert recognizer(between("fearful", "disgust"), RATE, emotions=4, threshold=0.0).uncertain


def test_a_smaller_vocabulary_makes_nobody_surer(recognizer, between):
    signal = between("angry", "fearful")  # as much the one as the other, and four know one of them
    of_eight, of_four = recognizer(signal, RATE), recognizer(signal, RATE, emotions=4)
    assert of_eight.confidence == pytest.approx(0.5, abs=0.05)
    assert of_four.emotion == "angry"
    assert of_four.confidence > 0.95
    assert of_four.left_out == pytest.approx(0.5, abs=0.05)
    angry = {item.label: item.score for item in of_eight.predictions}["angry"]
    assert recognizer(signal, RATE, emotions=4, threshold=angry + 0.01).uncertain
    assert not recognizer(signal, RATE, emotions=4, threshold=angry - 0.01).uncertain


def test_calm_counts_for_neutral_before_it_is_judged(recognizer, between):
    signal = between("neutral", "calm")
    assert recognizer(signal, RATE, threshold=0.8).uncertain
    joined = recognizer(signal, RATE, emotions=4, threshold=0.8)
    assert (joined.emotion, joined.uncertain) == ("neutral", False)


@pytest.mark.parametrize(("amplitude", "outside"), [(0.2, False), (0.9, True)])
def test_a_novel_recording_is_out_of_the_domain(recognizer, amplitude, outside, tones):
    found = recognizer(tones.tone("sad", amplitude=amplitude), RATE)
    assert found.out_of_domain is outside
    assert found.novelty == pytest.approx(amplitude / 0.5, rel=0.01)
    assert found.confidence > 0.9
    assert found.uncertain is outside
    assert (
        recognizer(tones.tone("sad", amplitude=amplitude), RATE, threshold=0).uncertain is outside
    )


@pytest.mark.parametrize(
    ("amplitudes", "novelty", "outside"),
    [((0.2, 0.4), 0.6, False), ((0.2, 0.6), 0.4, False), ((0.6, 0.8), 1.4, True)],
)
def test_the_novelty_of_a_long_recording_is_the_mean_of_the_windows_that_count(
    amplitudes, novelty, outside, recognizer, tones
):
    halves = [tones.tone("sad", duration_s=10.0, amplitude=size) for size in amplitudes]
    found = recognizer(np.concatenate(halves), RATE)
    assert found.novelty == pytest.approx(novelty, rel=0.01)
    assert found.out_of_domain is outside


def test_a_bundle_without_these_says_nothing_of_them(tmp_path, tones):
    old = Recognizer.load(tones.write_bundle(tmp_path / "old.onnx"))
    found = old(tones.tone("sad"), RATE)
    assert (found.prediction_set, found.out_of_domain, found.novelty) == (None, None, None)
    assert not {"prediction_set", "out_of_domain", "novelty"} & set(found.to_dict())
    assert old.bundle.run(tones.tone("sad")[np.newaxis]).novelty is None


def test_the_rule_travels_in_the_metadata(recognizer):
    assert recognizer.bundle.metadata.prediction_set == RULE
    assert BundleMetadata.from_json(recognizer.bundle.metadata.to_json()).prediction_set == RULE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"coverage": 1.0}, "coverage must lie between 0 and 1"),
        ({"quantile": 1.5}, "quantile must lie in 0 to 1"),
        ({"rule": "raps"}, "'raps' is no choice"),
    ],
)
def test_an_impossible_rule_is_refused(tmp_path, changes, message, tones):
    rule = {"coverage": 0.9, "quantile": 0.8, "rule": "lac"} | changes
    text = tones.metadata().to_json().replace("{", f'{{"prediction_set": {rule}, ', 1)
    path = tones.write_bundle(tmp_path / "x.onnx", document=text.replace("'", '"'))
    with pytest.raises(BundleError, match=message):
        Bundle.load(path)
