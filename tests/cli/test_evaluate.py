from __future__ import annotations

import csv
import json
import os
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from skl2onnx import to_onnx
from sklearn.tree import DecisionTreeClassifier

from affekt.cli import main
from affekt.corpora import CORPORA, load_corpus
from affekt.features.sets import find_feature_set
from affekt.protocols import lockbox_speakers, partition
from affekt.recognition import Bundle

EMODB_CODES = {"W": "angry", "F": "happy", "T": "sad", "N": "neutral"}


@pytest.fixture
def model(tones, tmp_path):
    """A bundle whose labels each answer to a tone."""
    return tones.write_bundle(tmp_path / "tones.onnx")


@pytest.fixture
def root(tones, tmp_path):
    """Corpora made of tones: EmoDB with two lockbox speakers, SAVEE with one."""
    for speaker in ("03", "14", "15", "16"):
        for code, emotion in EMODB_CODES.items():
            write(tmp_path / f"corpora/emodb/{speaker}a01{code}a.wav", tones.tone(emotion))
    write(tmp_path / "corpora/savee/KL_a01.wav", tones.tone("angry"))
    write(tmp_path / "corpora/savee/KL_sa01.wav", tones.tone("angry"))
    return tmp_path / "corpora"


def write(path, signal):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, signal, 16000)


@pytest.fixture
def affekt(tmp_path, monkeypatch):
    """Call the command outside any checkout, so that no test touches the project's own log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / ".cache"))

    def call(*arguments, code=0):
        result = CliRunner().invoke(main, ["evaluate", *map(str, arguments)])
        assert result.exit_code == code, result.output
        return result

    return call


def test_lockbox_speakers_are_measured_in_every_corpus_at_hand(affekt, model, root):
    said = affekt(model, "--protocol", "lockbox", "--corpora", root, "--format", "json").stdout
    report = json.loads(said)
    ua = {item["corpus"]: item["scorings"][0]["ua"] for item in report["corpora"]}
    assert ua == {"emodb": 1.0, "savee": 0.5}
    assert report["clips"] == 2 * 4 + 2


def test_a_corpus_competes_among_the_classes_it_declares(affekt, model, root):
    said = affekt(model, "--protocol", "lockbox", "--corpora", root, "--format", "json").stdout
    emodb = next(item for item in json.loads(said)["corpora"] if item["corpus"] == "emodb")
    assert sorted(emodb["scorings"][0]["labels"]) == [
        "angry", "disgust", "fearful", "happy", "neutral", "sad",
    ]  # fmt: skip


def test_one_corpus_can_be_chosen(affekt, model, root):
    said = affekt(
        model, "--protocol", "select", "--corpora", root, "--corpus", "emodb", "--format", "csv"
    ).stdout
    rows = list(csv.DictReader(said.splitlines()))
    assert {(row["corpus"], row["protocol"], row["clips"]) for row in rows} == {
        ("emodb", "select", "4")
    }


def test_a_figure_needs_a_protocol(affekt, model, root):
    result = affekt(model, "--corpora", root, code=2)
    assert "no figure without its protocol" in result.output


def test_a_misspelt_protocol_is_refused_with_a_suggestion(affekt, model, root):
    result = affekt(model, "--protocol", "lockbocks", "--corpora", root, code=2)
    assert "did you mean 'lockbox'" in result.output


def test_a_missing_root_is_refused_with_the_remedy(affekt, model):
    result = affekt(model, "--protocol", "lockbox", code=2)
    assert "AFFEKT_CORPORA" in result.output


def test_a_root_without_the_corpora_is_refused(affekt, model, tmp_path):
    result = affekt(model, "--protocol", "lockbox", "--corpora", tmp_path, code=2)
    assert "none of the corpora" in result.output


def test_the_external_protocol_needs_a_corpus(affekt, model, root):
    result = affekt(model, "--protocol", "external", "--corpora", root, code=2)
    assert "give --corpus, --table or --folder" in result.output


def test_an_own_folder_is_external_and_has_one_unnamed_speaker(affekt, model, tones, tmp_path):
    for label in ("happy", "sad"):
        write(tmp_path / f"own/{label}/a.wav", tones.tone(label))
    said = affekt(model, "--folder", tmp_path / "own").stdout
    assert "protocol   external" in said
    assert "speakers unknown, no interval" in said


def test_an_own_table_is_measured_on_the_part_it_marks(affekt, model, tones, tmp_path):
    rows = [("a.wav", "happy", "ann", "train"), ("b.wav", "sad", "bob", "test")]
    for name, emotion, *_ in rows:
        write(tmp_path / name, tones.tone(emotion))
    table = tmp_path / "own.csv"
    table.write_text("path,emotion,speaker,split\n" + "".join(",".join(r) + "\n" for r in rows))
    report = json.loads(affekt(model, "--table", table, "--format", "json").stdout)
    assert [item["speakers"] for item in report["corpora"]] == [["bob"]]


def test_sources_exclude_one_another(affekt, model, tmp_path):
    result = affekt(model, "--table", "t.csv", "--folder", tmp_path, code=2)
    assert "exclude one another" in result.output


def test_the_report_can_be_written_to_a_file(affekt, model, root, tmp_path):
    out = tmp_path / "report.json"
    arguments = ("--protocol", "select", "--corpora", root, "--format", "json", "--out", out)
    result = affekt(model, *arguments)
    assert result.stdout == ""
    assert json.loads(out.read_text(encoding="utf-8"))["protocol"] == "select"


def test_a_file_that_cannot_be_written_is_an_error(affekt, model, root, tmp_path):
    out = tmp_path / "no" / "such" / "report.txt"
    result = affekt(model, "--protocol", "select", "--corpora", root, "--out", out, code=2)
    assert "cannot be written" in result.output


def test_outside_a_checkout_a_lockbox_reading_is_not_logged_and_the_report_says_so(
    affekt, model, root
):
    assert "not logged" in affekt(model, "--protocol", "lockbox", "--corpora", root).stdout


def test_inside_a_checkout_every_lockbox_reading_is_logged_once(affekt, model, root, tmp_path):
    for part in (".git", "src/affekt"):
        (tmp_path / part).mkdir(parents=True)
    arguments = (model, "--protocol", "lockbox", "--corpora", root)
    assert "log        logged in" in affekt(*arguments).stdout
    assert "log        already logged in" in affekt(*arguments).stdout
    log = tmp_path / "docs" / "lockbox-log.csv"
    (row,) = csv.DictReader(log.read_text(encoding="utf-8").splitlines())
    assert (row["bundle"], row["ua_emodb"], row["ua_savee"]) == ("tones 1.2", "100.00", "50.00")


@pytest.fixture
def stranger(tones, root, tmp_path):
    """A bundle that learnt from EmoDB, and from none of the speakers at hand."""
    learnt = [{"corpus": "emodb", "utterances": 8, "licence": "CC0-1.0"}]
    held_out = {"emodb": ["03", "14", "15", "16"]}
    return tones.write_bundle(
        tmp_path / "m.onnx", training_data=learnt, held_out=held_out, figures={}
    )


# A protocol that names no speakers is whole with whatever is at hand.
WHOLE = ("--protocol", "leave-one-speaker-out", "--corpus", "emodb", "--no-audit")


def test_recorded_figures_stand_in_the_file_and_its_answers_stay(affekt, stranger, root, tmp_path):
    log = tmp_path / "readings.csv"
    for path in root.glob("emodb/*.wav"):  # the tones of all speakers were the same
        write(path, int(path.name[:2]) / 16 * soundfile.read(path)[0])
    arguments = (stranger, *WHOLE, "--corpora", root, "--log", log)
    affekt(*arguments, "--record")
    figures = Bundle.load(stranger).metadata.figures["leave-one-speaker-out"]
    assert {name: figure["ua"] for name, figure in figures.items()} == {"emodb": 1.0}
    assert "already logged" in affekt(*arguments).stdout
    (row,) = csv.DictReader(log.read_text(encoding="utf-8").splitlines())
    assert row["bundle_sha256"] == Bundle.load(stranger).sha256
    assert row["origin"] == "user", "a file that does not ship is no release"


@pytest.mark.parametrize("part", [(), ("--corpus", "emodb")])
def test_a_part_of_a_protocol_never_reaches_a_card(affekt, stranger, root, part):
    arguments = (stranger, "--protocol", "lockbox", "--corpora", root, *part, "--record")
    output = " ".join(affekt(*arguments, code=2).output.split())
    missing = len(lockbox_speakers()) - 2 - (not part)
    assert (
        f"{missing} of the speakers that 'lockbox' names have no clips here (of casia, " in output
    )
    assert Bundle.load(stranger).metadata.figures == {}


def test_figures_of_a_protocol_without_new_speakers_never_reach_a_card(affekt, stranger, root):
    arguments = (stranger, "--protocol", "random", "--corpora", root, "--corpus", "emodb")
    assert "a card shows figures of new" in affekt(*arguments, "--record", code=2).output
    assert Bundle.load(stranger).metadata.figures == {}


def test_figures_of_which_nobody_knows_whether_training_heard_them_never_reach_a_card(
    affekt, stranger, root, tmp_path
):
    for name in ("angry", "sad"):
        (tmp_path / "own" / name).mkdir(parents=True)
    write(tmp_path / "own/angry/a.wav", 0.3 * soundfile.read(root / "savee/KL_a01.wav")[0])
    write(tmp_path / "own/sad/a.wav", 0.3 * soundfile.read(root / "emodb/03a01Ta.wav")[0])
    result = affekt(stranger, "--folder", tmp_path / "own", "--record", code=2)
    assert "--record: nothing was recorded: it is unknown whether tones 1.2" in result.output
    assert "angry" in result.stdout, "the report itself is printed"
    assert Bundle.load(stranger).metadata.figures == {}


def test_figures_of_a_part_of_the_clips_never_reach_a_card(affekt, tones, root, tmp_path):
    learnt = [{"corpus": "emodb", "utterances": 8, "licence": "CC0-1.0"}]
    model = tones.write_bundle(
        tmp_path / "m.onnx",
        training_data=learnt,
        held_out={"emodb": ["03", "14", "15", "16"]},
        fails_above=0.145,
        figures={},
    )
    for path in root.glob("emodb/*.wav"):
        write(path, int(path.name[:2]) / 32 * soundfile.read(path)[0])
    result = affekt(model, *WHOLE, "--corpora", root, "--record", code=2)
    assert "not answered" in result.output
    assert "and a card shows figures of all clips" in result.output
    assert Bundle.load(model).metadata.figures == {}


def test_a_log_that_takes_no_row_is_refused_before_any_recording_is_read(affekt, root, tmp_path):
    for part in (".git", "src/affekt", "docs"):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "docs/lockbox-log.csv").write_text("name,figure\n")
    arguments = ("--protocol", "lockbox", "--corpora", root)
    assert "not a log of lockbox readings" in affekt("default", *arguments, code=2).stderr


def test_a_log_of_ones_own_can_be_kept(affekt, model, root, tmp_path):
    log = tmp_path / "mine.csv"
    affekt(model, "--protocol", "lockbox", "--corpora", root, "--log", log)
    assert log.read_text(encoding="utf-8").count("\n") == 2


def test_only_lockbox_readings_are_logged(affekt, model, root, tmp_path):
    arguments = ("--protocol", "select", "--corpora", root, "--log", tmp_path / "log.csv")
    result = affekt(model, *arguments, code=2)
    assert "--log is for readings of lockbox speakers" in result.output


def test_lockbox_speakers_leave_a_row_under_any_protocol(affekt, model, root, tmp_path):
    log = tmp_path / "mine.csv"
    arguments = ("--protocol", "leave-one-speaker-out", "--corpora", root, "--corpus", "emodb")
    said = affekt(model, *arguments, "--log", log).stdout
    assert "log        logged in" in said
    assert "choose nothing by figures that hold these: emodb 15, 16" in said
    (row,) = csv.DictReader(log.read_text(encoding="utf-8").splitlines())
    assert (row["protocol"], row["clips"]) == ("leave-one-speaker-out", "16")


def test_a_table_that_lists_recordings_of_the_lockbox_leaves_a_row(affekt, model, root, tmp_path):
    table = tmp_path / "mine.csv"
    table.write_text(f"path,emotion,speaker\n{root}/emodb/15a01Wa.wav,angry,somebody\n")
    log = tmp_path / "log.csv"
    affekt(model, "--table", table, "--log", log)
    (row,) = csv.DictReader(log.read_text(encoding="utf-8").splitlines())
    assert row["protocol"] == "external"


def test_a_copy_of_what_was_learnt_from_is_found_and_named(affekt, tones, root, tmp_path):
    """Speaker 03 is learnt from; a clip of 15 is hers, softer, and her tones are those of all."""
    learnt = [{"corpus": "emodb", "utterances": 4, "licence": "CC0-1.0"}]
    held_out = {"emodb": ["14", "15", "16"]}
    model = tones.write_bundle(tmp_path / "m.onnx", training_data=learnt, held_out=held_out)
    said, rate_hz = soundfile.read(write_voice(root / "emodb/03a02Wa.wav", seed=1))
    write_voice(root / "emodb/15a02Wa.wav", seed=2)
    soundfile.write(root / "emodb/16a02Wa.wav", 0.5 * said, rate_hz)
    arguments = (model, "--protocol", "lockbox", "--corpora", root, "--corpus", "emodb")
    for path in (root / "emodb").glob("*a01*.wav"):
        path.unlink()
    text = affekt(*arguments, code=3).stdout
    assert (
        "learnt from themselves: 0; by speakers of these: 0; saying a sentence of these: 2" in text
    )
    assert "copies of recordings among these: 1" in text
    assert "16a02Wa.wav is a copy (near-duplicate) of 03a02Wa.wav" in text
    leaks = json.loads(affekt(*arguments, "--no-audit", "--format", "json").stdout)["leaks"]
    assert (leaks["declared_by"], leaks["sentences"], leaks["copies"]) == ("model", 2, None)


@pytest.fixture
def learner(tones, tmp_path):
    """A bundle that learnt from EmoDB without speakers 15 and 16."""
    learnt = [{"corpus": "emodb", "utterances": 8, "licence": "CC0-1.0"}]
    held_out = {"emodb": ["15", "16"]}
    return tones.write_bundle(
        tmp_path / "m.onnx", training_data=learnt, held_out=held_out, figures={}
    )


@pytest.mark.parametrize("form", ["text", "md", "csv", "json"])
def test_figures_of_training_speakers_are_marked_and_end_with_3(affekt, learner, root, form):
    arguments = (learner, "--protocol", "select", "--corpora", root, "--no-audit")
    result = affekt(*arguments, "--format", form, code=3)
    assert "give --allow-training-speakers" in result.stderr
    if form == "json":
        report = json.loads(result.stdout)
        assert (report["training_speakers_tested"], report["new_speakers"]) == (
            [["emodb", "14"]],
            False,
        )
    elif form == "csv":
        rows = csv.DictReader(result.stdout.splitlines())
        assert {(row["new_speakers"], row["training_speakers"]) for row in rows} == {("false", "1")}
    else:
        assert "every figure marked * is of a model whose training may have used" in result.stdout
    allowed = affekt(*arguments, "--format", form, "--allow-training-speakers")
    date = re.compile(r"\d{4}-\d\d-\d\dT[\d:+]+")
    assert date.sub("", allowed.stdout) == date.sub("", result.stdout)


def test_speakers_that_training_did_not_hear_end_with_0(affekt, tones, root, tmp_path):
    """Whose tones differ from those that training heard, as their recordings would."""
    for path in (root / "emodb").glob("1[56]*.wav"):
        write(path, 0.9 * soundfile.read(path)[0])
    learnt = [{"corpus": "emodb", "utterances": 8, "licence": "CC0-1.0"}]
    held_out = {"emodb": ["15", "16"]}
    model = tones.write_bundle(tmp_path / "m.onnx", training_data=learnt, held_out=held_out)
    arguments = (model, "--protocol", "lockbox", "--corpora", root, "--corpus", "emodb")
    report = json.loads(affekt(*arguments, "--no-audit", "--format", "json").stdout)
    assert (report["new_speakers"], report["leaks"]["files"]) == (True, 0)


def test_figures_of_training_speakers_never_reach_a_card(affekt, learner, root):
    arguments = (learner, *WHOLE, "--corpora", root, "--record")
    result = affekt(*arguments, "--allow-training-speakers", code=2)
    assert (
        "--record: nothing was recorded: tones 1.2 may have been trained on these" in result.output
    )
    assert Bundle.load(learner).metadata.figures == {}


@pytest.fixture
def own(root, tmp_path):
    """Somebody's own folder: a decoded copy of what EmoDB's 03 says, under a name of its own."""
    for path in root.glob("**/*.wav"):
        path.unlink()
    training = write_voice(root / "emodb/03a01Wa.wav", seed=1)
    signal, rate_hz = soundfile.read(training)
    (tmp_path / "own/angry").mkdir(parents=True)
    soundfile.write(tmp_path / "own/angry/call.flac", 0.8 * signal, rate_hz)
    return tmp_path / "own"


@pytest.mark.parametrize("told", ["option", "environment"])
def test_ones_own_data_is_compared_with_the_corpora_at_hand(
    affekt, learner, own, root, monkeypatch, told
):
    more = ("--corpora", root) if told == "option" else ()
    if told == "environment":
        monkeypatch.setenv("AFFEKT_CORPORA", str(root))
    text = affekt(learner, "--folder", own, *more, code=3).stdout
    assert "1 under test beside 1 clips that it may have learnt from" in text
    assert "copies of recordings among these: 1" in text
    assert "call.flac is a copy (near-duplicate) of 03a01Wa.wav" in text
    report = json.loads(affekt(learner, "--folder", own, *more, "--format", "json", code=3).stdout)
    assert (report["new_speakers"], report["leaks"]["speakers"]) == (False, None)


def test_a_file_of_training_is_found_under_any_name_without_an_audit(affekt, learner, own, root):
    (own / "angry/call.flac").unlink()
    (own / "angry/call.wav").write_bytes((root / "emodb/03a01Wa.wav").read_bytes())
    arguments = (learner, "--folder", own, "--corpora", root, "--no-audit", "--format", "csv")
    row, *_ = csv.DictReader(affekt(*arguments, code=3).stdout.splitlines())
    assert (row["new_speakers"], row["leaked_files"], row["leaked_copies"]) == (
        *("false", "1", "null"),
    )


def test_without_the_corpora_ones_own_data_is_not_checked(affekt, learner, own):
    said = affekt(learner, "--folder", own).stdout
    assert "leaks      not checked: no recording that it learnt from is known to be at hand" in said
    said = affekt(learner, "--folder", own, "--format", "csv").stdout
    row, *_ = csv.DictReader(said.splitlines())
    assert (row["new_speakers"], row["leaked_files"], row["leaked_copies"]) == ("null",) * 3


def test_corpora_that_are_not_where_they_are_said_to_be_are_an_error(affekt, learner, own):
    result = affekt(learner, "--folder", own, "--corpora", own / "gone", code=2)
    assert "no such folder" in result.output


def test_a_classifier_fitted_on_the_very_clips_is_not_called_clean(affekt, own, root, tmp_path):
    """It does not say what it learnt from, and nobody else can: that is unknown, and not none."""
    signals = [0.1 * np.random.default_rng(k).standard_normal(8000) for k in range(4)]
    vector = find_feature_set("vector-162")
    features = np.array([vector.compute(signal.astype(np.float32)) for signal in signals])
    fitted = DecisionTreeClassifier(random_state=0).fit(features, ["angry", "sad"] * 2)
    model = tmp_path / "fitted.onnx"
    model.write_bytes(to_onnx(fitted, features[:1].astype(np.float32)).SerializeToString())
    for number, signal in enumerate(signals):
        write(own / ("sad" if number % 2 else "angry") / f"{number}.wav", signal)
    arguments = (model, "--features", "vector-162", "--folder", own, "--corpora", root)
    row, *_ = csv.DictReader(affekt(*arguments, "--format", "csv").stdout.splitlines())
    assert (row["new_speakers"], row["leaked_files"]) == ("null", "null")
    report = json.loads(affekt(*arguments, "--format", "json").stdout)
    assert (report["new_speakers"], report["leaks"]["files"]) == (None, None)
    assert "leaks      not checked: the model does not say" in affekt(*arguments).stdout


def write_voice(path, seed):
    """Write something as restless as speech, for copies are told by it."""
    rng = np.random.default_rng(seed)
    steps = np.repeat(rng.uniform(200.0, 2000.0, 20), 1600)
    loud = np.repeat(rng.uniform(0.1, 0.6, 20), 1600)
    write(path, loud * np.sin(2 * np.pi * np.cumsum(steps) / 16000))
    return path


def test_a_silent_clip_is_reported_and_the_rest_measured(affekt, model, root):
    write(root / "emodb/15a02Fa.wav", np.zeros(16000, np.float32))
    words = (model, "--protocol", "lockbox", "--corpora", root, "--corpus", "emodb")
    said = affekt(*words, code=3)
    assert "unanswered emodb:" in said.stdout
    assert "not answered, and wrong below: 1 of 9 clips" in said.stdout
    assert "affekt: tones 1.2: not answered: 1 of 9 clips" in said.stderr


def test_a_table_that_answers_only_what_is_easy_gains_nothing_and_exits_with_3(affekt, root):
    table = root.parent / "easy.csv"
    table.write_text("path,label\n15a01Wa,angry\n15a01Fa,happy\n16a01Wa,angry\n16a01Fa,happy\n")
    words = (table, "--protocol", "lockbox", "--corpora", root, "--corpus", "emodb")
    report = json.loads(affekt(*words, "--format", "json", code=3).stdout)
    own = report["corpora"][0]["scorings"][0]
    assert (own["clips"], own["answered"], own["ua"]) == (8, 4, 0.5)
    assert own["answered_alone"]["ua"] == 1.0
    gender = [item for item in report["groups"] if item["attribute"] == "gender"]
    assert {item["ua"] for item in gender} == {0.5}


@pytest.mark.corpora
@pytest.mark.skipif(not os.environ.get("AFFEKT_CORPORA"), reason="AFFEKT_CORPORA is not set")
def test_every_lockbox_speaker_has_recordings_in_the_corpora_at_hand():
    root = Path(os.environ["AFFEKT_CORPORA"])
    at_hand = [name for name in CORPORA if (root / name).is_dir()]
    parts = partition(item for name in at_hand for item in load_corpus(name, root))
    heard = {(item.corpus, item.speaker) for item in parts.lockbox}
    assert heard == {pair for pair in lockbox_speakers() if pair[0] in at_hand}


@pytest.fixture
def said(root, tmp_path):
    """A table by any tool: what it says of EmoDB's lockbox speakers, all of it right but anger."""
    words = {"W": "joy", "F": "joy", "T": "sadness", "N": "neutral"}
    table = tmp_path / "said.csv"
    names = sorted((root / "emodb").glob("*.wav"))
    rows = "".join(f"emodb/{path.name},{words[path.stem[5]]}\n" for path in names)
    table.write_text(f"path,label\n{rows}")
    return table


def test_a_table_of_predictions_is_measured(affekt, said, root):
    arguments = ("--protocol", "lockbox", "--corpora", root, "--corpus", "emodb")
    report = json.loads(affekt(said, *arguments, "--format", "json").stdout)
    assert report["kind"] == "predictions"
    assert report["corpora"][0]["scorings"][0]["ua"] == 0.75
    assert report["training_data_known"] is False


def test_names_that_fit_no_clip_are_warned_of(affekt, said, root):
    """Rows of clips that are at hand and not under test are none of these."""
    with said.open("a") as file:
        file.write("".join(f"emodb/99a0{k}Wa.wav,joy\n" for k in range(5)))
    arguments = (said, "--protocol", "lockbox", "--corpora", root, "--corpus", "emodb")
    warning = (
        "said.csv names clips that are not at hand, 5 in all: 'emodb/99a00Wa.wav', "
        "'emodb/99a01Wa.wav', 'emodb/99a02Wa.wav', ..."
    )
    result = affekt(*arguments)
    assert f"WARNING    {warning}" in result.stdout
    assert f"affekt: {warning}" in result.stderr.splitlines()
    assert affekt(*arguments, "--quiet").stderr == ""
    report = json.loads(affekt(*arguments, "--format", "json").stdout)
    assert len(report["unknown_names"]) == 5


def test_a_word_of_somebody_elses_can_be_explained(affekt, said, root):
    said.write_text(said.read_text().replace("joy", "upbeat"))
    arguments = (said, "--protocol", "lockbox", "--corpora", root, "--corpus", "emodb")
    assert "--label 'upbeat=EMOTION'" in affekt(*arguments, code=2).output
    report = affekt(*arguments, "--label", "upbeat=happy", "--format", "csv").stdout
    assert next(csv.DictReader(report.splitlines()))["ua"] == "0.750000"


@pytest.mark.parametrize(
    ("word", "message"), [("upbeat", "WORD=EMOTION"), ("upbeat=glad", "no canonical label")]
)
def test_an_explanation_that_explains_nothing_is_refused(affekt, said, root, word, message):
    arguments = (said, "--protocol", "lockbox", "--corpora", root, "--label", word)
    assert message in affekt(*arguments, code=2).output


def test_figures_are_recorded_in_bundles_alone(affekt, said, root):
    arguments = (said, "--protocol", "lockbox", "--corpora", root, "--record")
    assert "said.csv is no bundle" in affekt(*arguments, code=2).output


def test_a_checkpoint_is_read_by_the_training_code(affekt, root, tmp_path):
    path = tmp_path / "last.ckpt"
    path.write_bytes(b"no checkpoint")
    result = affekt(path, "--protocol", "lockbox", "--corpora", root, code=2)
    assert "not a checkpoint that can be read" in result.output


def test_groups_stand_in_the_report(affekt, model, root):
    text = affekt(model, "--protocol", "lockbox", "--corpora", root).stdout
    assert "== Groups" in text
    rows = affekt(model, "--protocol", "lockbox", "--corpora", root, "--format", "csv").stdout
    groups = [row for row in csv.DictReader(rows.splitlines()) if row["attribute"] == "gender"]
    assert {row["group"] for row in groups} >= {"male"}


def test_names_that_are_no_utf8_are_measured_and_written(tmp_path, tones):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    soundfile.write(tmp_path / "tone.wav", tones.tone("happy"), 16000)
    (tmp_path / "tone.wav").rename(folder / "a.wav")
    table, theirs = folder / "own.csv", folder / "theirs.csv"
    table.write_text("path,emotion,speaker\na.wav,happy,a\n")
    theirs.write_text("path,label\na.wav,happy\n")
    arguments = ["evaluate", str(theirs), "--table", str(table), "--format", "json"]
    printed = CliRunner().invoke(main, arguments)
    assert printed.exit_code == 0, printed.output
    out = tmp_path / "out.json"
    assert CliRunner().invoke(main, [*arguments, "--out", str(out)]).exit_code == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["bundle_path"] == str(theirs)
    length, _ = (item for item in found["groups"] if item["attribute"] == "duration")
    assert length["group"].endswith(" s")
