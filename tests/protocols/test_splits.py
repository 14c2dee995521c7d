from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.errors import ConfigError
from affekt.protocols import (
    PROTOCOLS,
    LeakError,
    Split,
    partition,
    protocol,
    speaker_disjoint,
    speaker_disjoint_in_each,
)
from affekt.records import Utterance


def test_lockbox_speakers_are_tested_and_nobody_elses_part(utterance):
    kept, trained = utterance("cremad", "1001"), utterance("cremad", "1002")
    split = protocol("lockbox").split([kept, trained])
    assert (split.train, split.test) == ((trained,), (kept,))


def test_select_speakers_validate_and_calibrate_speakers_are_never_trained_on(utterance):
    chosen, calibrated = utterance("cremad", "1009"), utterance("cremad", "1047")
    split = protocol("lockbox").split([chosen, calibrated])
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
    assert protocol("external").split(items).test == items


def test_the_external_protocol_tests_what_the_table_marks(utterance):
    split = protocol("external").split(
        [utterance("mine", part, split=part) for part in ("train", "validation", "test")]
    )
    assert [item.speaker for item in split.test] == ["test"]
    assert [item.speaker for item in split.validation] == ["validation"]


def test_a_part_of_another_name_is_refused_with_a_suggestion(utterance):
    with pytest.raises(ConfigError, match="did you mean 'validation'"):
        protocol("external").split([utterance("mine", "a", split="valid")])


def test_a_table_that_trains_and_tests_on_one_speaker_is_refused(utterance):
    parts = [utterance("mine", "a", part, split=part) for part in ("train", "test")]
    with pytest.raises(LeakError):
        protocol("external").split(parts)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_stamps_its_name(name, utterance):
    assert protocol(name).split([utterance("cremad", "1001")]).protocol == name


def test_a_misspelt_protocol_is_refused_with_a_suggestion():
    with pytest.raises(ConfigError, match="did you mean 'lockbox'"):
        protocol("lokbox")


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


speakers_with_clips = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.integers(1, 9), min_size=3, max_size=15
)


def clips_of(speakers, collection="mine"):
    return [
        Utterance(
            path=Path(f"/{collection}/{name}_{number}.wav"),
            corpus=collection,
            collection=collection,
            speaker=name,
            native_label="sad",
            emotion="sad",
        )
        for name, count in speakers.items()
        for number in range(count)
    ]


@settings(max_examples=40, deadline=None)
@given(speakers_with_clips, st.integers(0, 1000))
def test_a_random_split_keeps_every_clip_once_and_every_speaker_whole(speakers, seed):
    items = clips_of(speakers)
    split = speaker_disjoint(items, (0.6, 0.2, 0.2), np.random.default_rng(seed))
    parts = (split.train, split.validation, split.test)
    assert all(parts)
    assert sorted(map(str, sum(parts, ()))) == sorted(map(str, items))
    heard = [{item.speaker for item in part} for part in parts]
    assert sum(map(len, heard)) == len(speakers)


def test_a_random_split_follows_its_shares_and_its_generator():
    items = clips_of({f"s{n}": 10 for n in range(20)})
    one = speaker_disjoint(items, (0.7, 0.1, 0.2), np.random.default_rng(1))
    assert [len(part) for part in (one.train, one.validation, one.test)] == [140, 20, 40]
    assert one == speaker_disjoint(items, (0.7, 0.1, 0.2), np.random.default_rng(1))
    assert one != speaker_disjoint(items, (0.7, 0.1, 0.2), np.random.default_rng(2))


def test_a_part_with_no_share_stays_empty():
    split = speaker_disjoint(clips_of({"a": 2, "b": 2}), (0.5, 0.0, 0.5), np.random.default_rng(0))
    assert split.validation == ()


def test_fewer_speakers_than_parts_are_refused():
    with pytest.raises(ConfigError, match=r"1 speaker\(s\) cannot fill 3 parts"):
        speaker_disjoint(clips_of({"a": 9}), (0.6, 0.2, 0.2), np.random.default_rng(0))


def test_shares_must_sum_to_one():
    with pytest.raises(ConfigError, match="sum to 1"):
        speaker_disjoint(clips_of({"a": 9}), (0.6, 0.2, 0.1), np.random.default_rng(0))


def test_every_part_holds_every_collection_that_has_the_speakers():
    clips = [
        *clips_of({"OAF": 40, "YAF": 40}, "tess"),
        *clips_of({"DC": 10, "JE": 10, "JK": 10, "KL": 10}, "savee"),
        *clips_of({"one": 5}, "alone"),
    ]
    split = speaker_disjoint_in_each(clips, (0.75, 0.0, 0.25), np.random.default_rng(0))
    assert {item.collection for item in split.test} == {"tess", "savee"}
    assert {item.collection for item in split.train} == {"tess", "savee", "alone"}
    assert len(split.train) + len(split.test) == len(clips)
    assert sum(item.collection == "savee" for item in split.test) == 10


def test_with_one_collection_it_is_the_split_of_all_speakers():
    clips = clips_of({"DC": 10, "JE": 10, "JK": 10, "KL": 10}, "savee")
    shares = (0.5, 0.25, 0.25)
    within = speaker_disjoint_in_each(clips, shares, np.random.default_rng(3))
    assert within == speaker_disjoint(clips, shares, np.random.default_rng(3))


def test_nobody_to_hold_out_is_an_error():
    with pytest.raises(ConfigError, match="none can be held out"):
        speaker_disjoint_in_each(
            clips_of({"one": 5}, "alone"), (0.75, 0.0, 0.25), np.random.default_rng(0)
        )
