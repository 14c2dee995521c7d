import pytest

from affekt.evaluation.exposure import heard_in_training

COLLECTIONS = {"ravdess_speech": "ravdess", "ravdess_song": "ravdess"}


@pytest.fixture
def heard(tones, answers):
    """Ask whether a model, by its metadata, may have heard a speaker of a corpus."""

    def ask(corpus, speaker, *, trained, held_out):
        metadata = tones.metadata(
            training_data=tuple({"corpus": name} for name in trained), held_out=held_out
        )
        clips = answers(("sad",), [((corpus, speaker, 1, "sad"), [1.0])]).utterances
        return bool(heard_in_training(metadata, clips, COLLECTIONS))

    return ask


def test_a_held_out_speaker_was_not_heard(heard):
    assert not heard("emodb", "15", trained=["emodb"], held_out={"emodb": ["15"]})


def test_any_other_speaker_of_a_training_corpus_may_have_been(heard):
    assert heard("emodb", "14", trained=["emodb"], held_out={"emodb": ["15"]})


def test_a_corpus_outside_the_training_data_was_not_heard(heard):
    assert not heard("savee", "KL", trained=["emodb"], held_out={})


def test_an_actor_who_sang_in_training_was_heard_though_speech_was_not_in_it(heard):
    assert heard("ravdess_speech", "01", trained=["ravdess_song"], held_out={})


def test_whoever_is_held_out_of_speech_was_not_heard_singing(heard):
    # Actor 18 recorded no song, so only speech can name them.
    trained = ["ravdess_speech", "ravdess_song"]
    assert not heard("ravdess_speech", "18", trained=trained, held_out={"ravdess_speech": ["18"]})
