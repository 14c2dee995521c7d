"""The real recordings: what is known to be wrong is found, and readings are no copies."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from affekt.auditing import audit
from affekt.corpora import scan_corpus

ROOT = os.environ.get("AFFEKT_CORPORA")
pytestmark = [
    pytest.mark.corpora,
    pytest.mark.skipif(not ROOT, reason="AFFEKT_CORPORA names no folder with real recordings"),
]
FAULTS = (
    *("identical-audio", "near-duplicate", "augmented-copy", "two-labels"),
    *("silent", "undecodable", "missing", "misspelt-name"),
)
# Of each corpus the speakers or words in question, and what must be found in them.
EXPECTED = {
    "cremad": (
        r"10(06|13|17|76)_.*",
        {
            ("identical-audio", "1006_TIE_HAP_XX", "1006_TIE_NEU_XX"),
            ("identical-audio", "1013_WSI_DIS_XX", "1013_WSI_SAD_XX"),
            ("identical-audio", "1017_IWW_ANG_XX", "1017_IWW_FEA_XX"),
            # Moved by 0.13 s, and correlating at 0.97 over 1.87 s.
            ("near-duplicate", "1017_IWL_ANG_XX", "1017_IWL_FEA_XX"),
            ("two-labels", "1017_IWL_ANG_XX", "1017_IWL_FEA_XX"),
            ("silent", "1076_MTI_SAD_XX"),
            ("two-labels", "1006_TIE_HAP_XX", "1006_TIE_NEU_XX"),
            ("two-labels", "1013_WSI_DIS_XX", "1013_WSI_SAD_XX"),
            ("two-labels", "1017_IWW_ANG_XX", "1017_IWW_FEA_XX"),
        },
    ),
    "ravdess_speech": (
        r".*-0[1-9]",
        {("identical-audio", "03-01-03-01-02-01-07", "03-01-03-01-02-02-07")},
    ),
    "tess": (
        r"[OY]AF?_(back|beg|bite)_.*",
        {
            ("missing", "OAF_back_angry"),
            ("missing", "YAF_beg_sad"),
            ("misspelt-name", "OA_bite_neutral", "OAF_bite_neutral"),
        },
    ),
    "savee": (r".*", set()),
    "emodb": (r".*", set()),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_known_is_found_and_no_reading_is_taken_for_a_copy(name, tmp_path):
    part, expected = EXPECTED[name]
    (tmp_path / name).mkdir()
    for item in scan_corpus(name, Path(ROOT)).utterances:
        if re.fullmatch(part, item.path.stem):
            (tmp_path / name / item.path.name).symlink_to(item.path.resolve())
    found = audit([name], root=tmp_path).findings
    told = {
        (item.kind, *(Path(clip.name).stem for clip in item.clips))
        for item in found
        if item.kind in FAULTS
    }
    assert told == expected


def test_a_speaker_of_casia_has_one_recording_under_two_labels(tmp_path):
    scan = scan_corpus("casia", Path(ROOT))
    for item in scan.utterances:
        if item.speaker == "liuchanhg" and item.native_label in ("fear", "sad"):
            link = tmp_path / "casia" / item.speaker / item.native_label / item.path.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(item.path.resolve())
    found = [item for item in audit(["casia"], root=tmp_path).findings if item.kind == "two-labels"]
    pairs = [[Path(clip.name) for clip in item.clips] for item in found]
    assert len(pairs) == 50
    assert all(one.stem == other.stem for one, other in pairs)
