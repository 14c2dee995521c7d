"""The parts of the shipped tables."""

import pytest

from affekt.errors import ConfigError
from affekt.protocols import LeakError, partition, protocol


def test_lockbox_speakers_are_tested_and_nobody_elses_part(utterance):
    kept, trained = utterance("cremad", "1001"), utterance("cremad", "1002")
    (split,) = protocol("lockbox").splits([kept, trained])
    assert (split.train, split.test) == ((trained,), (kept,))


def test_select_speakers_validate_and_calibrate_speakers_are_never_trained_on(utterance):
    chosen, calibrated = utterance("cremad", "1009"), utterance("cremad", "1047")
    (split,) = protocol("lockbox").splits([chosen, calibrated])
    assert split.validation == (chosen,)
    assert calibrated not in split.train


def test_whoever_is_held_out_of_speech_leaves_song_too(utterance):
    # Actor 18 stands in the table for speech alone.
    song = utterance("ravdess_song", "18")
    parts = partition([song, utterance("ravdess_speech", "18")])
    assert song in parts.calibrate


def test_the_same_id_in_another_corpus_is_somebody_else(utterance):
    assert partition([utterance("cafe", "06")]).train


def test_partition_places_every_utterance_once(utterance):
    items = [utterance("emodb", str(n)) for n in (3, 13, 14, 15)]
    parts = partition(items)
    placed = (*parts.train, *parts.select, *parts.calibrate, *parts.lockbox)
    assert sorted(placed, key=str) == sorted(items, key=str)
    assert [len(p) for p in (parts.train, parts.select, parts.calibrate, parts.lockbox)] == [1] * 4


def test_the_external_protocol_tests_every_clip(utterance):
    items = (utterance("mine", "a"), utterance("mine", "b"))
    (split,) = protocol("external").splits(items)
    assert split.test == items


def test_the_external_protocol_tests_what_the_table_marks(utterance):
    (split,) = protocol("external").splits(
        [utterance("mine", part, split=part) for part in ("train", "validation", "test")]
    )
    assert [item.speaker for item in split.test] == ["test"]
    assert [item.speaker for item in split.validation] == ["validation"]


def test_a_part_of_another_name_is_refused_with_a_suggestion(utterance):
    with pytest.raises(ConfigError, match="did you mean 'validation'"):
        protocol("external").splits([utterance("mine", "a", split="valid")])


def test_a_table_that_trains_and_tests_on_one_speaker_is_refused(utterance):
    parts = [utterance("mine", "a", part, split=part) for part in ("train", "test")]
    with pytest.raises(LeakError):
        protocol("external").splits(parts)


@pytest.mark.parametrize("written", ["06", "6", "6.0"])
def test_a_lockbox_speaker_is_one_however_a_table_writes_the_id(utterance, written):
    parts = partition([utterance("ravdess_speech", written), utterance("ravdess_song", "01")])
    assert [item.speaker for item in parts.lockbox] == [written]
