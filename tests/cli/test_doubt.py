"""What a model's confidence is worth, of calibrated bundles and of anybody's model."""

import csv
import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affekt.cli import main

EMODB_CODES = {"W": "angry", "F": "happy", "T": "sad", "N": "neutral"}


@pytest.fixture(scope="module")
def root(tones, tmp_path_factory):
    """EmoDB made of tones: 13 calibrates, 14 selects, 15 and 16 belong to the lockbox."""
    place = tmp_path_factory.mktemp("doubt") / "corpora"
    for speaker in ("03", "13", "14", "15", "16"):
        for code, emotion in EMODB_CODES.items():
            path = place / f"emodb/{speaker}a01{code}a.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tones.tone(emotion), 16000)
    return place


@pytest.fixture
def doubt(tmp_path, monkeypatch, root):
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / ".cache"))

    def call(model, *more, protocol="select", code=0):
        words = ["doubt", model, "--protocol", protocol, "--corpora", root, *more]
        result = CliRunner().invoke(main, [*map(str, words)])
        assert result.exit_code == code, result.output
        return result

    return call


@pytest.fixture
def table(tmp_path, root):
    """Answers of any tool: as sure as can be, and right of every second clip."""
    path = tmp_path / "theirs.csv"
    rows = []
    for number, clip in enumerate(sorted((root / "emodb").glob("*.wav"))):
        emotion = EMODB_CODES[clip.stem[5]]
        said = emotion if number % 2 else "happy" if emotion != "happy" else "sad"
        chances = [0.97 if label == said else 0.01 for label in EMODB_CODES.values()]
        rows.append(",".join([clip.name, *map(str, chances)]))
    path.write_text("\n".join([f"path,{','.join(EMODB_CODES.values())}", *rows]) + "\n")
    return path


def test_a_model_without_calibration_is_measured_before_and_after_a_temperature(doubt, tone_bundle):
    found = json.loads(doubt(tone_bundle).stdout)
    assert (found["bundle"], found["protocol"], found["clips"]) == ("tones 1.2", "select", 4)
    assert found["fitted_on"] == {"clips": 4, "speakers": 1}
    assert found["leaks"]["declared_by"] == "model"
    assert found["before"] is None
    given = found["given"]
    assert given["temperature"] != 1.0
    assert given["rescaled"]["pooled"]["nll"] < given["given"]["pooled"]["nll"]
    assert given["rescaled"]["pooled"]["accuracy"] == given["given"]["pooled"]["accuracy"] == 1.0
    assert given["sets"]["share"] == 1.0
    assert found["telephone"]["temperature"] == given["temperature"]


def test_answers_of_any_tool_are_measured_too(doubt, table):
    found = json.loads(doubt(table).stdout)
    given = found["given"]
    assert given["temperature"] > 2.0  # right half of the time, and sure of it
    assert given["rescaled"]["pooled"]["nll"] < given["given"]["pooled"]["nll"]
    assert found["telephone"] is found["domain"] is None


def test_a_table_of_the_clips_under_test_alone_is_measured_without_a_temperature(doubt, table):
    header, *rows = table.read_text().splitlines()
    own = [row for row in rows if row.startswith("14")]
    table.write_text("\n".join([header, *own]) + "\n")
    given = json.loads(doubt(table).stdout)["given"]
    assert (given["given"]["pooled"]["clips"], given["temperature"]) == (4, None)


def test_clips_without_an_answer_are_counted_and_the_exit_code_is_3(doubt, table):
    header, *rows = table.read_text().splitlines()
    table.write_text("\n".join([header, *(row for row in rows if "14a01N" not in row)]) + "\n")
    found = json.loads(doubt(table, code=3).stdout)
    assert (found["clips"], found["unanswered"]) == (4, 1)
    assert found["given"]["given"]["pooled"]["clips"] == 3


def test_a_constant_predictor_is_named(doubt, table):
    header, *rows = table.read_text().splitlines()
    same = [f"{row.split(',')[0]},0.97,0.01,0.01,0.01" for row in rows]
    table.write_text("\n".join([header, *same]) + "\n")
    assert json.loads(doubt(table).stdout)["constant"] == [
        "emodb: a constant predictor: 100.0 % of its answers are 'angry' (own, all)"
    ]


def test_the_temperature_that_a_bundle_brings_is_undone_for_the_figures_before(
    tones, doubt, tmp_path
):
    warm = json.loads(doubt(tones.write_bundle(tmp_path / "warm.onnx", temperature=2.0)).stdout)
    for name, given_name in (("before", "given"), ("telephone_before", "telephone")):
        before, given = (warm[part]["given"]["pooled"] for part in (name, given_name))
        assert before["confidence"] > given["confidence"]  # as sure as before it was halved
        assert before["accuracy"] == given["accuracy"]
    assert (warm["given"]["temperature"], warm["fitted_on"]["clips"]) == (None, 0)


def test_a_temperature_is_never_fitted_on_whom_it_is_measured_on(doubt, tone_bundle):
    given = json.loads(doubt(tone_bundle, protocol="calibrate").stdout)["given"]
    assert (given["temperature"], given["rescaled"], given["sets"]) == (None, None, None)


def test_nor_on_whom_training_heard(tones, doubt, tmp_path):
    heard = [{"corpus": "emodb", "utterances": 9, "licence": "CC0-1.0"}]
    held_out = {"emodb": ["14", "15", "16"]}
    model = tones.write_bundle(tmp_path / "m.onnx", training_data=heard, held_out=held_out)
    more = ("--no-audit", "--allow-training-speakers")  # the tones of all speakers are the same
    assert json.loads(doubt(model, *more).stdout)["given"]["temperature"] is None


def test_figures_of_training_speakers_are_marked_and_end_with_3(tones, doubt, tmp_path):
    learnt = [{"corpus": "emodb", "utterances": 9, "licence": "CC0-1.0"}]
    model = tones.write_bundle(tmp_path / "m.onnx", training_data=learnt, held_out={})
    found = json.loads(doubt(model, "--no-audit", code=3).stdout)
    assert (found["training_speakers_tested"], found["new_speakers"]) == ([["emodb", "14"]], False)
    assert found["given"]["new_speakers"] is found["telephone"]["new_speakers"] is False
    out = tmp_path / "out"
    assert "--allow-training-speakers" in doubt(model, "--no-audit", "--out", out, code=3).stderr
    assert (out / "doubt.json").is_file()
    doubt(model, "--no-audit", "--allow-training-speakers")


def test_figures_and_plots_go_to_a_folder(doubt, tone_bundle, tmp_path):
    said = doubt(tone_bundle, "--out", tmp_path / "out").stderr
    assert "written to" in said
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("doubt.json", "reliability.png", "risk.png"),
    }
    drawn = json.loads((tmp_path / "out" / "doubt.json").read_text(encoding="utf-8"))
    assert np.sum(drawn["given"]["diagram"]["clips"]) == 4


def test_reading_the_lockbox_is_logged(doubt, tone_bundle, tmp_path):
    log = tmp_path / "mine.csv"
    assert "is logged in" in doubt(tone_bundle, "--log", log, protocol="lockbox").stderr
    (row,) = csv.DictReader(log.read_text(encoding="utf-8").splitlines())
    assert (row["protocol"], row["ua_emodb"]) == ("lockbox", "100.00")


def test_labels_without_probabilities_are_refused(doubt, tmp_path, root):
    path = tmp_path / "labels.csv"
    names = sorted((root / "emodb").glob("*.wav"))
    path.write_text("path,label\n" + "".join(f"{clip.name},sad\n" for clip in names))
    assert "these answers are labels alone" in doubt(path, code=2).output
