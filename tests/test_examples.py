"""Every program in examples/ runs as its first lines say."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

EXAMPLES = Path(__file__).parent.parent / "examples"
SPEECH = EXAMPLES / "synthetic_level.wav"


def run(name: str, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, EXAMPLES / name, *map(str, words)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_a_folder_becomes_a_table(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(SPEECH, folder / "good.wav")
    (folder / "bad.wav").write_text("no sound at all")
    done = run("folder_to_csv.py", folder, tmp_path / "out.csv")
    assert done.returncode == 0, done.stderr
    with (tmp_path / "out.csv").open(newline="") as file:
        bad, good = csv.DictReader(file)
    assert (bad["emotion"], bool(bad["error"])) == ("", True)
    assert (good["emotion"], good["length_s"], good["error"]) == ("neutral", "2.39", "")


def test_a_timeline_becomes_a_grid_of_praat(tmp_path):
    textgrid = pytest.importorskip("praatio.textgrid", reason="praatio reads the grid")
    done = run("timeline_to_praat.py", EXAMPLES / "synthetic_long.ogg", tmp_path / "x.TextGrid")
    assert done.returncode == 0, done.stderr
    grid = textgrid.openTextgrid(str(tmp_path / "x.TextGrid"), includeEmptyIntervals=False)
    assert grid.maxTimestamp == pytest.approx(30.0, abs=0.05)
    assert done.stdout.count("silence") >= 5


def test_a_stream_answers_every_second():
    done = run("live_stream.py", SPEECH)
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["1.0", "2.0", "2.4"]


def test_plain_onnx_runtime_gives_the_answer_of_affekt():
    from affekt import Recognizer

    done = run("plain_onnx.py", EXAMPLES.parent / "src/affekt/weights/default.onnx", SPEECH)
    assert done.returncode == 0, done.stderr
    answer = Recognizer.load().predict(SPEECH)
    assert done.stdout.splitlines()[1].split() == [answer.emotion, f"{answer.confidence:.1%}"]


def test_a_split_with_a_copy_across_its_parts_is_reported(tmp_path):
    signal, rate_hz = soundfile.read(SPEECH)
    soundfile.write(tmp_path / "a.wav", signal, rate_hz)
    soundfile.write(tmp_path / "b.flac", signal, rate_hz)
    split = tmp_path / "split.csv"
    split.write_text("path,split,speaker\na.wav,train,anna\nb.flac,test,ben\n")
    done = run("audit_a_split.py", split)
    assert done.returncode == 3, done.stderr
    assert "identical-audio" in done.stdout


@pytest.fixture(scope="session")
def table(tmp_path_factory, write_tone):
    """A table of six speakers, the pitch of whose tones tells the label."""
    folder = tmp_path_factory.mktemp("table")
    rows = ["path,label,speaker"]
    for number, speaker in enumerate(["anna", "ben", "cleo", "dan", "eva", "finn"]):
        for label, pitch_hz in (("sad", 300.0), ("angry", 2000.0)):
            for take in (1, 2):
                name = f"{speaker}_{label}_{take}.wav"
                frequency_hz = pitch_hz * (1 + 0.01 * (2 * number + take))
                write_tone(folder / name, frequency_hz=frequency_hz, duration_s=0.5)
                rows.append(f"{name},{label},{speaker}")
    path = folder / "table.csv"
    path.write_text("\n".join(rows))
    return path


def test_a_classifier_of_ones_own_is_measured_on_speakers_it_never_met(table):
    done = run("classifier_on_embeddings.py", table)
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.strip()}
    assert rows["accuracy"] == ["1.00", "24"]
    assert rows["sad"][-1] == rows["angry"][-1] == "12"


def test_a_model_is_trained_on_a_table_and_recognises(table, tmp_path):
    recipe = tmp_path / "own.toml"
    recipe.write_text(
        'name = "own"\n[data]\nfolder = "recordings"\n[protocol]\nname = "tables"\n'
        '[model]\nname = "residual-se-tiny"\n[fit]\nbatch_size = 8\n'
    )
    done = run("train_on_a_table.py", recipe, table, tmp_path, 1)
    assert done.returncode == 0, done.stderr
    assert "8 clips to calibrate on" in done.stdout
    assert {line.split()[0] for line in done.stdout.splitlines()[-2:]} == {"sad", "angry"}
    assert (tmp_path / "own.onnx").is_file()


def test_two_models_are_compared_speaker_by_speaker(table):
    done = run("compare_two_models.py", "default", "open", table)
    assert done.returncode == 0, done.stderr
    first, second, difference, *unknown = done.stdout.splitlines()
    assert [line.split()[0] for line in (first, second)] == ["default", "open"]
    figures = [float(line.split("UA ")[1].split("%")[0]) for line in (first, second)]
    points = float(difference.split()[2])
    assert points == pytest.approx(figures[0] - figures[1], abs=0.11)
    assert len(unknown) == 2


def test_a_temperature_is_fitted_on_half_of_the_speakers(table):
    done = run("calibrate.py", "default", table)
    assert done.returncode == 0, done.stderr
    assert "fitted on 12 clips" in done.stdout
    assert done.stdout.count("on 12 clips of other speakers") == 2


PROGRAMS = sorted(set(EXAMPLES.glob("*.py")) - {EXAMPLES / "make_examples.py"})


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_an_example_is_short_and_listed(path):
    assert len(path.read_text().splitlines()) <= 45
    assert f"`{path.name}`" in (EXAMPLES / "README.md").read_text()
