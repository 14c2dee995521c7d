"""The real recordings: every file placed, none twice."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from affekt.corpora import CORPORA, load_corpus, scan_corpus
from affekt.corpora.checks import check_names

ROOT = os.environ.get("AFFEKT_CORPORA")
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not ROOT, reason="AFFEKT_CORPORA names no folder with real recordings"),
]
# Files, speakers, native labels.
COUNTS = {
    "cremad": (7442, 91, 6),
    "ravdess_speech": (1440, 24, 8),
    "ravdess_song": (1012, 23, 6),
    "tess": (2798, 2, 7),
    "savee": (480, 4, 7),
    "emodb": (535, 10, 7),
    "emovo": (588, 6, 7),
    "casia": (1200, 4, 6),
    "nemo": (4481, 9, 6),
}


def scan(name):
    if not (Path(ROOT) / name).is_dir():
        pytest.skip(f"{name} is not here")
    return scan_corpus(name, Path(ROOT))


@pytest.mark.parametrize("name", COUNTS)
def test_every_file_is_placed_and_none_twice(name):
    found = scan(name)
    assert (len(found.utterances), len(found.speakers), len(found.per_label)) == COUNTS[name]
    assert found.unplaced == found.twice == ()
    if name != "tess":
        assert found.per_label == CORPORA[name].official.per_label


@pytest.mark.parametrize("name", ["cremad", "nemo"])
def test_every_speaker_has_gender_and_age(name):
    scan(name)
    assert all(item.gender and item.age for item in load_corpus(name, Path(ROOT)))


def test_scanning_all_is_quick():
    here = [name for name in COUNTS if (Path(ROOT) / name).is_dir()]
    started = time.process_time()
    for name in here:
        scan_corpus(name, Path(ROOT))
    assert time.process_time() - started < 2.0


def test_names_and_counts_of_a_whole_corpus_are_as_declared():
    assert check_names(CORPORA["emodb"], scan("emodb")) == []


def test_faults_of_names_are_found_and_no_others():
    findings = check_names(CORPORA["tess"], scan("tess"))
    assert {(item.kind, item.name, item.other) for item in findings} == {
        ("misspelt-name", "OA_bite_neutral", "OAF_bite_neutral"),
        ("missing", "OAF_back_angry", ""),
        ("missing", "YAF_beg_sad", ""),
    }
