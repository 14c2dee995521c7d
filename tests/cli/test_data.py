"""Recordings of people's own behind every command that takes recordings."""

from __future__ import annotations

import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affekt.audio import decode
from affekt.cli import main
from affekt.features.sets import find_feature_set
from affekt.features.tables.table import read_table


@pytest.fixture
def mine(tmp_path, monkeypatch, write_tone):
    """Three recordings in folders, and a table of four stretches of them."""
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    for number, place in enumerate(("frustrated/anna_1", "happy/anna_2", "frustrated/ben_1")):
        path = tmp_path / f"mine/{place}.wav"
        write_tone(path, frequency_hz=300.0 + 200.0 * number, duration_s=2.0)
    rows = [
        "file;label;actor;begin;stop;mood",
        "frustrated/anna_1.wav;Frustrated;anna;0;0,5;low",
        "frustrated/anna_1.wav;Happy;anna;00:00:01;;low",
        "happy/anna_2.wav;Happy;anna;;;low",
        "frustrated/ben_1.wav;Frustrated;ben;;;low",
    ]
    (tmp_path / "mine/mine.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "mine"


def affekt(*words, code=0):
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result


def test_scan_tells_how_a_table_is_read(mine):
    table = mine / "mine.csv"
    lines = affekt("corpora", "scan", "--table", table, "--map", "frustrated=angry").stdout
    assert lines.splitlines() == [
        "corpus  files  official  speakers  classes  unplaced  twice  missing",
        "mine        4         ?         2        2         0      0        ?",
        "column 'file' is read as: path",
        "column 'label' is read as: emotion",
        "column 'actor' is read as: speaker",
        "column 'begin' is read as: start",
        "column 'stop' is read as: end",
        "columns that are not read: mood",
        "mine: label: Frustrated = angry: 2 files",
        "mine: label: Happy = happy: 2 files",
        "mine: unknown: sentence of 4, gender of 4, age of 4, language of 4",
    ]


def test_scan_tells_how_a_folder_is_read(mine):
    (mine / "stray.wav").touch()
    options = ("--folder", mine, "--labels", "own", "--speaker-from", "{label}/{speaker}_*")
    lines = affekt("corpora", "scan", *options).stdout.splitlines()
    assert lines[1].split() == ["mine", "3", "?", "2", "2", "1", "0", "?"]
    assert lines[2:] == [
        "mine: label: frustrated: 2 files",
        "mine: label: happy: 1 file",
        "mine: unknown: sentence of 3, gender of 3, age of 3, language of 3",
        "mine: passed over, as no recordings: 1 file (.csv 1)",
        f"mine: unplaced: {mine / 'stray.wav'}: the path does not follow {{label}}/{{speaker}}_*",
    ]


def test_scan_writes_own_recordings_as_the_common_table(mine, tmp_path):
    out = tmp_path / "common.csv"
    affekt("corpora", "scan", "--folder", mine, "--labels", "own", "--out", out)
    again = affekt("corpora", "scan", "--table", out, "--labels", "own").stdout
    assert "common: label: frustrated: 2 files" in again


def test_an_unknown_label_is_refused_with_both_remedies(mine):
    result = affekt("corpora", "scan", "--folder", mine, code=2)
    assert "'frustrated' (frustrated/anna_1.wav and 1 more)" in result.stderr
    assert "--map 'frustrated=angry'" in result.stderr
    assert "--labels own" in result.stderr


def test_inspect_measures_stretches_and_counts_own_labels(mine):
    options = ("--table", mine / "mine.csv", "--labels", "own")
    found = json.loads(affekt("corpora", "inspect", *options, "--format", "json").stdout)
    lengths = found["summaries"][0]["length_s"]
    assert (lengths["min"], lengths["median"], lengths["max"]) == (0.5, 1.5, 2.0)
    assert "Frustrated" in affekt("corpora", "inspect", *options).stdout


def test_features_are_those_of_the_stretches(mine, tmp_path):
    out = tmp_path / "features.parquet"
    options = ("--table", mine / "mine.csv", "--labels", "own", "--workers", "1")
    affekt("features", "extract", *options, "--set", "mfcc-13", "--out", out)
    table = read_table(out)
    assert [(item.path.as_posix(), item.end_s) for item in table.utterances] == [
        ("frustrated/anna_1.wav", 0.5),
        ("frustrated/anna_1.wav", None),
        ("happy/anna_2.wav", None),
        ("frustrated/ben_1.wav", None),
    ]
    audio = decode(mine / "frustrated/anna_1.wav", start_s=1.0)
    expected = find_feature_set("mfcc-13").compute(audio.signal)
    assert table.features()[1] == pytest.approx(expected)


def test_features_of_a_table_that_has_changed_are_not_taken_for_finished(mine, tmp_path):
    out, table = tmp_path / "features.csv", mine / "mine.csv"
    words = ("features", "extract", "--set", "zcr", "--labels", "own", "--workers", "1")
    affekt(*words, "--table", table, "--out", out)
    assert "finished already" in affekt(*words, "--table", table, "--out", out).stdout
    table.write_text(table.read_text().replace("ben;", "cleo;"))
    result = affekt(*words, "--table", table, "--out", out, code=2)
    assert "made of something else" in result.stderr


@pytest.mark.parametrize(
    "times",
    [
        ("0 days", "0 days 00:00:01.000000", "0 days 00:00:01.000000", "NaT"),
        ("00:00:00", "00:00:01.0", "00:00:01", ""),
        ("0", "1", "1.0", ""),
    ],
)
def test_a_model_predicts_the_stretches_of_a_table(mine, tones, tone_bundle, times):
    sound = np.concatenate([tones.tone(label) for label in ("sad", "angry")])
    soundfile.write(mine / "talk.wav", sound, 16_000)
    rows = (f"talk.wav,{times[0]},{times[1]},sad", f"talk.wav,{times[2]},{times[3]},anger")
    (mine / "talk.csv").write_text("\n".join(["file,start,end,emotion", *rows]) + "\n")
    words = ("evaluate", tone_bundle, "--table", mine / "talk.csv", "--no-audit")
    found = json.loads(affekt(*words, "--format", "json").stdout)
    assert [item["ua"] for item in found["corpora"][0]["scorings"]] == [1.0, 1.0]


@pytest.mark.parametrize("column", ["predicted", "p_"])
def test_predictions_by_own_labels_are_measured(mine, tmp_path, column):
    table = tmp_path / "answers.csv"
    rows = {
        "predicted": "clip,predicted\nanna_1,frustrated\nanna_2,happy\nben_1,happy\n",
        "p_": "clip,p_frustrated,p_happy\nanna_1,0.9,0.1\nanna_2,0,1\nben_1,0.4,0.6\n",
    }
    table.write_text(rows[column])
    words = ("evaluate", table, "--folder", mine, "--labels", "own", "--format", "json")
    report = json.loads(affekt(*words).stdout)
    own = report["corpora"][0]["scorings"][0]
    assert (own["clips"], own["wa"]) == (3, pytest.approx(2 / 3))


def test_an_audit_takes_stretches_and_parts_of_a_table(mine):
    table = mine / "mine.csv"
    text = table.read_text().replace("mood", "part").replace("low", "train")
    table.write_text(text.replace("ben;;;train", "ben;;;test").replace(";0;0,5;", ";0;1,5;"))
    words = ("audit", "--table", table, "--labels", "own", "--workers", "1", "--format", "json")
    found = json.loads(affekt(*words).stdout)
    assert (found["corpora"], found["clips"]) == ([str(table)], 4)
    assert {item["kind"] for item in found["findings"]} >= {"label-imbalance"}
    assert found["hours"] == pytest.approx((1.5 + 1.0 + 2.0 + 2.0) / 3600, abs=1e-3)


def test_an_audit_takes_a_folder(mine):
    (mine / "happy/copy.wav").write_bytes((mine / "frustrated/ben_1.wav").read_bytes())
    words = ("audit", "--folder", mine, "--labels", "own", "--workers", "1", "--format", "json")
    found = json.loads(affekt(*words).stdout)["findings"]
    (copy,) = [item for item in found if item["kind"] == "identical-audio"]
    names = [clip["name"] for clip in copy["clips"]]
    assert names == ["frustrated/ben_1.wav", "happy/copy.wav"]
    assert "two-labels" in {item["kind"] for item in found}


def test_a_split_is_made_of_a_folder(mine, tmp_path):
    out = tmp_path / "split.csv"
    options = ("--labels", "own", "--speaker-from", "*/{speaker}_*")
    words = ("protocols", "split", "random:3", "--folder", mine, "--out", out)
    assert "3 rounds" in affekt(*words, *options).stdout


COMMANDS = (
    *("audit", "calibrate", "compare", "corpora inspect", "corpora scan", "doubt", "evaluate"),
    *("features extract", "protocols split", "report", "train"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_takes_recordings_has_the_same_options(command):
    said = affekt(*command.split(), "--help").stdout
    options = ("--corpora", "--table", "--folder", "--labels", "--map", "--label-from")
    assert [name for name in (*options, "--speaker-from") if name not in said] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--map", "frustrated"), "give it as WORD=LABEL"),
        (("--labels", "mine"), "'mine' is not one of 'canonical', 'own'"),
        (("--label-from", "{speeker}/*"), "did you mean 'speaker'"),
    ],
)
def test_mistakes_are_refused_with_the_remedy(mine, words, message):
    assert message in affekt("corpora", "scan", "--folder", mine, *words, code=2).stderr


def test_nothing_named_is_refused(mine):
    result = affekt("features", "extract", "--set", "zcr", "--out", "x.csv", code=2)
    assert "Name corpora, a table or a folder" in result.stderr
