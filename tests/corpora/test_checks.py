"""What differs between a corpus and its declaration, by names and counts."""

from __future__ import annotations

import dataclasses

import pytest

from affekt.corpora import CORPORA, scan_corpus
from affekt.corpora.base import Official
from affekt.corpora.checks import check_names, is_known


@pytest.fixture
def check(tmp_path):
    """Check a corpus in the temporary folder against other counts than its own."""

    def run(name="emodb", **official):
        expected = Official(**{"files": 3, "speakers": 2, **official})
        corpus = dataclasses.replace(CORPORA[name], official=expected)
        return check_names(corpus, scan_corpus(name, tmp_path))

    return run


@pytest.fixture
def folder(tmp_path, write_tone):
    for stem in ("03a01Fa", "03a01Wa", "16a01Na"):
        write_tone(tmp_path / "emodb" / f"{stem}.wav")
    return tmp_path / "emodb"


def test_a_whole_corpus_differs_in_nothing(folder, check):
    assert check() == []


def test_counts_are_compared(folder, check):
    (folder / "16a01Na.wav").unlink()
    assert [(item.kind, item.message) for item in check()] == [
        ("count", "2 files, officially 3"),
        ("speakers", "1 speakers, officially 2"),
    ]


def test_names_are_compared(folder, check, write_tone):
    write_tone(folder / "stranger.wav")
    write_tone(folder / "03a01Fa.mp3")
    assert [(item.kind, item.name, item.other) for item in check()] == [
        ("unplaced", "stranger.wav", ""),
        ("twice", "03a01Fa.wav", "03a01Fa.mp3"),
    ]


def test_counts_of_each_label_are_compared(folder, check):
    found = check(files=4, per_label={"anger": 2, "neutral": 1})
    assert [(item.name, item.message) for item in found] == [
        ("emodb", "3 files, officially 4"),
        ("anger", "1 files, officially 2"),
    ]


def test_missing_and_misspelt_names_are_reported_and_change_no_count(tmp_path, check, write_tone):
    for stem in ("OA_bite_neutral", "OAF_bite_sad", "OAF_back_sad"):
        write_tone(tmp_path / f"tess/{stem}.wav")
    found = check("tess", files=4, speakers=1)
    assert [(item.kind, item.name, item.other) for item in found] == [
        ("misspelt-name", "OA_bite_neutral", "OAF_bite_neutral"),
        ("missing", "OAF_back_neutral", ""),
    ]
    known = [is_known(CORPORA["tess"], item.kind, item.name, item.other) for item in found]
    assert known == [True, False]
