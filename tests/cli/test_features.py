"""`affekt features`, as a person types it."""

from __future__ import annotations

import csv
import itertools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affekt.audio import decode
from affekt.cli import main
from affekt.features.sets import FEATURE_SETS
from affekt.features.tables.table import read_table


@pytest.fixture
def root(tmp_path):
    """Three EmoDB tones, and a SAVEE one that is silent."""
    place = tmp_path / "corpora"
    for corpus, stems in (("emodb", ("03a01Fa", "11a02Ld", "16b10Wb")), ("savee", ("DC_a01",))):
        (place / corpus).mkdir(parents=True)
        for number, stem in enumerate(stems):
            times_s = np.arange(8_000) / 16_000
            level = 0.0 if corpus == "savee" else 0.3
            signal = level * np.sin(2 * np.pi * (200 + 50 * number) * times_s)
            soundfile.write(place / corpus / f"{stem}.wav", signal, 16_000)
    return place


@pytest.fixture
def run(root, tmp_path, monkeypatch):
    monkeypatch.setenv("AFFEKT_CORPORA", str(root))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["features", *map(str, words)])


def extract(run, out="a.parquet", *more, corpus="emodb", features="vector-162"):
    return run("extract", "--corpus", corpus, "--set", features, "--out", out, *more)


def test_list_names_every_set_with_its_shape(run):
    text = run("list").stdout
    for name, item in FEATURE_SETS.items():
        shape = " x ".join(str(size) for size in item.shape)
        assert f"{name}: {item.form} {shape}, version {item.version}\n" in text
        assert " ".join(item.description.split()) in " ".join(text.split())


def test_extract_writes_a_row_a_clip(run):
    result = extract(run, "a.csv")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "a.csv: 3 clips, vector-162 (162)\n"
    with Path("a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["clip"] for row in rows] == [
        "emodb/03a01Fa.wav",
        "emodb/11a02Ld.wav",
        "emodb/16b10Wb.wav",
    ]
    assert [row["emotion"] for row in rows] == ["happy", "", "angry"]
    assert rows[1]["native_label"] == "boredom"
    assert float(rows[0]["duration_s"]) == 0.5
    assert all(row["mel_128"] for row in rows)


def test_extract_takes_several_corpora_and_names_what_it_cannot_read(run):
    result = extract(run, "a.parquet", "--corpus", "savee")
    assert result.exit_code == 1
    assert result.stdout == "a.parquet: 3 clips, vector-162 (162); 1 could not be read\n"
    assert result.stderr.startswith("affekt: savee/DC_a01.wav: is silent")


def test_extract_says_when_there_is_nothing_left_to_do(run):
    first, second = extract(run).stdout, extract(run).stdout
    assert second == first.rstrip() + "; finished already (--force makes it anew)\n"
    assert extract(run, "a.parquet", "--force").stdout == first


def test_extract_leaves_short_clips_out(run, root):
    soundfile.write(root / "emodb" / "03a02Nc.wav", 0.1 * np.ones(3000), 16_000)
    text = extract(run, "a.parquet", "--min-duration-s", "0.3").stdout
    assert text == "a.parquet: 3 clips, vector-162 (162); 1 left out for their length\n"


@pytest.fixture
def begun(root, run, tmp_path):
    """Begin an extraction of 703 clips in a process of its own; wait for the first part of it."""
    texts = ("a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10")
    speakers = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")
    for stem in itertools.product(speakers, texts, "WLEAFTN"):
        os.link(root / "emodb" / "03a01Fa.wav", root / "emodb" / f"{''.join(stem)}c.wav")
    processes = []

    def begin(*more):
        words = ("--corpus", "emodb", "--set", "vector-162", "--out", "a.parquet")
        process = subprocess.Popen(
            [sys.executable, "-m", "affekt", "features", "extract", *words, *more],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )
        processes.append(process)
        while process.poll() is None and not list(Path("a.parquet.parts").glob("*.npz")):
            time.sleep(0.005)
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


def test_a_second_extraction_into_one_table_is_refused_and_the_first_goes_on(run, begun):
    first = begun("--workers", "1")
    first.send_signal(signal.SIGSTOP)
    second = extract(run)
    assert second.exit_code == 2
    assert second.stderr.startswith("affekt: a.parquet: another 'affekt features extract' is")
    first.send_signal(signal.SIGCONT)
    assert first.communicate() == ("a.parquet: 703 clips, vector-162 (162)\n", "")
    assert len(read_table("a.parquet").utterances) == 703


def test_a_killed_extraction_goes_on_without_cleaning(run, begun):
    first = begun("--workers", "1")
    first.kill()
    first.communicate()
    assert list(Path("a.parquet.parts").glob("*.npz"))
    assert extract(run, "a.parquet", "--workers", "1").exit_code == 0
    assert len(read_table("a.parquet").utterances) == 703
    assert not [item.name for item in Path().iterdir() if item.name.startswith((".", "a.parquet."))]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_in_one_line_and_loses_nothing(run, begun, workers):
    first = begun("--workers", workers)
    os.killpg(first.pid, signal.SIGINT)  # as a terminal does: every process gets it
    said, errors = first.communicate()
    assert first.returncode == 130
    assert said == ""
    assert errors == "affekt: interrupted; the same command goes on where it was\n"
    assert list(Path("a.parquet.parts").glob("*.npz"))
    assert not list(Path().glob(".a*"))
    assert extract(run, "a.parquet", "--workers", "1").exit_code == 0
    assert len(read_table("a.parquet").utterances) == 703


def test_show_tells_what_a_table_holds(run):
    extract(run, "a.parquet", "--corpus", "savee")
    result = run("show", "a.parquet", "--rows", 2)
    assert result.exit_code == 0
    facts, counts, figures = result.stdout.split("\n\n")
    assert "set        vector-162, version 1\nshape      vector 162\n" in facts
    assert "speakers   3\nskipped    1\n  savee/DC_a01.wav: is silent" in facts
    head, row = counts.splitlines()
    assert head.split() == ["corpus", "angry", "boredom", "happy", "clips"]
    assert row.split() == ["emodb", "1", "1", "1", "3"]
    lines = figures.splitlines()
    assert lines[0].split() == ["feature", "mean", "std", "min", "max"]
    assert [line.split()[0] for line in lines[1:3]] == ["zcr", "chroma_01"]
    assert lines[3] == "and 160 more (--rows 162)"


def test_show_summarises_planes_by_their_names(run):
    extract(run, features="planes-512x90")
    figures = run("show", "a.parquet").stdout.split("\n\n")[-1].splitlines()
    assert [line.split()[0] for line in figures] == [
        *("feature", "spectrogram_db", "mel_filterbank", "mel_spectrogram_db"),
    ]
    assert float(figures[1].split()[-2]) == -80.0


def test_show_computes_the_features_of_a_recording(run, root):
    clip = root / "emodb" / "03a01Fa.wav"
    lines = run("show", clip, "--set", "vector-162", "--rows", 162).stdout.splitlines()
    expected = FEATURE_SETS["vector-162"].compute(decode(clip).signal)
    assert lines[0] == f"{clip}: 0.50 s, vector-162 (162)"
    assert len(lines) == 2 + 162
    name, value = lines[2].split()
    assert name == "zcr"
    assert float(value) == pytest.approx(expected[0], rel=1e-4)


def test_show_summarises_the_matrix_of_a_recording(run, root):
    result = run("show", root / "emodb" / "03a01Fa.wav", "--set", "mfcc-matrix")
    assert [line.split()[0] for line in result.stdout.splitlines()[2:]] == [
        f"mfcc_{number:02d}" for number in range(1, 14)
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("extract --corpus emodb --set vector-16 --out a.csv", "did you mean 'vector-162'?"),
        ("extract --corpus emodbb --set vector-162 --out a.csv", "did you mean 'emodb'?"),
        ("extract --corpus tess --set vector-162 --out a.csv", "affekt corpora describe tess"),
        ("extract --corpus emodb --set vector-162 --out a.txt", "ends in .parquet or .csv"),
        ("extract --corpus emodb --set mfcc-matrix --out a.csv", "name the file a.parquet"),
        ("extract --corpus emodb --set vector-162 --out no/a.csv", "cannot be written"),
        ("show a.parquet", "no such table"),
        ("show clip.wav", "name a set with --set"),
        ("show clip.wav --set vector-162", "clip.wav"),
        ("show clip.wav --set vector", "no feature set 'vector'"),
    ],
)
def test_mistakes_are_refused_with_the_remedy(run, words, message):
    result = run(*words.split())
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr
