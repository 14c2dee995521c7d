"""One rule for every place that a command writes to; `tests/test_output.py` has the rest of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import soundfile
from click.testing import CliRunner

from affekt.cli import COMMANDS, main

# How each command is asked to write, and where; what stands in capitals is filled in below.
FILES = {
    "predict": ("predict WAV --model MODEL --out OUT", "a.csv"),
    "timeline": ("timeline WAV --model MODEL --format json --out OUT", "a.json"),
    "inspect": ("inspect WAV --out OUT", "a.png"),
    "features extract": ("features extract --corpus savee --set vector-162 --out OUT", "a.csv"),
    "protocols split": ("protocols split speaker-disjoint:3 --corpus emodb --out OUT", "a.csv"),
    "corpora scan": ("corpora scan savee --out OUT", "a.csv"),
    "audit": ("audit --split SPLIT --out OUT", "a.txt"),
    "audit, mended": ("audit --split SPLIT --mend OUT", "a.csv"),
    "evaluate": ("evaluate MODEL --protocol select --no-audit --out OUT", "a.txt"),
    "compare": ("compare MODEL MODEL --protocol select --no-audit --out OUT", "a.txt"),
    "calibrate": ("calibrate MODEL --out OUT", "a.onnx"),
}
FOLDERS = {
    "corpora inspect": ("corpora inspect savee --out OUT", "clips.csv"),
    "doubt": ("doubt MODEL --protocol select --no-audit --out OUT", "doubt.json"),
    "report": ("report MODEL --protocol select --no-audit --out OUT", "tones.html"),
    "train": ("train RECIPE --out OUT", "tiny.onnx"),
    "tune": ("tune RECIPE --out OUT", "trials.csv"),
    "reproduce": ("reproduce pathak-mlp --out OUT", "table.csv"),
    "web-bundle": ("web-bundle OUT --model MODEL", "index.html"),
}
# Inputs of a name that the command may write.
READ = {
    "predict": ("predict WAV OUT --model MODEL --out OUT", "call.json"),
    "timeline": ("timeline OUT --model MODEL --format json --out OUT", "call.json"),
    "timeline, model": ("timeline WAV --model OUT --format json --out OUT", "model.onnx"),
    "inspect": ("inspect OUT --out OUT", "call.png"),
    "protocols split": ("protocols split speaker-disjoint:3 --table OUT --out OUT", "split.csv"),
    "audit": ("audit --split OUT --out OUT", "split.csv"),
    "audit, mended": ("audit --split OUT --mend OUT", "split.csv"),
    "evaluate": ("evaluate MODEL --table OUT --no-audit --out OUT", "split.csv"),
    "evaluate, recording": ("evaluate MODEL --table SPLIT --no-audit --out OUT", "wav/a.wav"),
    "evaluate, model": ("evaluate OUT --protocol select --no-audit --out OUT", "model.onnx"),
    "compare": ("compare MODEL MODEL --table OUT --no-audit --out OUT", "split.csv"),
    "calibrate": ("calibrate OUT --out OUT", "model.onnx"),
}


@pytest.fixture
def place(tmp_path, tones, tone_bundle, toy_recipe, monkeypatch):
    """Recordings, a split of them, a model, and a cache that knows of none of them."""
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))
    (tmp_path / "wav").mkdir()
    soundfile.write(tmp_path / "wav/a.wav", tones.tone("angry"), 16_000)
    soundfile.write(tmp_path / "wav/b.wav", tones.tone("sad"), 16_000)
    for name in ("call.json", "call.png"):
        (tmp_path / name).write_bytes((tmp_path / "wav/a.wav").read_bytes())
    (tmp_path / "model.onnx").write_bytes(tone_bundle.read_bytes())
    (tmp_path / "split.csv").write_text(
        "path,emotion,speaker,split\nwav/a.wav,angry,one,train\nwav/b.wav,sad,two,test\n"
    )
    return tmp_path


@pytest.fixture
def call(place, toy_corpora, toy_recipe, tone_bundle):
    """Call a command with its words filled in."""

    def affekt(words: str, out: Path, *more: str):
        known = {
            "OUT": out,
            "MODEL": tone_bundle,
            "WAV": place / "wav/a.wav",
            "SPLIT": place / "split.csv",
            "RECIPE": toy_recipe,
        }
        filled = [str(known.get(word, word)) for word in words.split()]
        return CliRunner().invoke(main, [*filled, *more], env={"AFFEKT_CORPORA": str(toy_corpora)})

    return affekt


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for word in group.list_commands(context):
        command = group.get_command(context, word)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{name}{word} ")
        else:
            yield f"{name}{word}", command


def test_every_command_that_writes_is_held_to_the_rule():
    writing = {
        name
        for name, command in commands(main)
        if {"--out", "--mend"} & {text for item in command.params for text in item.opts}
    }
    unlisted = {"web-bundle", "doubt"}  # an argument names its folder; hidden, for one version
    assert writing | unlisted == {name.split(",")[0] for name in {**FILES, **FOLDERS}}
    for name, command in commands(main):
        forces = any("--force" in item.opts for item in command.params)
        assert forces == (name in writing | {"web-bundle"}), name
    assert len(COMMANDS) > 10


@pytest.mark.parametrize("name", FILES)
def test_a_foreign_file_is_kept(call, place, name):
    words, file = FILES[name]
    out = place / file
    out.write_text("mine")
    result = call(words, out)
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith(f"affekt: {out}: ")
    assert "--force" in result.stderr
    assert out.read_text() == "mine"


@pytest.mark.parametrize("name", FOLDERS)
def test_a_foreign_file_in_a_folder_is_kept(call, place, name):
    words, file = FOLDERS[name]
    (place / "out").mkdir()
    (place / "out" / file).write_text("mine")
    result = call(words, place / "out")
    assert result.exit_code == 2, result.output
    assert f"affekt: {place / 'out'}" in result.stderr
    assert "--force" in result.stderr or "name a new folder" in result.stderr
    assert (place / "out" / file).read_text() == "mine"


@pytest.mark.parametrize("name", READ)
def test_what_is_read_is_not_written_over_even_by_force(call, place, name):
    words, file = READ[name]
    before = (place / file).read_bytes()
    result = call(words, place / file, "--force")
    assert result.exit_code == 2, result.output
    assert "is read by this command" in result.stderr
    assert (place / file).read_bytes() == before


def test_a_link_stays_and_what_it_leads_to_is_written(call, place):
    (place / "elsewhere").mkdir()
    (place / "a.json").symlink_to("elsewhere/b.json")
    words, _ = FILES["timeline"]
    for _ in range(2):  # what it wrote itself may be written anew
        assert call(words, place / "a.json").exit_code == 0
    assert (place / "a.json").is_symlink()
    assert (place / "elsewhere/b.json").read_text().startswith("{")


def test_standard_output_can_be_named(place, tone_bundle):
    words = ["timeline", place / "wav/a.wav", "--model", tone_bundle, "--format", "csv"]
    done = subprocess.run(
        [sys.executable, "-m", "affekt", *map(str, words), "--out", "/dev/stdout"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("path,model,")
    assert Path("/dev/stdout").exists()


def test_a_table_of_features_keeps_a_foreign_file_beside_it(call, place):
    (place / "a.csv.json").write_text("mine")
    words, _ = FILES["features extract"]
    result = call(words, place / "a.csv")
    assert result.exit_code == 2
    assert "a.csv.json: is there already" in result.stderr
    assert (place / "a.csv.json").read_text() == "mine"


def test_a_report_and_a_mended_split_are_two_files(call, place):
    result = call("audit --split SPLIT --out OUT --mend OUT", place / "a.csv")
    assert result.exit_code == 2
    assert "--out and --mend name one file" in result.stderr
