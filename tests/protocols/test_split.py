"""A split with a leak cannot be made."""

from pathlib import Path

import pytest

from affekt.protocols import LeakError, Split


def test_a_speaker_in_two_parts_is_a_leak(utterance):
    one, other = utterance("cremad", "1001", "1"), utterance("cremad", "1001", "2")
    with pytest.raises(LeakError, match=r"speaker .*1001.* in both train and test"):
        Split(protocol="mine", train=(one,), validation=(), test=(other,))


def test_an_actor_who_speaks_in_one_part_and_sings_in_another_is_a_leak(utterance):
    with pytest.raises(LeakError, match="validation and test"):
        Split(
            protocol="mine",
            train=(),
            validation=(utterance("ravdess_speech", "01"),),
            test=(utterance("ravdess_song", "01"),),
        )


def test_two_stretches_of_one_file_in_two_parts_are_a_leak(utterance):
    path = Path("/talk.wav")
    one = utterance("mine", "a", path=path, start_s=0.0, end_s=1.0)
    other = utterance("mine", "b", path=path, start_s=1.0, end_s=2.0)
    with pytest.raises(LeakError, match=r"file .*talk.wav"):
        Split(protocol="mine", train=(one,), validation=(), test=(other,))


def test_one_sentence_in_two_parts_is_a_leak_only_where_sentences_are_kept_apart(utterance):
    one, other = (utterance("casia", name, sentence="201") for name in ("a", "b"))
    parts = {"train": (one,), "validation": (), "test": (other,)}
    assert Split(protocol="mine", **parts).test == (other,)
    with pytest.raises(LeakError, match=r"mine', fold 1: sentence .*201.* in both train and test"):
        Split(protocol="mine", name="fold 1", apart=("sentence",), **parts)


def test_speakers_may_stand_on_both_sides_where_nothing_else_was_promised(utterance):
    one, other = utterance("cremad", "1001", "1"), utterance("cremad", "1001", "2")
    assert Split(protocol="mine", apart=(), train=(one,), validation=(), test=(other,)).train
