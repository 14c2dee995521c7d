import csv
import json

import pytest
import soundfile
from click.testing import CliRunner

from affekt.cli import main

EMODB_CODES = {"W": "angry", "F": "happy", "T": "sad", "N": "neutral"}


@pytest.fixture
def root(tones, tmp_path):
    """EmoDB made of tones, with two select and two lockbox speakers."""
    for speaker in ("08", "14", "15", "16"):
        for code, emotion in EMODB_CODES.items():
            path = tmp_path / f"corpora/emodb/{speaker}a01{code}a.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, tones.tone(emotion), 16000)
    return tmp_path / "corpora"


@pytest.fixture
def models(tones, tmp_path, root):
    """A bundle that is always right, and a table that says "sad" to everything."""
    table = tmp_path / "sad.csv"
    rows = "".join(f"{path.name},sad\n" for path in sorted((root / "emodb").glob("*.wav")))
    table.write_text(f"path,label\n{rows}")
    return tones.write_bundle(tmp_path / "tones.onnx"), table


@pytest.fixture
def compare(tmp_path, monkeypatch, root):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / ".cache"))

    def call(*arguments, code=0):
        words = ["compare", *map(str, arguments), "--corpora", str(root)]
        result = CliRunner().invoke(main, words)
        assert result.exit_code == code, result.output
        return result

    return call


def test_models_of_any_kind_are_put_beside_each_other_and_what_is_published(compare, models):
    text = compare(*models, "--protocol", "lockbox").stdout
    assert "bundle     tones 1.2" in text
    assert "kind       predictions" in text
    row = next(line for line in text.splitlines() if line.startswith("emodb   own      UA"))
    assert row.split()[3:9] == ["A", "-", "B", "+75.0", "0.5000", "0.5000"]
    assert "== Published on emodb" in text


def test_a_constant_predictor_is_named_and_has_no_interval(compare, models):
    text = compare(*models, "--protocol", "lockbox").stdout
    assert "emodb: a constant predictor: 100.0 % of its answers are 'sad' (own, all)" in text
    row = next(line for line in text.splitlines() if line.startswith("emodb   own      B"))
    assert "all draws agree, no interval" in row


def test_a_model_that_leaves_clips_out_makes_the_exit_code_3(compare, models):
    bundle, table = models
    table.write_text(table.read_text().replace("15a01Ta.wav,sad\n", ""))
    said = compare(bundle, table, "--protocol", "lockbox", code=3)
    assert "counted as wrong in emodb: B did not answer 1 clips" in said.stdout
    assert "affekt: sad.csv: not answered: 1 of 8 clips" in said.stderr


@pytest.mark.parametrize("form", ["json", "csv", "md"])
def test_the_other_forms_hold_the_same(compare, models, form, tmp_path):
    out = tmp_path / f"comparison.{form}"
    compare(*models, "--protocol", "lockbox", "--format", form, "--out", out)
    text = out.read_text(encoding="utf-8")
    if form == "json":
        assert json.loads(text)["differences"][0]["test"]["difference"] == 0.75
    elif form == "csv":
        rows = csv.DictReader(text.splitlines())
        assert "0.750000" in [row["value"] for row in rows if row["row"] == "difference"]
    else:
        assert "| emodb | own | UA | A - B | +75.0 |" in text


def test_each_model_that_reads_the_lockbox_is_logged(compare, models, tmp_path):
    log = tmp_path / "mine.csv"
    compare(*models, "--protocol", "lockbox", "--log", log)
    rows = list(csv.DictReader(log.read_text(encoding="utf-8").splitlines()))
    assert [(row["bundle"], row["ua_emodb"]) for row in rows] == [
        ("tones 1.2", "100.00"),
        ("sad.csv", "25.00"),
    ]


def test_only_lockbox_readings_are_logged(compare, models, tmp_path):
    arguments = ("--protocol", "select", "--log", tmp_path / "log.csv")
    assert (
        "--log is for readings of lockbox speakers" in compare(*models, *arguments, code=2).output
    )


def test_a_comparison_needs_a_protocol(compare, models):
    assert "no figure without its protocol" in compare(*models, code=2).output


def test_one_model_alone_stands_beside_what_is_published(compare, models):
    text = compare(models[0], "--protocol", "select").stdout
    assert "== Differences" not in text
    assert "== Published on emodb" in text


@pytest.mark.parametrize("form", ["text", "md", "csv", "json"])
def test_figures_of_training_speakers_are_marked_and_end_with_3(
    tones, compare, models, tmp_path, form
):
    """As every shipped model's are under `select`, whose speakers they learnt from in the end."""
    learnt = [{"corpus": "emodb", "utterances": 9, "licence": "CC0-1.0"}]
    model = tones.write_bundle(tmp_path / "m.onnx", training_data=learnt, held_out={})
    arguments = (model, models[1], "--protocol", "select", "--no-audit", "--format", form)
    result = compare(*arguments, code=3)
    assert "give --allow-training-speakers" in result.stderr
    if form == "json":
        found = json.loads(result.stdout)
        assert {item["new_speakers"] for item in found["differences"]} == {False}
    elif form == "csv":
        rows = csv.DictReader(result.stdout.splitlines())
        assert {row["new_speakers"] for row in rows if row["row"] == "difference"} == {"false"}
    else:
        assert "A* - B" in result.stdout
    compare(*arguments, "--allow-training-speakers")


def test_ones_own_data_is_compared_with_the_corpora_at_hand(tones, compare, root, tmp_path):
    learnt = [{"corpus": "emodb", "utterances": 9, "licence": "CC0-1.0"}]
    model = tones.write_bundle(tmp_path / "m.onnx", training_data=learnt, held_out={})
    table = tmp_path / "mine.csv"
    (tmp_path / "call.wav").write_bytes((root / "emodb/08a01Wa.wav").read_bytes())
    table.write_text("path,emotion,speaker\ncall.wav,angry,me\n")
    arguments = (model, "--table", table, "--no-audit", "--format", "json")
    (report,) = json.loads(compare(*arguments, code=3).stdout)["reports"]
    assert (report["leaks"]["files"], report["new_speakers"]) == (1, False)
