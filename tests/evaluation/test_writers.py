import csv
import io
import json

import pytest

from affekt.evaluation import WRITERS, evaluate
from affekt.evaluation.sources import open_source
from affekt.protocols import protocol


@pytest.fixture
def report(bundle, clip):
    clips = [
        clip("emodb", "15", 1, "sad"),
        clip("emodb", "15", 2, "angry", heard="happy"),
        clip("emodb", "16", 1, "happy"),
        clip("savee", "KL", 1, "sad"),
        clip("emovo", "m3", 1, "sad"),
    ]
    clips[-1].path.write_bytes(b"not audio")
    return evaluate(
        open_source(str(bundle(name="default", training_data=({"corpus": "savee"},), held_out={}))),
        clips,
        protocol("lockbox"),
    )


def csv_rows(report):
    return list(csv.DictReader(io.StringIO(WRITERS["csv"](report))))


def test_the_text_names_protocol_file_missing_and_failed_clips(report):
    text = WRITERS["text"](report)
    assert "protocol   lockbox v1: speakers that neither training nor any choice ever saw" in text
    assert f"sha-256    {report.bundle_sha256}" in text
    assert "tested on  5 clips of 4 speakers" in text
    assert "tess YAF" in text
    assert "WARNING    training may have heard these: savee KL" in text
    assert "failed     emovo:" in text


def test_the_text_holds_both_scorings_with_the_confusion_matrix(report):
    lines = WRITERS["text"](report).splitlines()
    summary = next(line for line in lines if line.startswith("emodb"))
    assert summary.split()[:5] == ["emodb", "3", "2", "3", "66.7"]
    assert any(line.startswith("all: UA 66.7") for line in lines)
    own = lines.index(next(line for line in lines if line.startswith("own: UA 66.7")))
    assert lines[own + 1].split()[-3:] == ["happy", "sad", "angry"]
    assert lines[own + 4].split() == ["angry", "1", "0.0", "-", "0.0", "1", "0", "0"]


def test_the_text_says_when_one_speaker_allows_no_interval(report):
    savee = next(line for line in WRITERS["text"](report).splitlines() if line.startswith("savee"))
    assert "1 speaker, no interval" in savee


def test_the_text_says_which_floors_were_missed(report):
    text = WRITERS["text"](report)
    assert any(line.split() == ["emodb", "68.0", "66.7", "missed"] for line in text.splitlines())
    assert any(line.startswith("cremad") and "not measured" in line for line in text.splitlines())


def test_json_holds_the_whole_report(report):
    assert json.loads(WRITERS["json"](report)) == json.loads(json.dumps(report.to_dict()))


def test_csv_has_a_row_for_each_corpus_and_scoring_and_for_one_without_figures(report):
    rows = [row for row in csv_rows(report) if not row["attribute"]]
    assert [(row["corpus"], row["scoring"]) for row in rows] == [
        ("emodb", "own"),
        ("emodb", "all"),
        ("savee", "own"),
        ("savee", "all"),
        ("emovo", ""),
    ]
    assert rows[0]["ua"] == "0.666667"
    assert (rows[2]["ua"], rows[2]["ua_low"]) == ("1.000000", "")
    assert (rows[4]["failed"], rows[4]["ua"]) == ("1", "")
