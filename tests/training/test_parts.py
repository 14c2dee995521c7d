"""Parts of recordings that no shipped table names: people's own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from affekt.corpora import load_corpus
from affekt.protocols import partition
from affekt.records import Utterance
from affekt.training.parts import parts_of
from affekt.training.recipe import ProtocolConfig

CHOOSING = ProtocolConfig(select_on="select")


def clips(speakers, **more):
    return [
        Utterance(
            path=Path(f"{speaker}{take}.wav"),
            corpus="mine",
            collection="mine",
            speaker=speaker,
            native_label="sad",
            emotion="sad",
            **more,
        )
        for speaker in speakers
        for take in range(3)
    ]


def sizes(parts):
    return {
        name: len({item.speaker for item in getattr(parts, name)})
        for name in ("train", "select", "calibrate", "lockbox")
    }


def test_corpora_of_ours_keep_the_parts_of_the_tables(toy_corpora):
    items = [*load_corpus("emodb", toy_corpora), *load_corpus("savee", toy_corpora)]
    assert parts_of(items, ProtocolConfig()) == partition(items)
    both = parts_of([*items, *clips("abc")], ProtocolConfig())
    assert set(partition(items).calibrate) < set(both.calibrate)


@pytest.mark.parametrize(
    ("speakers", "protocol", "expected"),
    [
        ("ab", ProtocolConfig(), (2, 0, 0, 0)),
        ("abc", ProtocolConfig(), (2, 0, 1, 0)),
        ("abcdef", ProtocolConfig(), (4, 0, 2, 0)),
        ("abcdef", CHOOSING, (2, 2, 2, 0)),
        (["unknown"], ProtocolConfig(), (1, 0, 0, 0)),
    ],
)
def test_some_speakers_are_kept_from_the_training(speakers, protocol, expected):
    assert tuple(sizes(parts_of(clips(speakers), protocol)).values()) == expected


def test_the_same_speakers_are_drawn_whichever_clips_are_given():
    items = clips("abcdefgh")
    whole, some = parts_of(items, CHOOSING), parts_of(items[::2], CHOOSING)
    assert set(some.calibrate) <= set(whole.calibrate)
    assert set(some.select) <= set(whole.select)


def test_another_seed_draws_others():
    drawn = {
        frozenset(
            item.speaker
            for item in parts_of(clips("abcdefgh"), ProtocolConfig(split_seed=seed)).calibrate
        )
        for seed in range(8)
    }
    assert len(drawn) > 1


@pytest.mark.parametrize(
    ("protocol", "decides"), [(ProtocolConfig(), "calibrate"), (CHOOSING, "select")]
)
def test_marked_parts_are_taken_and_what_is_tested_is_never_looked_at(protocol, decides):
    items = [
        *clips("a", split="train"),
        *clips("b", split="validation"),
        *clips("c", split="test"),
        *clips("d", split="other"),
    ]
    parts = parts_of(items, protocol)
    assert Counter(item.speaker for item in parts.train) == {"a": 3}
    assert {item.speaker for item in getattr(parts, decides)} == {"b"}
    assert {item.speaker for item in parts.lockbox} == {"c", "d"}
