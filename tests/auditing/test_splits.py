"""Anybody's split: its columns, its parts and its labels under whatever names."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from affekt.auditing import audit, read_split
from affekt.auditing.rounds import BETWEEN, LEARNT, TESTED, role


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("train", LEARNT),
        ("Training set", LEARNT),
        ("train_test_speakers", LEARNT),
        ("validation", BETWEEN),
        ("dev", BETWEEN),
        ("test", TESTED),
        ("holdout_test", TESTED),
        ("Test set", TESTED),
        ("evaluation", TESTED),
    ],
)
def test_the_role_of_a_part_is_read_from_its_name(part, expected):
    assert role(part) == expected


@pytest.fixture
def table(write, speak, tmp_path):
    """Write a split of three recordings by anna, ben and cleo; rows may name them again."""
    for number, name in enumerate(("anna", "ben", "cleo")):
        write(f"{name}.wav", speak("aeo", reading=number))

    def call(*rows):
        path = tmp_path / "split.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    return call


def severities(split, kind):
    found = audit(split=split, workers=1).findings
    return {item.severity for item in found if item.kind == kind}


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        ("train", "Test set", "error"),
        ("train", "holdout_test", "error"),
        ("dev", "test", "error"),
        ("train", "dev", "warning"),
        ("test_clean", "test_other", "warning"),
        # No part is named after training: both are folds.
        ("1", "2", "error"),
    ],
)
def test_a_voice_in_two_parts_is_an_error_where_one_is_tested(table, one, other, severity):
    training = [{"path": "cleo.wav", "part": "train", "speaker": "cleo"}] * one.isalpha()
    if "test" in one:
        training = [{"path": "cleo.wav", "part": "train", "speaker": "cleo"}]
    split = table(
        {"path": "anna.wav", "part": one, "speaker": "anna"},
        {"path": "ben.wav", "part": other, "speaker": "anna"},
        *training,
    )
    assert severities(split, "speaker-across-parts") == {severity}


def test_a_file_in_two_tested_parts_is_measured_twice_and_not_learnt(table):
    split = table(
        {"path": "anna.wav", "part": "test_clean"},
        {"path": "anna.wav", "part": "test_all"},
        {"path": "cleo.wav", "part": "train"},
    )
    assert severities(split, "same-file") == {"warning"}


def test_a_fold_beside_a_part_numbers_the_rounds_of_a_cross_validation(table):
    split = table(
        *(
            {
                "path": f"{name}.wav",
                "part": "test" if name == tested else "train",
                "fold": tested,
                "speaker": name,
            }
            for tested in ("anna", "ben", "cleo")
            for name in ("anna", "ben", "cleo")
        )
    )
    (anna, *_) = read_split(split)
    assert anna.places == (("anna", "test"), ("ben", "train"), ("cleo", "train"))
    assert severities(split, "same-file") == severities(split, "speaker-across-parts") == set()


def test_a_fold_of_each_file_alone_hides_no_leak(table):
    split = table(
        {"path": "anna.wav", "part": "train", "fold": "1", "speaker": "anna"},
        {"path": "ben.wav", "part": "train", "fold": "2", "speaker": "ben"},
        {"path": "cleo.wav", "part": "test", "fold": "", "speaker": "ben"},
    )
    assert severities(split, "speaker-across-parts") == {"error"}


def test_one_file_under_two_labels_is_told_as_such(table):
    split = table(
        {"path": "anna.wav", "part": "train", "emotion": "sad"},
        {"path": "anna.wav", "part": "train", "emotion": "angry"},
        # These mean the same.
        {"path": "ben.wav", "part": "train", "emotion": "Happy"},
        {"path": "ben.wav", "part": "train", "emotion": "happiness"},
    )
    found = audit(split=split, workers=1)
    (labels,) = [item for item in found.findings if item.kind == "two-labels"]
    assert (labels.severity, labels.message) == (
        "error",
        "one file is called sad and angry: leave it out, or listen and keep one",
    )
    assert [tuple(clip) for clip in labels.clips] == [("anna.wav", "train", "sad, angry")]
    assert "--mend" in labels.mend


def test_stretches_of_a_file_have_labels_of_their_own(table):
    split = table(
        {"path": "anna.wav", "part": "train", "emotion": "sad", "start": "0", "end": "0.5"},
        {"path": "anna.wav", "part": "train", "emotion": "angry", "start": "0.5", "end": "1"},
    )
    assert severities(split, "two-labels") == set()
    assert [clip.name for clip in read_split(split)] == [
        "anna.wav from 0 s to 0.5 s",
        "anna.wav from 0.5 s to 1 s",
    ]


@pytest.mark.parametrize(
    ("start", "severity"), [("0.5", set()), ("0.4", {"error"}), ("", {"error"})]
)
def test_stretches_leak_where_they_overlap(table, start, severity):
    split = table(
        {"path": "anna.wav", "part": "train", "start": "0", "end": "0.5"},
        {"path": "anna.wav", "part": "test", "start": start, "end": ""},
        {"path": "cleo.wav", "part": "train", "start": "", "end": ""},
    )
    assert severities(split, "same-file") == severity


def test_training_stretches_that_overlap_tested_ones_are_mended_away(table):
    split = table(
        {"path": "anna.wav", "part": "train", "start": "0", "end": "0.5"},
        {"path": "anna.wav", "part": "test", "start": "0.4", "end": ""},
        {"path": "cleo.wav", "part": "train", "start": "", "end": ""},
    )
    mending = audit(split=split, workers=1).mending
    assert mending.dropped == {0: ("same-file", "train")}


def test_a_stretch_is_heard_alone(write, speak, tmp_path):
    sound = speak("aeo")
    write("a.wav", np.concatenate([np.zeros(8_000, np.float32), sound]))
    write("b.wav", sound)
    split = tmp_path / "split.csv"
    split.write_text(
        "file;start;end;part\na.wav;0;0,5;train\na.wav;0 days 00:00:00.5;;train\nb.wav;;;test\n"
    )
    found = audit(split=split, workers=1).findings
    (silent,) = [item for item in found if item.kind == "silent"]
    assert [clip.name for clip in silent.clips] == ["a.wav from 0 s to 0.5 s"]
    (copy,) = [item for item in found if item.kind in ("identical-audio", "near-duplicate")]
    assert [clip.name for clip in copy.clips] == ["a.wav from 0.5 s to the end", "b.wav"]


@pytest.mark.parametrize(
    ("label", "expected"), [("wut", set()), ("freude", {"error"}), ("verwirrt", set())]
)
def test_labels_of_two_corpora_are_compared_by_what_they_mean(
    table, write, original, label, expected
):
    write("own.wav", original)
    write("emodb/wav/03a01Wa.flac", original)  # W: anger
    split = table(
        {"path": "own.wav", "part": "train", "emotion": label},
        {"path": "emodb/wav/03a01Wa.flac", "part": "train", "emotion": ""},
    )
    assert severities(split, "two-labels") == expected


def test_one_speaker_written_in_three_ways_is_found_in_two_parts(table):
    split = table(
        {"path": "anna.wav", "part": "train", "speaker": "06"},
        {"path": "ben.wav", "part": "test", "speaker": "6"},
        {"path": "cleo.wav", "part": "test", "speaker": "6.0"},
    )
    with pytest.warns(UserWarning, match="one speaker: 06 = 6 = 6.0"):
        assert severities(split, "speaker-across-parts") == {"error"}


def test_an_actor_who_sings_in_one_part_and_speaks_in_the_other_stands_in_both(table):
    """RAVDESS' song and speech are of the same actors, whatever a split calls the two."""
    split = table(
        {"path": "anna.wav", "part": "train", "corpus": "ravdess_song", "speaker": "01"},
        {"path": "ben.wav", "part": "test", "corpus": "ravdess_speech", "speaker": "01"},
    )
    assert severities(split, "speaker-across-parts") == {"error"}
