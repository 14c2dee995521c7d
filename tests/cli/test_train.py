"""From a recipe to an answer, through the command line alone."""

from __future__ import annotations

import csv
import json
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from click.testing import CliRunner

from affekt.cli import main
from affekt.recognition import Bundle
from affekt.training import load_recipe
from affekt.training.module import TrainingModule

TINY = Path(__file__).parents[1] / "training" / "tiny.toml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A recipe that learns boredom as well, its licence, and a place for runs."""
    folder = tmp_path_factory.mktemp("train")
    text = TINY.read_text(encoding="utf-8")
    (folder / "tiny.toml").write_text(
        text.replace('"angry"]', '"angry", "boredom"]').replace("epochs = 3", "epochs = 10")
    )
    (folder / "LICENSE-tones.md").write_text("Do what you like with these tones.\n")
    return folder


@pytest.fixture(scope="module")
def corpora(folder, toy_corpora):
    """The corpora, with one file that is no recording."""
    shutil.copytree(toy_corpora, folder / "corpora")
    (folder / "corpora" / "savee" / "DC_a09.wav").write_bytes(b"nothing but text")
    return folder / "corpora"


@pytest.fixture(scope="module")
def call(folder):
    """Call the command `affekt` in the folder of the recipe."""

    def affekt(*arguments, code=0):
        environment = {"AFFEKT_CACHE": str(folder / "cache"), "AFFEKT_CORPORA": None}
        result = CliRunner().invoke(main, [*map(str, arguments)], env=environment)
        assert result.exit_code == code, result.output
        return result

    return affekt


@pytest.fixture(scope="module")
def trained(call, folder, corpora):
    """A whole run: what was printed, and its folder."""
    out = folder / "runs" / "tiny"
    result = call("train", folder / "tiny.toml", "--corpora", corpora, "--out", out)
    return SimpleNamespace(stdout=result.stdout, stderr=result.stderr, folder=out)


def test_the_path_of_the_bundle_is_the_answer(trained):
    assert trained.stdout == f"{trained.folder / 'tiny.onnx'}\n"
    assert Path(trained.stdout.strip()).is_file()


def test_the_run_tells_a_plain_story(trained):
    lines = trained.stderr.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "casia",
        "46 clips to train on",
        "left out DC_a09.wav",
        "15 clips to calibrate on",
        *(f"epoch {number} of 10" for number in range(1, 11)),
        lines[-3],
        "no novelty",
        str(trained.folder / "tiny.onnx"),
    ]
    assert lines[0].endswith("passed over")
    assert lines[1].endswith("emodb 30, savee 16")
    assert lines[-3].startswith("temperature ")
    assert lines[-3].endswith("on 15 clips of calibrate speakers")
    assert lines[-1].endswith("of torch at every length")


def test_the_bundle_recognises_a_speaker_it_never_heard(trained, call, corpora):
    clips = [corpora / "emodb" / "wav" / f"15a02{code}a.wav" for code in "NFTWL"]
    model = trained.folder / "tiny.onnx"
    answers = json.loads(call("predict", *clips, "--model", model, "--format", "json").stdout)
    assert [answer["emotion"] for answer in answers] == [
        *("neutral", "happy", "sad", "angry", "boredom"),
    ]
    assert {answer["model"] for answer in answers} == {"tiny 0.1"}


def test_the_bundle_says_whom_it_learnt_from_and_whom_not(trained):
    metadata = Bundle.load(trained.folder / "tiny.onnx").metadata
    counts = [(row["corpus"], row["utterances"], row["speakers"]) for row in metadata.training_data]
    assert counts == [("emodb", 30, 2), ("savee", 16, 1)]
    assert metadata.held_out == {"emodb": ["13", "14", "15"], "savee": ["JK", "KL"]}
    assert metadata.licence_text == "Do what you like with these tones.\n"
    assert metadata.frame_hop_s == 0.032
    assert metadata.recipe["fit"]["epochs"] == 10


def test_the_lockbox_can_be_measured(trained, call, corpora, tmp_path):
    model, log = trained.folder / "tiny.onnx", tmp_path / "log.csv"
    said = call(
        *("evaluate", model, "--protocol", "lockbox"),
        *("--corpora", corpora, "--format", "json", "--log", log),
        "--no-audit",  # a tone is a copy of any other, at another pitch
    ).stdout
    assert {item["corpus"] for item in json.loads(said)["corpora"]} == {"emodb", "savee"}
    assert "tiny 0.1" in log.read_text()


def test_a_finished_run_is_neither_overwritten_nor_continued_otherwise(
    trained, call, folder, corpora
):
    arguments = ["train", folder / "tiny.toml", "--corpora", corpora, "--out", trained.folder]
    assert call(*arguments, code=2).stderr == (
        f"affekt: {trained.folder} holds a run already; --resume continues it, "
        "--out chooses another place\n"
    )
    more = call(*arguments, "--resume", "--epochs", 12, code=2).stderr
    assert "fit.epochs = 10, the recipe says 12" in more


@pytest.fixture
def ctrl_c_heard():
    """Python's own handler, which a shell's background job starts without."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_heard")
def test_ctrl_c_leaves_a_run_that_can_go_on(call, folder, corpora, monkeypatch):
    step = TrainingModule.training_step

    def interrupted(self, batch):
        if self.current_epoch == 1:
            raise KeyboardInterrupt
        return step(self, batch)

    monkeypatch.setattr(TrainingModule, "training_step", interrupted)
    out = folder / "runs" / "interrupted"
    arguments = ["train", folder / "tiny.toml", "--corpora", corpora, "--out", out, "--epochs", 2]
    said = call(*arguments, code=130)
    assert said.stdout == ""
    assert said.stderr.splitlines()[-1].startswith("interrupted; --resume goes on")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    monkeypatch.setattr("affekt.training.run.export_bundle", _stand_in)
    lines = call(*arguments, "--resume").stderr.splitlines()
    assert f"going on from {out / 'checkpoints' / 'last.ckpt'}" in lines
    assert [line.split(":")[0] for line in lines if line.startswith("epoch")] == ["epoch 2 of 2"]


def _stand_in(module, recipe, metadata, path, *, force):
    """Take the place of the export, which another run here shows."""
    path.write_bytes(b"")
    return 0.0


def test_a_run_lies_in_runs_under_the_name_of_the_recipe(
    call, folder, corpora, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("affekt.training.run.export_bundle", _stand_in)
    said = call("train", folder / "tiny.toml", "--corpora", corpora, "--epochs", 1, "--quiet")
    assert said.stdout == "runs/tiny/tiny.onnx\n"
    assert {path.name for path in (tmp_path / "runs" / "tiny").iterdir()} == {
        *("checkpoints", "logs", "tiny.onnx"),
    }


# Mistakes


OWN_RECIPE = """
name = "mine"

[data]
table = "own/mine.csv"
labels = "own"

[protocol]
name = "tables"

[features]
n_mels = 40

[model]
name = "residual-se-tiny"
settings = { normalisation = "level" }

[fit]
epochs = 12
batch_size = 8
crop_frames = [30, 40]
learning_rate = 0.02
precision = "32"
"""


@pytest.fixture
def own(tmp_path, write_tone):
    """A recipe and stretches of the recordings of six people, whose pitch says what they feel."""
    rows = ["file;start;end;feeling;actor"]
    for number, actor in enumerate(("anna", "ben", "cleo", "dan", "eve", "finn")):
        for feeling, pitch_hz in (("Frustrated", 300.0), ("at ease", 2500.0)):
            path = tmp_path / f"own/{actor}/{feeling}.wav"
            write_tone(path, frequency_hz=pitch_hz * (1 + number / 50), duration_s=2.0)
            name = f"{actor}/{feeling}.wav"
            rows += [f"{name};{start};{start + 1};{feeling};{actor}" for start in (0, 1)]
    table = tmp_path / "own/mine.csv"
    table.write_text("\n".join(rows).replace("feeling;", "emotion;", 1) + "\n")
    (tmp_path / "mine.toml").write_text(OWN_RECIPE)
    return tmp_path


def test_a_model_of_ones_own_labels_is_trained_calibrated_and_measured(call, own):
    table = ("--table", own / "own/mine.csv", "--labels", "own")
    said = call("train", own / "mine.toml", "--out", own / "run").stderr
    assert "16 clips to train on: mine 16" in said
    assert "novelty: above 1 for 2% of the clips of calibrate speakers" in said
    path = own / "run/mine.onnx"
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, 20_000)).astype(np.float32)
    assert Bundle.load(path).run(noise).novelty is not None
    metadata = Bundle.load(path).metadata
    assert metadata.labels == ("Frustrated", "at ease")
    (learnt,) = metadata.training_data
    assert (learnt["corpus"], learnt["speakers"], learnt["utterances"]) == ("mine", 4, 16)
    assert learnt["licence"] == "as its owner says"
    held_out = metadata.held_out["mine"]
    assert len(held_out) == 2
    call("calibrate", path, *table, "--out", own / "new.onnx", "--quiet")
    assert Bundle.load(own / "new.onnx").metadata.prediction_set is not None
    heard = own / f"own/{held_out[0]}/at ease.wav"
    answer = call("predict", "--model", own / "new.onnx", heard, "--format", "json").stdout
    assert json.loads(answer)[0]["emotion"] == "at ease"
    report = call("evaluate", path, *table, "--no-audit", "--format", "json", code=3).stdout
    figures = json.loads(report)
    assert figures["training_speakers"]["mine"] == 4


def test_own_recordings_are_trained_under_a_protocol(call, own):
    said = call(
        *("train", own / "mine.toml", "--protocol", "leave-one-speaker-out", "--epochs", "1"),
        *("--folds", "1", "--out", own / "run"),
    )
    assert "24 clips: mine 24" in said.stderr
    with (own / "run/predictions.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert sorted({row["clip"] for row in rows}) == [
        f"anna/{feeling}@{start}" for feeling in ("Frustrated", "at ease") for start in (0, 1)
    ]


def test_recordings_of_the_command_take_the_place_of_the_recipes(call, own, toy_recipe):
    options = ("--folder", own / "own", "--label-from", "{speaker}/{label}", "--labels", "own")
    said = call("train", toy_recipe, *options, "--epochs", "1", "--out", own / "run").stderr
    assert said.count("passed over, as no recordings: 1 file (.csv 1)") == 1
    metadata = Bundle.load(own / "run/tiny.onnx").metadata
    assert metadata.labels == ("Frustrated", "at ease")
    assert [item["corpus"] for item in metadata.training_data] == ["own"]


def test_a_mistake_in_the_recipe_is_one_line(call, toy_recipe, toy_corpora):
    text = toy_recipe.read_text(encoding="utf-8")
    toy_recipe.write_text(text.replace("epochs = 3", "epoch = 3"), encoding="utf-8")
    assert call("train", toy_recipe, "--corpora", toy_corpora, code=2).stderr == (
        f"affekt: {toy_recipe}: 'fit': unknown key 'epoch' (did you mean 'epochs'?)\n"
    )


def test_a_missing_recipe_is_named(call, tmp_path):
    said = call("train", tmp_path / "absent.toml", "--corpora", tmp_path, code=2)
    assert said.stderr == f"affekt: {tmp_path / 'absent.toml'}: no such file\n"


def test_where_the_corpora_are_must_be_said(call, toy_recipe):
    assert "AFFEKT_CORPORA" in call("train", toy_recipe, code=2).stderr


def test_a_file_is_no_folder_for_a_run(call, toy_recipe, toy_corpora):
    said = call("train", toy_recipe, "--corpora", toy_corpora, "--out", toy_recipe, code=2)
    assert "is a file" in said.stderr


@pytest.mark.parametrize("epochs", ["0", "-1", "many"])
def test_epochs_must_be_a_number_from_one(call, toy_recipe, epochs):
    assert "--epochs" in call("train", toy_recipe, "--epochs", epochs, code=2).stderr


# Protocols


def test_a_recipe_is_trained_under_a_protocol(call, folder, corpora, tmp_path):
    arguments = ["train", folder / "tiny.toml", "--corpora", corpora, "--out", tmp_path / "folds"]
    arguments += ["--protocol", "leave-one-speaker-out", "--epochs", 1]
    said = call(*arguments, "--folds", "1,2")
    assert said.stdout == f"{tmp_path / 'folds' / 'report.html'}\n"
    assert "fold 2 of 6" in said.stderr
    assert (tmp_path / "folds" / "predictions.csv").is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--protocol", "lockbox"], "protocol: 'lockbox' measures models"),
        (["--protocol", "randm"], "(did you mean 'random'"),
        (["--folds", "1"], "--folds: the shipped tables have one split"),
        (["--protocol", "random", "--folds", "one"], "give numbers, such as 1,3"),
    ],
)
def test_a_mistake_in_a_protocol_is_named(call, folder, corpora, tmp_path, options, message):
    place = ["--corpora", corpora, "--out", tmp_path / "folds"]
    assert message in call("train", folder / "tiny.toml", *place, *options, code=2).stderr


# A recipe to begin with


@pytest.mark.parametrize(
    ("arguments", "file", "name"),
    [([], "own.toml", "own"), (["default"], "my-default.toml", "my-default")],
)
def test_a_recipe_to_begin_with_is_written(call, tmp_path, monkeypatch, arguments, file, name):
    monkeypatch.chdir(tmp_path)
    assert call("train", *arguments, "--init").stdout == f"{file}\n"
    recipe, _ = load_recipe(tmp_path / file)
    assert recipe.name == name
    (tmp_path / file).write_text("mine")
    assert file in call("train", *arguments, "--init", code=2).stderr


def test_without_a_recipe_the_way_to_one_is_told(call):
    assert "--init writes one to begin with" in call("train", code=2).stderr
