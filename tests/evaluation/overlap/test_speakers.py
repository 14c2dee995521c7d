from pathlib import Path
from types import SimpleNamespace

import pytest

from affekt.evaluation.overlap.speakers import (
    lockbox_tested,
    of_unknown_origin,
    training_clips,
    training_speakers_among,
)


@pytest.fixture
def trained_on(tones, answers):
    """Ask whether a model, by its metadata, may have been trained on a speaker of a corpus."""

    def ask(corpus, speaker, *, trained, held_out):
        metadata = tones.metadata(
            training_data=tuple({"corpus": name} for name in trained), held_out=held_out
        )
        clips = answers(("sad",), [((corpus, speaker, 1, "sad"), [1.0])]).utterances
        return bool(training_speakers_among(metadata, clips))

    return ask


def test_a_held_out_speaker_was_not_trained_on(trained_on):
    assert not trained_on("emodb", "15", trained=["emodb"], held_out={"emodb": ["15"]})


def test_any_other_speaker_of_a_training_corpus_may_have_been(trained_on):
    assert trained_on("emodb", "14", trained=["emodb"], held_out={"emodb": ["15"]})


def test_a_corpus_outside_the_training_data_was_not_trained_on(trained_on):
    assert not trained_on("savee", "KL", trained=["emodb"], held_out={})


def test_an_actor_who_sang_in_training_was_trained_on_though_speech_was_not_in_it(trained_on):
    assert trained_on("ravdess_speech", "01", trained=["ravdess_song"], held_out={})


def test_whoever_is_held_out_of_speech_was_not_trained_on_singing(trained_on):
    # Actor 18 recorded no song, so only speech can name them.
    trained = ["ravdess_speech", "ravdess_song"]
    assert not trained_on(
        "ravdess_speech", "18", trained=trained, held_out={"ravdess_speech": ["18"]}
    )


@pytest.fixture
def own_table(tones, answers):
    """Return the training speakers and which origins are unknown, of one clip in a user's table."""

    def ask(path, trained=("emodb", "ravdess_song"), held_out=None):
        metadata = tones.metadata(
            training_data=tuple({"corpus": name} for name in trained), held_out=held_out or {}
        )
        row = (("mine", "unknown", 1, "sad"), [1.0], {"path": Path(path)})
        clips = answers(("sad",), [row]).utterances
        return (
            training_speakers_among(metadata, clips),
            of_unknown_origin(metadata, clips),
        )

    return ask


@pytest.mark.parametrize(
    "path", ["/data/emodb/03a01Fa.opus", "/data/EmoDB/wav/03a01Fa.wav", "/emodb/emo-db/03a01Fa.wav"]
)
def test_a_clip_of_a_known_corpus_is_recognised_in_a_table_of_ones_own(own_table, path):
    assert own_table(path) == ((("emodb", "03"),), ())
    assert own_table(path, held_out={"emodb": ["03"]}) == ((), ())
    assert own_table(path, trained=["savee"]) == ((), ())


def test_a_folder_that_is_called_by_the_collection_tells_too(own_table):
    path = "/data/RAVDESS/Actor_01/03-01-05-01-01-01-01.wav"
    assert own_table(path) == ((("ravdess_speech", "01"),), ())


def test_of_recordings_from_elsewhere_nobody_knows(own_table):
    assert own_table("/data/calls/03a01Fa.wav") == ((), ("mine",))
    assert own_table("/data/emodb/my_call.wav") == ((), ("mine",))


@pytest.mark.parametrize("written", ["06", "6", "6.0"])
def test_an_id_is_compared_in_its_normal_form(trained_on, answers, written):
    clips = answers(("sad",), [(("ravdess_speech", written, 1, "sad"), [1.0])]).utterances
    assert lockbox_tested(clips) == (("ravdess_speech", "06"),)
    trained = ["ravdess_speech"]
    assert not trained_on(
        "ravdess_speech", written, trained=trained, held_out={"ravdess_speech": [6]}
    )


@pytest.fixture
def learner(tones):
    """A model that learnt from EmoDB without speaker 15, and from a corpus that is not at hand."""
    learnt = tones.metadata(
        training_data=({"corpus": "emodb"}, {"corpus": "tess"}), held_out={"emodb": ["15"]}
    )
    return SimpleNamespace(learnt=learnt)


def test_what_a_model_may_have_learnt_from_is_found_among_the_corpora(learner, toy_corpora):
    clips = training_clips([learner], toy_corpora)
    assert {item.corpus for item in clips} == {"emodb"}
    assert {item.speaker for item in clips} == {"03", "08", "13", "14"}


def test_of_a_model_that_does_not_say_nothing_is_found(toy_corpora):
    assert training_clips([SimpleNamespace(learnt=None)], toy_corpora) == ()


def test_without_a_folder_of_corpora_nothing_is_at_hand(learner, tmp_path, monkeypatch):
    assert training_clips([learner]) == ()
    monkeypatch.setenv("AFFEKT_CORPORA", str(tmp_path / "gone"))
    assert training_clips([learner]) == ()
