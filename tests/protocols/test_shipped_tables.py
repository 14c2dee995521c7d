from itertools import combinations

import pytest

from affekt.protocols import lockbox_speakers, selection_speakers
from affekt.protocols.shipped_tables import read_table
from affekt.records import normal_id

COLLECTION = {"ravdess_speech": "ravdess", "ravdess_song": "ravdess"}


def by_collection(speakers):
    return {(COLLECTION.get(corpus, corpus), speaker) for corpus, speaker in speakers}


def test_the_lockbox_names_speakers_of_nine_corpora():
    assert len(lockbox_speakers()) == 35
    assert ("ravdess_song", "06") in lockbox_speakers()
    assert {corpus for corpus, _ in lockbox_speakers()} == {
        "cremad", "ravdess_speech", "ravdess_song", "savee", "emodb", "emovo", "casia", "tess",
        "nemo",
    }  # fmt: skip


def test_lockbox_select_and_calibrate_share_no_speaker_of_a_collection():
    tables = (lockbox_speakers(), selection_speakers("select"), selection_speakers("calibrate"))
    for one, other in combinations(tables, 2):
        assert not by_collection(one) & by_collection(other)


@pytest.mark.parametrize(
    "table", [lockbox_speakers(), selection_speakers("select"), selection_speakers("calibrate")]
)
def test_whoever_is_named_for_song_is_named_for_speech(table):
    song = {speaker for corpus, speaker in table if corpus == "ravdess_song"}
    assert song <= {speaker for corpus, speaker in table if corpus == "ravdess_speech"}


def test_the_cremad_lockbox_is_the_literatures_test_set():
    test = {
        row["speaker"]
        for row in read_table("speaker_folds")
        if (row["corpus"], row["part"]) == ("cremad", "test")
    }
    assert len(test) == 19
    assert test == {speaker for corpus, speaker in lockbox_speakers() if corpus == "cremad"}


def test_the_ravdess_lockbox_is_fold_six():
    folds = read_table("speaker_folds")
    for name in ("ravdess_speech", "ravdess_song"):
        six = {row["speaker"] for row in folds if (row["corpus"], row["fold"]) == (name, "6")}
        assert six == {speaker for corpus, speaker in lockbox_speakers() if corpus == name}


def test_a_pooled_round_holds_actors_out_of_speech_and_song_together():
    rounds = read_table("pooled_rounds")
    for number in {row["round"] for row in rounds}:
        held = {(row["corpus"], row["speaker"]) for row in rounds if row["round"] == number}
        speech = {speaker for corpus, speaker in held if corpus == "ravdess_speech"}
        song = {speaker for corpus, speaker in held if corpus == "ravdess_song"}
        assert speech - {"18"} == song  # actor 18 sang nothing


def test_the_shipped_tables_write_ids_in_their_normal_form():
    for table in ("lockbox", "selection", "speaker_folds", "pooled_rounds"):
        for row in read_table(table):
            assert normal_id(row["speaker"]) == row["speaker"]
