"""Copies of every kind are found and told apart; other readings are never taken for copies."""

from __future__ import annotations

import csv
import itertools

import numpy as np
import pytest
import soxr

from affekt.auditing import audit, copies_among
from affekt.augment.vocoder import stretch
from affekt.augment.waveform import add_noise
from affekt.errors import AffektError, ConfigError
from affekt.records import Utterance

RATE_HZ = 16_000


def resampled(signal, rate_hz):
    return soxr.resample(signal, RATE_HZ, rate_hz)


def pitched(signal, semitones):
    factor = 2.0 ** (semitones / 12.0)
    longer = stretch(signal, RATE_HZ, rate=1.0 / factor)
    return soxr.resample(longer, RATE_HZ * factor, RATE_HZ).astype(np.float32)


def noisy(signal, snr_db):
    rng = np.random.default_rng(7)
    return add_noise(signal, RATE_HZ, snr_db=snr_db, colour="white", rng=rng)


# Name of the file, how it is made, the kind, and a word of the evidence.
PLANTED = {
    "same bytes": ("b.wav", lambda s: s, {}, "identical-audio", "byte for byte"),
    "container": ("b.flac", lambda s: s, {}, "identical-audio", "two files"),
    "stereo": ("b.wav", lambda s: np.stack([s, s], axis=1), {}, "identical-audio", "two files"),
    "rate": ("b.wav", lambda s: resampled(s, 8000), {"rate_hz": 8000}, "near-duplicate", "8000 Hz"),
    "ogg": ("b.ogg", lambda s: s, {}, "near-duplicate", "correlate"),
    "opus": ("b.opus", lambda s: s, {"format": "OGG", "subtype": "OPUS"}, "near-duplicate", ""),
    "mp3": ("b.mp3", lambda s: s, {}, "near-duplicate", "correlate"),
    "softer": (
        "b.wav",
        lambda s: 0.1 * s,
        {"subtype": "FLOAT"},
        "near-duplicate",
        "20.0 dB softer",
    ),
    "upside down": ("b.wav", lambda s: -s, {}, "near-duplicate", "-1.000"),
    "cut": ("b.wav", lambda s: s[5_000:-6_000], {}, "near-duplicate", "lasting"),
    "later": (
        "b.wav",
        lambda s: np.pad(s, (777, 0)),
        {},
        "near-duplicate",
        "0.049 s later in the second",
    ),
    "noise": ("b.wav", lambda s: noisy(s, 8.0), {}, "augmented-copy", "noise"),
    "higher": ("b.wav", lambda s: pitched(s, 2.0), {}, "augmented-copy", "2 semitones"),
    "lower": ("b.wav", lambda s: pitched(s, -3.0), {}, "augmented-copy", "3 semitones"),
    "slower": ("b.wav", lambda s: stretch(s, RATE_HZ, rate=0.85), {}, "augmented-copy", "as fast"),
    "faster": ("b.wav", lambda s: stretch(s, RATE_HZ, rate=1.2), {}, "augmented-copy", "as fast"),
    "speed": ("b.wav", lambda s: resampled(s, 14_545), {}, "augmented-copy", "times as fast"),
}


def write_split(folder, rows):
    path = folder / "split.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def kinds(found, *wanted):
    return [item for item in found.findings if item.kind in wanted]


COPIES = ("identical-audio", "near-duplicate", "augmented-copy")


@pytest.mark.parametrize("case", PLANTED)
def test_a_planted_copy_is_found_with_its_kind_and_evidence(case, write, original, tmp_path, speak):
    name, make, kind, wanted, evidence = PLANTED[case]
    write("a.wav", original)
    write(name, make(original), **kind)
    write("c.wav", speak(reading=1))
    split = write_split(
        tmp_path,
        [
            {"path": "a.wav", "part": "train"},
            {"path": name, "part": "test"},
            {"path": "c.wav", "part": "test"},
        ],
    )
    (copy,) = kinds(audit(split=split, workers=1), *COPIES)
    assert (copy.kind, copy.severity) == (wanted, "error")
    assert {clip.name for clip in copy.clips} == {"a.wav", name}
    assert evidence in copy.message
    assert "in train and test" in copy.message or "in test and train" in copy.message


def test_readings_of_one_sentence_by_one_voice_are_no_copies(write, tmp_path, speak):
    rows = []
    for sentence in ("aeiou", "aeiuo"):
        for reading in range(6):
            name = f"{sentence}{reading}.wav"
            write(name, speak(sentence, reading=reading))
            rows.append({"path": name, "part": ("train", "test")[reading % 2]})
    assert kinds(audit(split=write_split(tmp_path, rows), workers=1), *COPIES) == []


def test_one_sound_under_two_labels_is_an_error_in_one_part_too(write, original, tmp_path):
    write("a.wav", original)
    write("b.ogg", original)
    rows = [
        {"path": "a.wav", "part": "train", "emotion": "sad"},
        {"path": "b.ogg", "part": "train", "emotion": "happy"},
    ]
    found = audit(split=write_split(tmp_path, rows), workers=1)
    (labels,) = kinds(found, "two-labels")
    assert (labels.severity, labels.message[:38]) == (
        "error",
        "the same sound is called sad and happy",
    )
    assert kinds(found, "near-duplicate")[0].severity == "warning"


def test_voices_and_sentences_in_two_parts_are_counted(write, tmp_path, speak):
    rows = []
    for number, (part, speaker) in enumerate(
        [("train", "anna"), ("train", "ben"), ("test", "ben"), ("test", "cleo")]
    ):
        write(f"{number}.wav", speak("aei", reading=number))
        rows.append({"file": f"{number}.wav", "Split": part, "speaker": speaker, "sentence": "s1"})
    found = audit(split=write_split(tmp_path, rows), workers=1)
    (speakers,) = kinds(found, "speaker-across-parts")
    assert speakers.severity == "error"
    assert speakers.message == "1 of 3 speakers of split stand in train and in test: ben"
    assert speakers.mend.startswith("affekt audit --split ")
    (sentences,) = kinds(found, "sentence-across-parts")
    assert (sentences.severity, sentences.figures["shared"]) == ("note", 1)


def test_rounds_are_looked_at_one_by_one(write, tmp_path, speak):
    rows = []
    for round_, tested in (("1", "anna"), ("2", "ben")):
        for speaker in ("anna", "ben"):
            if round_ == "1":
                write(f"{speaker}.wav", speak("aeo", reading=len(speaker)))
            part = "test" if speaker == tested else "train"
            rows.append(
                {"path": f"{speaker}.wav", "part": part, "speaker": speaker, "round": round_}
            )
    found = audit(split=write_split(tmp_path, rows), workers=1)
    assert kinds(found, "same-file", "speaker-across-parts") == []


def test_a_file_in_two_parts_is_an_error(write, original, tmp_path):
    write("a.wav", original)
    rows = [{"path": "a.wav", "part": part} for part in ("train", "test")]
    (same,) = kinds(audit(split=write_split(tmp_path, rows), workers=1), "same-file")
    assert (same.severity, same.message) == ("error", "one file stands in train and test")


def test_faults_of_single_recordings_are_told(write, original, tmp_path, speak):
    write("fine.wav", original)
    write("silent.wav", np.zeros(16_000, np.float32))
    write("long.wav", np.concatenate([speak("uoiea", reading=n) for n in range(9)]))
    write("clipped.wav", np.clip(20 * speak("uia"), -1.0, 1.0))
    write("mono.flac", resampled(speak("oea"), 44_100), 44_100)
    (tmp_path / "text.wav").write_text("no sound")
    whole = write("cut.wav", speak("eia")).read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    names = ("fine.wav", "silent.wav", "long.wav", "clipped.wav", "mono.flac", "text.wav")
    rows = [{"path": name, "part": "all"} for name in (*names, "cut.wav", "gone.wav")]
    found = audit(split=write_split(tmp_path, rows), workers=1)
    told = {(item.kind, item.clips[0].name) for item in found.findings if item.clips}
    assert {
        ("silent", "silent.wav"),
        ("duration", "long.wav"),
        ("clipped", "clipped.wav"),
        ("format", "mono.flac"),
        ("undecodable", "text.wav"),
        ("truncated", "cut.wav"),
        ("missing", "gone.wav"),
    } <= told


def test_labels_that_are_rare_or_absent_from_a_part_are_told(write, tmp_path, speak):
    rows = []
    for number in range(8):
        write(f"{number}.wav", speak("io", reading=number))
        label = "sad" if number == 0 else "happy"
        part = "train" if number < 5 else "test"
        rows.append({"path": f"{number}.wav", "part": part, "emotion": label})
    told = {
        item.message
        for item in kinds(audit(split=write_split(tmp_path, rows), workers=1), "label-imbalance")
    }
    assert told == {"4 happy and 1 sad in train: 4.0 to 1", "no sad in test"}


def test_a_corpus_is_audited_by_its_names_and_its_known_faults(write, original, tmp_path, speak):
    write("cremad/AudioWAV/1006_TIE_HAP_XX.wav", original)
    write("cremad/AudioWAV/1006_TIE_NEU_XX.flac", original)
    write("cremad/AudioWAV/1076_MTI_SAD_XX.wav", np.full(20_000, 1e-6, np.float32))
    write("cremad/AudioWAV/stranger.wav", speak("uia"))
    found = audit(["cremad"], root=tmp_path, workers=1)
    (same,) = kinds(found, "identical-audio")
    assert [clip.name.rsplit("/")[-1] for clip in same.clips] == [
        "1006_TIE_HAP_XX.wav",
        "1006_TIE_NEU_XX.flac",
    ]
    assert same.known
    (silent,) = kinds(found, "silent")
    assert silent.known
    assert kinds(found, "two-labels")
    assert kinds(found, "unplaced")[0].clips[0].name == "AudioWAV/stranger.wav"


def test_a_split_of_a_corpus_knows_its_speakers(write, tmp_path, speak):
    names = ["03a01Fa.wav", "03a02Ta.wav", "08a01Fa.wav"]
    for number, name in enumerate(names):
        write(f"emodb/wav/{name}", speak("aeiou", reading=number))
    rows = [
        {"path": f"emodb/wav/{name}", "subset": part}
        for name, part in zip(names, ("train", "test", "train"), strict=True)
    ]
    found = audit(split=write_split(tmp_path, rows), workers=1)
    (speakers,) = kinds(found, "speaker-across-parts")
    assert speakers.message == "1 of 2 speakers of emodb stand in train and in test: 03"
    assert "affekt audit --split " in speakers.mend


def test_a_second_audit_hears_only_what_changed(write, tmp_path, speak):
    for number in range(3):
        write(f"{number}.wav", speak("aoe", reading=number))
    split = write_split(tmp_path, [{"path": f"{n}.wav", "part": "all"} for n in range(3)])
    assert audit(split=split, workers=1).newly_heard == 3
    assert audit(split=split, workers=1).newly_heard == 0
    write("1.wav", speak("uuu", reading=5))
    assert audit(split=split, workers=1).newly_heard == 1


def test_processes_find_what_one_finds(write, original, tmp_path, monkeypatch):
    monkeypatch.setattr("affekt.auditing.matching.FEW", 0)
    write("a.wav", original)
    write("b.ogg", original)
    split = write_split(tmp_path, [{"path": n, "part": n[0]} for n in ("a.wav", "b.ogg")])
    one = audit(split=split, store=tmp_path / "one", workers=1).findings
    assert audit(split=split, store=tmp_path / "two", workers=2).findings == one


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,emotion\na.wav,sad\n", "no column 'split'; names that are known: split, part"),
        ("part,emotion\ntest,sad\n", "no column 'path'"),
        ("path,part\n", "has no rows"),
        ("path,part\na.wav,\n", "line 2: 'part' is empty"),
        ("path,part\ngone.wav,test\n", "none of its 1 recordings is there"),
        ("", "it has: none"),
    ],
)
def test_a_split_that_cannot_be_used_is_refused(tmp_path, text, message):
    split = tmp_path / "split.csv"
    split.write_text(text)
    with pytest.raises(AffektError, match=message):
        audit(split=split, workers=1)


def test_a_store_that_is_something_else_is_refused(write, original, tmp_path):
    write("a.wav", original)
    split = write_split(tmp_path, [{"path": "a.wav", "part": "test"}])
    (tmp_path / "store").write_text("no database, and long enough to be told from an empty one")
    with pytest.raises(ConfigError, match="AFFEKT_CACHE"):
        audit(split=split, store=tmp_path / "store", workers=1)


def test_the_copies_among_utterances_are_named_by_their_files(write, original, speak):
    first, second = write("a.wav", original), write("b.mp3", original)
    third = write("c.wav", pitched(original, 2.0))
    fourth = write("d.wav", speak(reading=1))
    clips = [
        Utterance(
            path=path, corpus="c", collection="c", speaker="a", native_label="sad", emotion="sad"
        )
        for path in (fourth, third, second, first, first)
    ]
    found = {
        (*sorted(str(item.path) for item in pair[:2]), pair.kind) for pair in copies_among(clips)
    }
    assert found >= {
        (str(first), str(second), "near-duplicate"),
        (str(first), str(third), "augmented-copy"),
    }
    assert not any(str(fourth) in pair for pair in found)


def test_of_many_copies_each_is_a_copy_of_each(write, original):
    paths = [write(f"{name}.wav", original) for name in "abc"]
    louder = write("d.wav", 1.5 * original, subtype="FLOAT")
    clips = [
        Utterance(
            path=path, corpus="c", collection="c", speaker="a", native_label="sad", emotion="sad"
        )
        for path in (*paths, louder)
    ]
    found = {(*sorted(item.path for item in pair[:2]), pair.kind) for pair in copies_among(clips)}
    assert found == {
        *((one, other, "identical-audio") for one, other in itertools.combinations(paths, 2)),
        *((path, louder, "near-duplicate") for path in paths),
    }


def test_of_nothing_there_are_no_copies():
    assert copies_among([]) == ()
