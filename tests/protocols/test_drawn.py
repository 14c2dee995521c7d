"""Random splits by speaker with wanted shares."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.errors import ConfigError
from affekt.protocols import speaker_disjoint, speaker_disjoint_in_each
from affekt.records import Utterance

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
    speakers_of_parts = [{item.speaker for item in part} for part in parts]
    assert sum(map(len, speakers_of_parts)) == len(speakers)


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
