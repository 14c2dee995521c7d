"""Verification finds what is wrong with names, counts and sound."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import soundfile

from affekt.corpora import CORPORA, scan_corpus
from affekt.corpora.base import Fault, Official
from affekt.corpora.verify import verify_corpus

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"


@pytest.fixture
def verify(tmp_path):
    """Verify EmoDB in the temporary folder, counts of three files and two speakers expected."""

    def run(**changes):
        corpus = dataclasses.replace(
            CORPORA["emodb"],
            official=Official(files=3, speakers=2),
            duration_range_s=(0.2, 1.0),
            **changes,
        )
        return verify_corpus(corpus, scan_corpus("emodb", tmp_path))

    return run


@pytest.fixture
def folder(tmp_path, write_tone):
    for number, stem in enumerate(("03a01Fa", "03a01Wa", "16a01Na")):
        write_tone(tmp_path / "emodb" / f"{stem}.wav", frequency_hz=200.0 + 50 * number)
    return tmp_path / "emodb"


def test_a_sound_corpus_has_no_findings(folder, verify):
    assert verify() == []


def test_silence_is_found_even_if_it_is_not_zero(folder, verify):
    noise = 1e-6 * np.random.default_rng(0).standard_normal(8_000)
    soundfile.write(folder / "03a01Wa.wav", noise, 16_000, subtype="FLOAT")
    [finding] = verify()
    assert (finding.kind, finding.name, finding.known) == ("silent", "03a01Wa", False)


def test_a_fault_the_corpus_is_known_for_is_marked(folder, verify):
    soundfile.write(folder / "03a01Wa.wav", np.zeros(8_000), 16_000)
    [finding] = verify(faults=(Fault(kind="silent", name="03a01Wa"),))
    assert finding.known


def test_what_is_no_sound_is_found(folder, verify):
    (folder / "03a01Wa.wav").write_bytes(b"<html>not found</html>" * 20)
    [finding] = verify()
    assert (finding.kind, finding.name) == ("undecodable", "03a01Wa")


def test_a_git_lfs_pointer_is_found(folder, verify):
    (folder / "03a01Wa.wav").write_text(POINTER)
    [finding] = verify()
    assert finding.kind == "lfs-pointer"
    assert "git lfs pull" in finding.message


def test_the_same_sound_in_another_lossless_container_is_found(folder, verify):
    signal, rate_hz = soundfile.read(folder / "03a01Fa.wav", dtype="int16")
    (folder / "03a01Wa.wav").unlink()
    soundfile.write(folder / "03a01Wa.flac", signal, rate_hz)
    [finding] = verify()
    assert (finding.kind, finding.name, finding.other) == ("identical-audio", "03a01Fa", "03a01Wa")
    assert "two labels" in finding.message


def test_an_implausible_duration_is_found(folder, verify, write_tone):
    write_tone(folder / "03a01Wa.wav", duration_s=1.5)
    [finding] = verify()
    assert (finding.kind, finding.message[:6]) == ("duration", "1.50 s")


def test_counts_are_compared(folder, verify):
    (folder / "16a01Na.wav").unlink()
    assert [(item.kind, item.message) for item in verify()] == [
        ("count", "2 files, officially 3"),
        ("speakers", "1 speakers, officially 2"),
    ]


def test_names_are_compared(folder, verify, write_tone):
    write_tone(folder / "stranger.wav", frequency_hz=500.0)
    write_tone(folder / "03a01Fa.mp3", frequency_hz=600.0)
    assert [(item.kind, item.name, item.other) for item in verify()] == [
        ("unplaced", "stranger.wav", ""),
        ("twice", "03a01Fa.wav", "03a01Fa.mp3"),
    ]


def test_counts_of_each_label_are_compared(folder, tmp_path):
    corpus = dataclasses.replace(
        CORPORA["emodb"],
        official=Official(files=4, speakers=2, per_label={"anger": 2, "neutral": 1}),
        duration_range_s=(0.2, 1.0),
    )
    findings = verify_corpus(corpus, scan_corpus("emodb", tmp_path))
    assert [(item.name, item.message) for item in findings] == [
        ("emodb", "3 files, officially 4"),
        ("anger", "1 files, officially 2"),
    ]


def test_missing_and_misspelt_names_are_findings_and_no_count(tmp_path, write_tone):
    for number, stem in enumerate(("OA_bite_neutral", "OAF_bite_sad", "OAF_back_sad")):
        write_tone(tmp_path / f"tess/{stem}.wav", frequency_hz=200.0 + 50 * number)
    corpus = dataclasses.replace(
        CORPORA["tess"], official=Official(files=4, speakers=1), duration_range_s=(0.2, 1.0)
    )
    findings = verify_corpus(corpus, scan_corpus("tess", tmp_path))
    assert [(item.kind, item.name, item.other, item.known) for item in findings] == [
        ("misspelt-name", "OA_bite_neutral", "OAF_bite_neutral", True),
        ("missing", "OAF_back_neutral", "", False),
    ]


def test_progress_counts_every_recording(folder, tmp_path):
    seen = []
    corpus = CORPORA["emodb"]
    scan = scan_corpus("emodb", tmp_path)
    verify_corpus(corpus, scan, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_link_to_nowhere_is_found(folder, verify):
    (folder / "03a01Wa.wav").unlink()
    (folder / "03a01Wa.wav").symlink_to("nowhere.wav")
    [finding] = verify()
    assert (finding.kind, finding.name) == ("undecodable", "03a01Wa")
