"""Every protocol of several splits tests each clip once, and keeps apart what it promises."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from affekt.errors import ConfigError
from affekt.protocols import PROTOCOLS, protocol
from affekt.records import Utterance

EMOTIONS = ("angry", "happy", "sad")
OF_ALL_CLIPS = (
    "random",
    "random:3",
    "speaker-disjoint",
    "speaker-disjoint:3",
    "leave-one-speaker-out",
    "leave-one-corpus-out",
    "sentence-disjoint",
)


def clip(corpus, speaker, number, collection=None, gender=None):
    return Utterance(
        path=Path(f"/{corpus}/{speaker}_{number}.wav"),
        corpus=corpus,
        collection=collection or corpus,
        speaker=speaker,
        native_label=EMOTIONS[number % 3],
        emotion=EMOTIONS[number % 3],
        gender=gender,
        sentence=str(number // 3),
    )


def everybody(corpora=("one", "two", "three"), speakers=4, clips=6):
    return tuple(
        clip(corpus, f"{corpus}{who}", number, gender=("female", "male")[who % 2])
        for corpus in corpora
        for who in range(speakers)
        for number in range(clips)
    )


manyfold = st.dictionaries(
    st.tuples(st.sampled_from(("speech", "song", "a", "b", "c")), st.sampled_from("vwxyz")),
    st.integers(1, 7),
    min_size=6,
    max_size=20,
)


@pytest.mark.parametrize("name", OF_ALL_CLIPS)
@given(counts=manyfold)
def test_each_clip_is_tested_once_and_validated_on_once(name, counts):
    items = tuple(
        clip(corpus, who, number, "ravdess" if corpus in ("speech", "song") else corpus)
        for (corpus, who), count in counts.items()
        for number in range(count)
    )
    try:
        splits = protocol(name).splits(items)
    except ConfigError:
        assume(False)
    everything = Counter(items)
    assert Counter(item for split in splits for item in split.test) == everything
    assert Counter(item for split in splits for item in split.validation) == everything
    for split in splits:
        assert split.train
        assert Counter((*split.train, *split.validation, *split.test)) == everything
        for other in (split.train, split.validation):
            assert not _held_apart(name, split.test) & _held_apart(name, other)
        assert not _held_apart(name, split.train) & _held_apart(name, split.validation)


def _held_apart(name, part):
    """What the protocol says that it keeps apart, worked out without its own code."""
    if name.startswith("random"):
        return {item.path for item in part}
    if name.startswith("sentence"):
        return {(item.collection, item.sentence) for item in part}
    if name == "leave-one-corpus-out":
        return {item.collection for item in part}
    return {(item.collection, item.speaker) for item in part}


def test_folds_of_speakers_are_alike_in_gender_emotion_and_corpus():
    splits = protocol("speaker-disjoint:4").splits(everybody(speakers=8))
    for kind in ("corpus", "gender", "emotion"):
        found = [Counter(getattr(item, kind) for item in split.test) for split in splits]
        assert found == [found[0]] * 4


def test_the_same_clips_in_another_order_make_the_same_folds():
    items = everybody()
    splits = protocol("speaker-disjoint").splits(items)
    mirrored = protocol("speaker-disjoint").splits(items[::-1])
    assert [set(split.test) for split in splits] == [set(split.test) for split in mirrored]


def test_whoever_leaves_one_corpus_out_leaves_out_its_collection():
    items = (
        *everybody(("emodb", "tess")),
        *(clip("ravdess_speech", "01", number, "ravdess") for number in range(3)),
        *(clip("ravdess_song", "01", number, "ravdess") for number in range(3)),
    )
    tested = {split.name: split.test for split in protocol("leave-one-corpus-out").splits(items)}
    assert set(tested) == {"emodb", "ravdess", "tess"}
    assert {item.corpus for item in tested["ravdess"]} == {"ravdess_speech", "ravdess_song"}


def test_cross_corpus_learns_from_one_alone_and_tests_all_of_the_other():
    items = everybody()
    (split,) = protocol("cross-corpus:one:three").splits(items)
    assert {item.corpus for item in (*split.train, *split.validation)} == {"one"}
    assert split.test == tuple(item for item in items if item.corpus == "three")
    assert split.validation


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cross-corpus", "needs two corpora"),
        ("cross-corpus:one:four", "no clip of four"),
        ("speaker-disjoint:2", "at least 3 folds"),
        ("speaker-disjoint:99", "99 folds cannot be made: there are 12 groups"),
        ("official", "has folds of"),
        ("pooled", "fewer than three of its groups"),
    ],
)
def test_what_cannot_be_made_says_why(name, message):
    with pytest.raises(ConfigError, match=message):
        protocol(name).splits(everybody())


def test_two_collections_cannot_learn_decide_and_test():
    with pytest.raises(ConfigError, match="needs three collections"):
        protocol("leave-one-corpus-out").splits(everybody(("one", "two")))


def test_speech_and_song_of_the_same_actors_are_no_two_corpora():
    items = tuple(clip(name, "01", 0, "ravdess") for name in ("speech", "song"))
    with pytest.raises(ConfigError, match="the same speakers"):
        protocol("cross-corpus:speech:song").splits(items)


def test_a_corpus_that_does_not_tell_its_sentences_is_named(utterance):
    with pytest.raises(ConfigError, match="mute does not tell what is said"):
        protocol("sentence-disjoint").splits((*everybody(), utterance("mute", "a", sentence=None)))


def test_official_folds_are_those_of_the_literature(utterance):
    actors = [utterance("ravdess_speech", f"{number:02}") for number in range(1, 25)]
    splits = {split.name: split for split in protocol("official").splits(actors)}
    assert len(splits) == 6
    first = splits["ravdess_speech 1"]
    assert {item.speaker for item in first.test} == {"01", "11", "20", "21"}
    assert len(first.validation) == 4
    assert len(first.train) == 16


def test_crema_d_has_parts_of_its_own_instead_of_folds(utterance):
    actors = [utterance("cremad", str(number)) for number in range(1001, 1092)]
    (split,) = protocol("official").splits(actors)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [63, 9, 19]


def test_a_split_in_order_tests_the_last_files_of_each_corpus(utterance):
    clips = [
        utterance(corpus, speaker, f"{number}")
        for corpus in ("emodb", "savee")
        for speaker in "ab"
        for number in range(5)
    ]
    (split,) = protocol("ordered").splits(clips)
    tested = [(item.corpus, item.speaker) for item in split.test]
    assert tested == [("emodb", "b")] * 2 + [("savee", "b")] * 2
    assert {item.speaker for item in split.train} == {"a", "b"}
    assert len(split.train) == 12
    with pytest.raises(ConfigError, match="five files"):
        protocol("ordered").splits(clips[:4])


def test_of_a_part_of_a_corpus_no_round_lacks_a_part(utterance):
    actors = [utterance("ravdess_speech", f"{number:02}") for number in range(1, 25)]
    folds = protocol("official").splits(actors)
    part = [item for split in (folds[0], folds[2], folds[5]) for item in split.test]
    splits = protocol("official").splits(part)
    assert [split.name for split in splits] == [folds[k].name for k in (0, 2, 5)]
    assert all(split.train and split.validation and split.test for split in splits)
    assert [split.test for split in splits] == [folds[k].test for k in (0, 2, 5)]


def test_official_parts_without_clips_are_refused(utterance):
    actors = [utterance("cremad", str(number)) for number in range(1001, 1092)]
    (split,) = protocol("official").splits(actors)
    with pytest.raises(ConfigError, match="no clip of a speaker that it tests"):
        protocol("official").splits(split.train + split.validation)
    with pytest.raises(ConfigError, match="cremad: no clip of a speaker that decides"):
        protocol("official").splits(split.train + split.test)
    with pytest.raises(ConfigError, match="nobody is left to learn from"):
        protocol("official").splits(split.validation + split.test)


def test_two_speakers_are_too_few_for_official_folds(utterance):
    with pytest.raises(ConfigError, match="tess has clips of 2 folds here, too few"):
        protocol("official").splits([utterance("tess", name) for name in ("OAF", "YAF")])


def test_a_round_of_the_pool_holds_out_speakers_of_every_corpus(utterance):
    people = [
        *(utterance("ravdess_speech", f"{number:02}") for number in range(1, 25)),
        *(utterance("ravdess_song", f"{number:02}") for number in range(1, 25)),
        *(utterance("savee", name) for name in ("DC", "JE", "JK", "KL")),
    ]
    splits = protocol("pooled").splits(people)
    assert {item.corpus for item in splits[0].test} == {"ravdess_speech", "ravdess_song", "savee"}
    tested = Counter(item for split in splits for item in split.test)
    assert set(tested.values()) == {1}


@pytest.mark.parametrize("name", PROTOCOLS)
def test_every_protocol_describes_itself(name):
    rule = protocol(name) if name != "cross-corpus" else protocol("cross-corpus:one:two")
    assert rule.description
    assert rule.title == f"{rule.name} v{rule.version}"
    assert rule.new_speakers == (name not in ("ordered", "random", "sentence-disjoint"))


def test_figures_carry_name_and_version():
    splits = protocol("speaker-disjoint:3").splits(everybody())
    assert {split.protocol for split in splits} == {"speaker-disjoint:3 v1"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [("lokbox", "lockbox"), ("speaker-disjiont:3", "speaker-disjoint"), ("lockbox:3", "lockbox")],
)
def test_a_misspelt_protocol_is_refused_with_a_suggestion(name, hint):
    with pytest.raises(ConfigError, match=f"did you mean '{hint}'"):
        protocol(name)


@pytest.mark.parametrize("name", ["speaker-disjoint:3", "leave-one-speaker-out"])
def test_one_person_written_by_three_programs_stands_in_one_part(name):
    clips = [
        clip("mine", written.format(who), number)
        for written in ("{:02d}", "{:d}", "{:.1f}")
        for who in range(1, 7)
        for number in range(4)
    ]
    with pytest.warns(UserWarning, match="are one speaker: 01 = 1 = 1.0"):
        splits = protocol(name).splits(clips)
    for split in splits:
        parts = [{float(item.speaker) for item in part} for part in (split.train, split.test)]
        assert not parts[0] & parts[1]
