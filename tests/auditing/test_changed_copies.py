"""Copies that other tools made: librosa's vocoder, a room, a filter, a telephone, backwards."""

from __future__ import annotations

import json

import librosa
import numpy as np
import pytest
import scipy.signal
import soxr
from click.testing import CliRunner

from affekt.auditing import audit, copies_among
from affekt.auditing.report import WRITERS
from affekt.auditing.suspicion import weights
from affekt.cli.audit import audit as command
from affekt.records import Utterance

RATE_HZ = 16_000
COPIES = ("identical-audio", "near-duplicate", "augmented-copy")


def higher(signal, semitones, rate_hz):
    there = soxr.resample(signal, RATE_HZ, rate_hz)
    return librosa.effects.pitch_shift(there, sr=rate_hz, n_steps=semitones), rate_hz


def faster(signal, rate, rate_hz):
    there = soxr.resample(signal, RATE_HZ, rate_hz)
    return librosa.effects.time_stretch(there, rate=rate), rate_hz


def in_a_room(signal):
    """Sound for 0.4 s more, the tail as strong as the direct sound."""
    times_s = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
    tail = np.random.default_rng(0).standard_normal(times_s.size) * 10.0 ** (-3 * times_s / 0.4)
    tail[:32] = 0.0
    tail /= np.sqrt(np.square(tail).sum())
    tail[0] = 1.0
    return scipy.signal.fftconvolve(signal, tail)


def by_telephone(signal):
    band = scipy.signal.butter(4, (300.0, 3400.0), "bandpass", fs=8000, output="sos")
    narrow = scipy.signal.sosfilt(band, soxr.resample(signal, RATE_HZ, 8000))
    coded = librosa.mu_compress(0.9 * narrow / np.abs(narrow).max(), mu=255, quantize=True)
    return librosa.mu_expand(coded, mu=255, quantize=True), 8000


VOCODED = {
    "0.3 semitones higher at 22.05 kHz": lambda s: higher(s, 0.3, 22_050),
    "2 semitones higher at 22.05 kHz": lambda s: higher(s, 2.0, 22_050),
    "3 semitones lower at 48 kHz": lambda s: higher(s, -3.0, 48_000),
    "0.8 times as fast": lambda s: faster(s, 0.8, 16_000),
}
FILTERED = {
    "backwards": (lambda s: (s[::-1], RATE_HZ), "backwards"),
    "in a room": (lambda s: (in_a_room(s), RATE_HZ), ""),
    "pre-emphasised": (lambda s: (librosa.effects.preemphasis(s, coef=0.97), RATE_HZ), ""),
    "by telephone": (by_telephone, ""),
}


@pytest.fixture
def copied(write, original, tmp_path, speak):
    """Write a recording, a copy of it in the test part, and another reading."""

    def call(make):
        copy, rate_hz = make(original)
        write("a.wav", original)
        write("b.wav", copy, rate_hz, subtype="FLOAT")
        write("c.wav", speak(reading=1))
        split = tmp_path / "split.csv"
        split.write_text("path,part\na.wav,train\nb.wav,test\nc.wav,test\n")
        return split

    return call


def copies(found):
    return [item for item in found.findings if item.kind in COPIES]


@pytest.mark.parametrize("case", VOCODED)
def test_a_copy_by_the_vocoder_of_librosa_is_suspected_at_least(case, copied):
    (copy,) = copies(audit(split=copied(VOCODED[case]), workers=1))
    assert copy.kind == "augmented-copy"
    assert copy.severity in ("suspected", "error")
    assert {clip.name for clip in copy.clips} == {"a.wav", "b.wav"}


@pytest.mark.parametrize("case", FILTERED)
def test_a_copy_behind_a_filter_or_backwards_is_certain(case, copied):
    make, evidence = FILTERED[case]
    (copy,) = copies(audit(split=copied(make), workers=1))
    assert copy.severity == "error"
    assert {clip.name for clip in copy.clips} == {"a.wav", "b.wav"}
    assert evidence in copy.message


@pytest.fixture
def suspect(copied):
    return copied(lambda s: faster(s, 0.8, 16_000))


def test_nothing_is_mended_on_suspicion(suspect):
    found = audit(split=suspect, workers=1)
    (copy,) = copies(found)
    assert (copy.severity, copy.mend) == ("suspected", "")
    assert found.mending.dropped == {}
    assert weights().least <= copy.figures["suspicion"] <= 1.0


def test_what_is_suspected_is_no_copy_among_clips(suspect):
    clips = [
        Utterance(
            path=suspect.with_name(name),
            corpus="c",
            collection="c",
            speaker="a",
            native_label="sad",
            emotion="sad",
        )
        for name in ("a.wav", "b.wav")
    ]
    assert copies_among(clips, workers=1) == ()


@pytest.mark.parametrize(("severity", "code"), [("warning", 0), ("suspected", 3), ("note", 3)])
def test_a_suspicion_fails_only_those_who_ask(suspect, severity, code):
    suspect.write_text("path,part,speaker\na.wav,train,anna\nb.wav,test,ben\n", encoding="utf-8")
    call = ["--split", str(suspect), "--workers", "1"]
    assert CliRunner().invoke(command, call).exit_code == 0
    assert CliRunner().invoke(command, [*call, "--fail-on", severity]).exit_code == code


@pytest.mark.parametrize("format_name", WRITERS)
def test_every_report_names_what_is_suspected(suspect, format_name):
    report = WRITERS[format_name](audit(split=suspect, workers=1))
    assert "uspected" in report or "SUSPECTED" in report
    assert "uspecteds" not in report


@pytest.mark.parametrize("format_name", WRITERS)
def test_an_audit_without_copies_says_what_it_cannot_know(write, speak, tmp_path, format_name):
    write("a.wav", speak(reading=0))
    write("b.wav", speak("uoiea", reading=1))
    split = tmp_path / "split.csv"
    split.write_text("path,part,speaker\na.wav,train,anna\nb.wav,test,ben\n")
    assert "one speaker under two names" in WRITERS[format_name](audit(split=split, workers=1))


def test_a_store_of_evidence_gives_what_was_found(suspect, tmp_path):
    first, again = (
        audit(split=suspect, store=tmp_path / "store", workers=1).findings for _ in range(2)
    )
    assert first == again
    assert json.dumps([dict(item.figures) for item in first])
