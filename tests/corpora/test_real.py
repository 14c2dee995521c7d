"""The real recordings: every file placed, none twice, exactly the known findings."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from affekt.corpora import CORPORA, load_corpus, scan_corpus
from affekt.corpora.verify import verify_corpus

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
# Those that decode within a minute together; the rest is checked by hand.
FINDINGS = {
    "savee": set(),
    "emodb": set(),
    "tess": {
        ("misspelt-name", "OA_bite_neutral", "OAF_bite_neutral"),
        ("missing", "OAF_back_angry", ""),
        ("missing", "YAF_beg_sad", ""),
    },
    "ravdess_speech": {("identical-audio", "03-01-03-01-02-01-07", "03-01-03-01-02-02-07")},
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
    started = time.perf_counter()
    for name in here:
        scan_corpus(name, Path(ROOT))
    assert time.perf_counter() - started < 2.0


@pytest.mark.parametrize("name", FINDINGS)
def test_verification_finds_what_is_known_and_nothing_else(name):
    findings = verify_corpus(CORPORA[name], scan(name))
    assert {(item.kind, item.name, item.other) for item in findings} == FINDINGS[name]


def test_the_silent_clip_of_cremad_is_found(tmp_path):
    (tmp_path / "cremad").mkdir()
    here = [i for i in scan("cremad").utterances if i.path.stem.startswith("1076_MTI")]
    for item in here:
        (tmp_path / "cremad" / item.path.name).symlink_to(item.path)
    findings = verify_corpus(CORPORA["cremad"], scan_corpus("cremad", tmp_path))
    sound = [item for item in findings if item.kind not in {"count", "speakers"}]
    assert [(item.kind, item.name, item.known) for item in sound] == [
        ("silent", "1076_MTI_SAD_XX", True)
    ]
