"""What the clips under test share with those that were learnt from."""

from types import SimpleNamespace

import pytest

from affekt.evaluation.leaks import Copy, find_leaks, learns_at_hand
from affekt.evaluation.writers import leak_facts
from affekt.protocols import protocol

RANDOM, EXTERNAL = protocol("random:4"), protocol("external")


@pytest.fixture
def clips(clip):
    """Two speakers, of whom the model heard the first; they share one of two sentences."""
    return [
        clip("c", "a", 1, "sad", sentence="it is eleven"),
        clip("c", "a", 2, "happy", sentence="that is all"),
        clip("c", "b", 3, "sad", sentence="it is eleven", split="test"),
        clip("c", "b", 4, "happy", sentence="who knows", split="test"),
    ]


@pytest.fixture
def learnt():
    """The word of a model that heard everybody of the corpus but the second speaker."""
    return SimpleNamespace(training_data=[{"corpus": "c"}], held_out={"c": ["b"]})


def counts(leaks):
    return (leaks.files, leaks.voices, leaks.sentences, leaks.copies)


def test_what_a_model_says_of_its_training_is_what_counts(clips, learnt):
    found = find_leaks(EXTERNAL, clips, learnt, collections={}, copies=())
    assert (found.told_by, found.learnt, found.tested) == ("model", 2, 2)
    assert counts(found) == (0, 0, 1, 0)


def test_without_its_word_the_training_part_of_the_protocol_counts(clips):
    found = find_leaks(EXTERNAL, clips, None, collections={}, copies=())
    assert (found.told_by, found.learnt, found.tested) == ("protocol", 2, 2)
    assert counts(found) == (0, 0, 1, 0)


def test_voices_and_recordings_that_were_learnt_from_are_counted(clips, learnt):
    everybody = SimpleNamespace(training_data=learnt.training_data, held_out={})
    found = find_leaks(EXTERNAL, clips, everybody, collections={}, copies=())
    assert counts(found) == (2, 2, 2, 0)


def test_in_folds_each_round_counts_by_itself(clip):
    clips = [clip("c", "ab"[k % 2], k, "sad" if k < 4 else "happy") for k in range(8)]
    found = find_leaks(RANDOM, clips, None, collections={}, copies=())
    assert (found.tested, found.files, found.voices) == (8, 0, 8)


@pytest.mark.parametrize("order", [1, -1])
def test_a_copy_of_what_was_learnt_from_is_named(clips, learnt, order):
    one, other = (clips[0].path, clips[2].path)[::order]
    copies = [
        Copy(first=one, second=other, kind="near-duplicate"),
        Copy(first=clips[2].path, second=clips[3].path, kind="near-duplicate"),
    ]
    found = find_leaks(EXTERNAL, clips, learnt, collections={}, copies=copies)
    assert found.copies == 1
    (example,) = found.examples
    assert example.kind == "near-duplicate"
    assert example.tested.endswith(clips[2].path.name)
    assert example.learnt.endswith(clips[0].path.name)
    assert ("WARNING", f"{example.tested} is a copy (near-duplicate) of {example.learnt}") in (
        leak_facts(found)
    )


def test_unknown_speakers_and_untold_sentences_are_nobody_and_nothing(clip):
    clips = [
        clip("c", "unknown", 1, "sad", split="train"),
        clip("c", "unknown", 2, "sad", split="test"),
    ]
    everything = SimpleNamespace(training_data=[], held_out={})
    assert not learns_at_hand(EXTERNAL, clips[1:], everything, collections={})
    found = find_leaks(EXTERNAL, clips[1:], everything, collections={}, copies=None)
    assert counts(found) == (0, 0, None, None)
    assert leak_facts(found) == [
        ("leaks", "none of the recordings that were learnt from is at hand to compare")
    ]


def test_that_nobody_looked_for_copies_is_said(clips, learnt):
    facts = leak_facts(find_leaks(EXTERNAL, clips, learnt, collections={}))
    assert facts == [
        (
            "leaks",
            "beside 2 clips that it learnt from, by its own word: of 2 under test, 0 were learnt "
            "from themselves; 0 are by speakers of these; 1 say a sentence of these",
        ),
        ("leaks", "nobody looked for copies of recordings"),
    ]
