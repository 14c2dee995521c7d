"""The report on a model: a page, and the same as JSON."""

import csv
import json
import re

import numpy as np
import onnx
import pytest
import soundfile
from click.testing import CliRunner

from affekt.cli import main
from affekt.cli.report import _called
from affekt.recognition.bundles.metadata import SetRule

EMODB_CODES = {"W": "angry", "F": "happy", "T": "sad", "N": "neutral"}


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """What the audit heard is kept for this file's tests alone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFFEKT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def root(tones, tmp_path_factory):
    """EmoDB with two lockbox speakers, SAVEE with one, who says "sad" and sounds angry."""
    place = tmp_path_factory.mktemp("trust")
    for speaker in ("03", "14", "15", "16"):
        for code, emotion in EMODB_CODES.items():
            write(place / f"corpora/emodb/{speaker}a01{code}a.wav", tones.tone(emotion))
    write(place / "corpora/savee/KL_a01.wav", tones.tone("angry"))
    write(place / "corpora/savee/KL_sa01.wav", tones.tone("angry"))
    return place / "corpora"


def write(path, signal):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, signal, 16000)


@pytest.fixture(scope="module")
def folder(tone_bundle, root, tmp_path_factory):
    """A folder outside any checkout, where a report of the lockbox was made."""
    place = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        report(tone_bundle, root, place, "--log", place / "log.csv")
    return place


def report(model, root, out, *more, protocol="lockbox", code=0):
    arguments = [
        *("report", str(model), "--protocol", protocol, "--corpora", str(root)),
        *("--out", str(out), "--per-corpus", "4", *map(str, more)),
    ]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == code, result.output
    return result


@pytest.fixture(scope="module")
def document(folder):
    return json.loads((folder / "tones.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "tones.html").read_text(encoding="utf-8")


def test_the_page_begins_with_warnings(page):
    headings = re.findall(r"<h2[^>]*>([^<]*)</h2>", page)
    assert headings[:3] == [
        "Warnings",
        "Figures under the protocol",
        "People, not averages",
    ]


def test_the_page_needs_nothing_else(page, read_page):
    read = read_page(page)
    for tag, attributes in read.seen:
        source = attributes.get("src") or attributes.get("href") or ""
        assert not source or source.startswith(("data:", "#")), (tag, source)
    assert "<script" not in page


def test_its_links_lead_to_its_sections(page, read_page):
    read = read_page(page)
    places = {attributes["id"] for _, attributes in read.seen if "id" in attributes}
    links = [attributes["href"] for tag, attributes in read.seen if tag == "a"]
    assert links
    assert {link.removeprefix("#") for link in links} == places


def test_the_document_holds_every_measurement(document):
    assert document["schema_version"] == 5
    ua = {item["corpus"]: item["scorings"][0]["ua"] for item in document["figures"]["corpora"]}
    assert ua == {"emodb": 1.0, "savee": 0.5}
    assert document["robustness"]["clips"] == 6
    assert {item["group"] for item in document["robustness"]["conditions"]} > {
        "babble",
        "telephone",
    }
    assert {item["verdict"] for item in document["differences"]} == {"not testable"}
    assert [item["change"] for item in document["prediction_stability"]] == [
        *("level, -6 dB", "level, +6 dB", "pitch, -1 semitones", "pitch, +1 semitones")
    ]
    assert document["confidence"]["given"]["given"]["pooled"]["clips"] == 10
    assert sum(document["confidence"]["given"]["diagram"]["clips"]) == 10
    assert document["confidence"]["telephone"]["given"]["pooled"]["clips"] == 10
    assert document["not_for"] == ["people"]


def test_no_place_on_this_machine_is_told(folder, root, document, page):
    for text in (json.dumps(document), page):
        assert str(root.parent) not in text
        assert str(folder.parent) not in text


def test_the_command_that_makes_it_again_is_told(document):
    assert document["command"] == (
        "affekt report tones.onnx --protocol lockbox --corpora ROOT --per-corpus 4 --seed 0 "
        "--out DIR"
    )


def test_warnings_stand_in_the_document_as_on_the_page(document, page, read_page):
    words = " ".join(read_page(page).words)
    assert document["warnings"]
    for warning in document["warnings"]:
        assert warning["text"] in words


def test_a_reading_of_the_lockbox_is_logged_once(folder, tone_bundle, root, monkeypatch):
    monkeypatch.chdir(folder)
    said = report(tone_bundle, root, folder / "again", "--log", folder / "log.csv").stderr
    assert "already logged" in said
    (row,) = csv.DictReader((folder / "log.csv").read_text(encoding="utf-8").splitlines())
    assert (row["bundle"], row["ua_savee"]) == ("tones 1.2", "50.00")


def test_the_same_seed_gives_the_same_figures(folder, document, tone_bundle, root, monkeypatch):
    monkeypatch.chdir(folder)
    report(tone_bundle, root, folder / "same", "--log", folder / "log.csv")
    same = json.loads((folder / "same" / "tones.json").read_text(encoding="utf-8"))
    del same["figures"]["date"], document["figures"]["date"]
    assert same == document


def test_a_calibrated_bundle_tells_of_sets_and_of_what_is_no_speech(
    tones, root, tmp_path, read_page
):
    rule = SetRule(coverage=0.9, quantile=0.5, rule="lac")
    path = tones.write_bundle(tmp_path / "tones.onnx", novelty=True, prediction_set=rule)
    model = onnx.load(path)  # what its network says by itself: here the same
    model.graph.node.append(onnx.helper.make_node("Identity", ["probabilities"], ["uncalibrated"]))
    model.graph.output.append(
        onnx.helper.make_tensor_value_info("uncalibrated", onnx.TensorProto.FLOAT, ["batch", 8])
    )
    onnx.save(model, path)
    report(path, root, tmp_path, protocol="select")
    confidence = json.loads((tmp_path / "tones.json").read_text(encoding="utf-8"))["confidence"]
    assert confidence["given"]["rule"]["coverage"] == 0.9
    assert confidence["before"]["given"] == confidence["given"]["given"]
    assert set(confidence["domain"]["found"]) == {"music", "noise", "hum", "silence", "tones"}
    assert confidence["domain"]["curve"]["found"][-1] == 1.0
    words = " ".join(read_page((tmp_path / "tones.html").read_text(encoding="utf-8")).words)
    assert "Sets of labels (conformal prediction)" in words
    assert "all clips, network alone" in words
    assert "Synthetic sounds called out of the domain" in words


def test_mere_predictions_are_reported_without_what_needs_a_model(tmp_path, root):
    table = tmp_path / "theirs.csv"
    rows = "".join(f"15a01{code}a.wav,angry\n16a01{code}a.wav,angry\n" for code in EMODB_CODES)
    table.write_text(f"path,label\n{rows}")
    report(table, root, tmp_path, "--corpus", "emodb", "--log", tmp_path / "log.csv")
    found = json.loads((tmp_path / "theirs.json").read_text(encoding="utf-8"))
    assert {found[name] for name in ("robustness", "prediction_stability", "confidence")} == {None}
    assert {item["what"] for item in found["not_measured"]} >= {
        "robustness and prediction stability",
        "confidence",
        "the model beside people who listened",
    }


def test_a_clip_that_cannot_be_heard_goes_by_its_name(tmp_path, tone_bundle, tones):
    write(tmp_path / "own/happy/a.wav", tones.tone("happy"))
    write(tmp_path / "own/happy/quiet.wav", np.zeros(16000, np.float32))
    write(tmp_path / "own/sad/b.wav", tones.tone("sad"))
    out = tmp_path / "out"
    arguments = ["report", str(tone_bundle), "--folder", str(tmp_path / "own"), "--out", str(out)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 3, result.output
    text = (out / "tones.json").read_text(encoding="utf-8")
    found = json.loads(text)
    (failure,) = found["figures"]["failures"]
    assert failure["path"] == "quiet.wav"
    assert str(tmp_path) not in text
    assert {"what": "babble", "why": "nobody says who speaks"} in found["not_measured"]


def test_the_command_that_measured_own_data_holds_every_option_and_no_place(tmp_path, root):
    table, theirs = tmp_path / "my own.csv", tmp_path / "theirs.csv"
    clips = [(f"emodb/15a01{code}a.wav", emotion) for code, emotion in EMODB_CODES.items()]
    rows = "".join(f"{root / path},{emotion},15\n" for path, emotion in clips)
    table.write_text(f"path,emotion,speaker\n{rows}")
    theirs.write_text("path,label\n15a01Wa,excited\n15a01Fa,happy\n")
    arguments = ["report", str(theirs), "--table", str(table), "--label", "excited=happy"]
    result = CliRunner().invoke(main, [*arguments, "--out", str(tmp_path / "out")])
    assert result.exit_code == 3, result.output
    text = (tmp_path / "out" / "theirs.json").read_text(encoding="utf-8")
    assert json.loads(text)["command"] == (
        "affekt report theirs.csv --protocol external --table 'my own.csv' --label excited=happy "
        "--per-corpus 60 --seed 0 --out DIR"
    )
    reasons = {item["reason"] for item in json.loads(text)["figures"]["failures"]}
    assert "15a01Ta.wav: no prediction in theirs.csv" in reasons
    assert str(tmp_path) not in text
    assert str(root.parent) not in text


@pytest.mark.parametrize(
    ("model", "called"),
    [("default", "default"), ("hf:org/name", "hf:org/name"), ("hf:{}/mine", "hf:mine")],
)
def test_a_model_is_called_so_that_others_find_it(tmp_path, model, called):
    (tmp_path / "mine").mkdir()
    assert _called(model.format(tmp_path)) == called


def test_a_seed_below_zero_is_refused(tmp_path, tone_bundle, root):
    said = report(tone_bundle, root, tmp_path, "--seed", "-1", protocol="select", code=2)
    assert "-1 is not in the range x>=0" in said.output


def test_only_the_lockbox_is_logged(tmp_path, tone_bundle, root):
    said = report(
        tone_bundle, root, tmp_path, "--log", tmp_path / "log.csv", protocol="select", code=2
    )
    assert "--log is for readings of lockbox speakers" in said.output


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path, tone_bundle, root):
    (tmp_path / "file").write_text("")
    said = report(tone_bundle, root, tmp_path / "file" / "out", protocol="select", code=2)
    assert "cannot be read or written" in said.output


def test_figures_of_training_speakers_are_marked_everywhere_and_end_with_3(tones, root, tmp_path):
    learnt = [{"corpus": "emodb", "utterances": 9, "licence": "CC0-1.0"}]
    model = tones.write_bundle(tmp_path / "m.onnx", training_data=learnt, held_out={})
    arguments = (model, root, tmp_path / "out", "--no-audit", "--corpus", "emodb")
    assert "--allow-training-speakers" in report(*arguments, protocol="select", code=3).stderr
    document = json.loads((tmp_path / "out/tones.json").read_text(encoding="utf-8"))
    assert document["new_speakers"] is document["figures"]["new_speakers"] is False
    page = (tmp_path / "out/tones.html").read_text(encoding="utf-8")
    parts = re.split("<h2", page)[1:]
    figures = [part for part in parts if "<caption>" in part]
    for part in figures[:-1]:  # the last says where they come from
        assert "Every figure marked * is of a model whose training may have used" in part
        rows = re.findall(r"<tr>.*?</tr>", part, flags=re.DOTALL)
        assert all("*</" in row for row in rows)
    report(*arguments, "--allow-training-speakers", protocol="select")
