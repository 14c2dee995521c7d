from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from pyarrow import parquet

import affekt.cli.predict
from affekt.cli import main
from affekt.recognition import Recognizer


@pytest.fixture
def folder(tones: SimpleNamespace, tmp_path: Path) -> Path:
    """Three recordings: angry, happy and, in a folder below, sad."""
    (tmp_path / "in" / "more").mkdir(parents=True)
    for name, label in (("a.wav", "angry"), ("b.flac", "happy"), ("more/c.ogg", "sad")):
        soundfile.write(tmp_path / "in" / name, tones.tone(label), 16000)
    return tmp_path / "in"


@pytest.fixture
def predict(tone_bundle: Path) -> Callable[..., Result]:
    """Run `affekt predict` with the bundle of tones."""

    def run(*arguments: object, **more: object) -> Result:
        words = ["predict", "--model", str(tone_bundle), *map(str, arguments)]
        return CliRunner().invoke(main, words, **more)

    return run


def test_a_table_is_the_default(predict: Callable[..., Result], folder: Path) -> None:
    result = predict(folder / "a.wav")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == f"{folder / 'a.wav'}  1.0 s, model tones 1.2"
    assert result.stdout.splitlines()[1].startswith("angry")


def test_a_folder_is_walked_in_order(predict: Callable[..., Result], folder: Path) -> None:
    records = json.loads(predict(folder, "--format", "json").stdout)
    assert [Path(record["path"]).name for record in records] == ["a.wav", "b.flac", "c.ogg"]
    assert [record["emotion"] for record in records] == ["angry", "happy", "sad"]


def test_json_of_one_recording_is_an_array(predict: Callable[..., Result], folder: Path) -> None:
    (record,) = json.loads(predict(folder / "a.wav", "--format", "json").stdout)
    assert list(record) == [
        *("schema_version", "path", "duration_s", "sampling_rate_hz", "channels", "model"),
        *("emotion", "confidence", "uncertain", "predictions", "warnings"),
    ]
    assert len(record["predictions"]) == 8


def test_csv_and_json_lines_tell_the_same(predict: Callable[..., Result], folder: Path) -> None:
    lines = [json.loads(line) for line in predict(folder, "--format=jsonl").stdout.splitlines()]
    rows = list(csv.DictReader(io.StringIO(predict(folder, "--format=csv").stdout)))
    assert [line["emotion"] for line in lines] == [row["emotion"] for row in rows]
    assert [line["confidence"] for line in lines] == [float(row["confidence"]) for row in rows]


def test_options_reach_the_answer(predict: Callable[..., Result], folder: Path) -> None:
    options = ("--top-k", 2, "--emotions", 4, "--threshold", 1.0, "--threads", 2)
    (record,) = json.loads(predict(folder / "a.wav", "--format=json", *options).stdout)
    assert len(record["predictions"]) == 2
    assert record["uncertain"] is True
    assert 0.0 < record["left_out"] < 0.1


@pytest.mark.parametrize("name", ["table", "json", "jsonl", "csv"])
def test_a_purpose_is_stamped_on_every_format(
    predict: Callable[..., Result], folder: Path, name: str
) -> None:
    result = predict(folder, "--format", name, "--purpose", "research", "--consented")
    assert result.exit_code == 0
    assert "research with consent" in result.stdout


def test_a_channel_can_be_chosen(
    predict: Callable[..., Result], tones: SimpleNamespace, tmp_path: Path
) -> None:
    both = np.stack([tones.tone("happy"), tones.tone("disgust")], axis=1)
    soundfile.write(tmp_path / "two.wav", both, 16000)
    result = predict(tmp_path / "two.wav", "--channel", 1, "--format=json")
    assert json.loads(result.stdout)[0]["emotion"] == "disgust"


def test_a_call_is_not_mixed_by_oversight(
    predict: Callable[..., Result], tones: SimpleNamespace, tmp_path: Path
) -> None:
    path = tmp_path / "call.wav"
    soundfile.write(path, tones.call_by_turns(), 16000)
    refused = predict(path)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"affekt: {path}: its channels take turns")
    assert predict(path, "--channel", "1", "--format", "csv").stdout.count("angry,0.9") == 1
    assert predict(path, "--mix").exit_code == 0


def test_one_bad_file_is_reported_and_the_rest_is_done(
    predict: Callable[..., Result], folder: Path
) -> None:
    (folder / "bad.wav").write_text("no sound at all")
    result = predict(folder, folder / "gone.wav", "--format=jsonl")
    assert result.exit_code == 1
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert [record.get("emotion") for record in records] == ["angry", "happy", None, "sad", None]
    assert list(records[2]) == ["schema_version", "path", "error"]
    bad, gone = result.stderr.splitlines()
    assert bad.startswith(f"affekt: {folder / 'bad.wav'}: ")
    assert gone.startswith(f"affekt: {folder / 'gone.wav'}: no such file")


@pytest.mark.parametrize("form", ["json", "jsonl", "csv", "table"])
def test_numbers_that_are_no_answer_are_written_in_no_format(
    fragile_bundle: Path, tones: SimpleNamespace, tmp_path: Path, form: str
) -> None:
    soundfile.write(tmp_path / "loud.wav", tones.tone("sad", amplitude=0.9), 16000)
    soundfile.write(tmp_path / "quiet.wav", tones.tone("sad"), 16000)
    words = [str(tmp_path), "--model", str(fragile_bundle), "--format", form]
    done = CliRunner().invoke(main, ["predict", *words])
    assert done.exit_code == 1
    assert f"{tmp_path / 'loud.wav'}: the model tones 1.2 has no answer to this" in done.stderr
    assert "has no answer to this" in done.stdout
    assert "quiet.wav" in done.stdout
    assert "nan" not in done.stdout.lower()


def test_when_all_fail_json_is_still_an_array(predict: Callable[..., Result]) -> None:
    result = predict("gone.wav", "--format=json")
    assert result.exit_code == 1
    (record,) = json.loads(result.stdout)
    assert record["path"] == "gone.wav"
    assert record["error"].startswith("gone.wav: no such file")


@pytest.mark.parametrize("name", ["table", "json", "jsonl", "csv"])
def test_every_format_has_a_row_for_a_bad_file(
    predict: Callable[..., Result], folder: Path, name: str
) -> None:
    (folder / "bad.wav").write_text("no sound at all")
    result = predict(folder, "--format", name)
    assert "bad.wav" in result.stdout
    assert "is not a recording that can be read" in " ".join(result.stdout.split())


def test_the_error_is_a_column_of_csv(predict: Callable[..., Result], folder: Path) -> None:
    (folder / "bad.wav").write_text("no sound at all")
    rows = list(csv.DictReader(io.StringIO(predict(folder, "--format=csv").stdout)))
    assert [bool(row["error"]) for row in rows] == [False, False, True, False]
    assert rows[2]["emotion"] == ""


@pytest.mark.parametrize("suffix", ["txt", "json", "jsonl", "csv"])
def test_answers_go_into_a_file_by_its_suffix(
    predict: Callable[..., Result], folder: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"answers.{suffix}"
    result = predict(folder, "--out", out)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    name = "table" if suffix == "txt" else suffix
    assert out.read_text(encoding="utf-8") == predict(folder, "--format", name).stdout


def test_answers_go_into_parquet_with_types_of_their_own(
    predict: Callable[..., Result], folder: Path, tmp_path: Path
) -> None:
    (folder / "bad.wav").write_text("no sound at all")
    assert predict(folder, "--out", tmp_path / "a.parquet").exit_code == 1
    rows = parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert [row["emotion"] for row in rows] == ["angry", "happy", None, "sad"]
    assert rows[0]["uncertain"] is False
    assert rows[0]["warnings"] == []
    assert rows[0]["score_angry"] == rows[0]["confidence"]
    assert rows[2]["error"].startswith(str(folder / "bad.wav"))


def test_parquet_without_pyarrow_names_the_extra(
    predict: Callable[..., Result],
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = predict(folder, "--out", tmp_path / "a.parquet")
    assert result.exit_code == 2
    assert "pip install 'affekt[train]'" in result.stderr
    assert not (tmp_path / "a.parquet").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "a.docx"), "say the --format, or use one of the suffixes .txt, .json"),
        (("--format", "parquet"), "--format parquet needs --out FILE"),
    ],
)
def test_a_place_that_tells_no_format_is_a_mistake(
    predict: Callable[..., Result], folder: Path, options: tuple[str, ...], message: str
) -> None:
    result = predict(folder, *options)
    assert result.exit_code == 2
    assert message in result.stderr


def test_what_a_folder_holds_besides_recordings_is_said(
    predict: Callable[..., Result], folder: Path
) -> None:
    for name in ("a.txt", "b.txt", "c.pdf", "README"):
        (folder / name).write_text("no sound")
    (folder / "sound").write_bytes((folder / "a.wav").read_bytes())
    os.mkfifo(folder / "pipe.wav")
    result = predict(folder, "--format=jsonl")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 4  # what has no ending is known by its first bytes
    assert result.stderr == (
        "affekt: passed over, as no recordings: 5 files "
        "(.txt 2, without an ending 1, .pdf 1, .wav 1)\n"
    )
    assert predict(folder, "--format=jsonl", "--quiet").stderr == ""


def test_names_are_no_formulas_and_no_commands_of_the_terminal(
    predict: Callable[..., Result], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    (folder / "a.wav").rename("=1+1\x1b[2J.wav")
    (row,) = csv.DictReader(io.StringIO(predict("=1+1\x1b[2J.wav", "--format=csv").stdout))
    assert row["path"] == "./=1+1\x1b[2J.wav"
    assert Path(row["path"]).is_file()
    (folder / "\x1b[2J.wav").write_text("no sound")
    result = predict("=1+1\x1b[2J.wav", "\x1b[2J.wav")
    assert "\x1b" not in result.stdout + result.stderr
    assert "=1+1\\x1b[2J.wav" in result.stdout
    assert "affekt: \\x1b[2J.wav: is not a recording" in result.stderr


def test_the_answers_before_an_interrupt_are_in_the_file(
    predict: Callable[..., Result], folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Recognizer, paths: list[str], **options: object) -> Iterator[object]:
        os.kill(os.getpid(), signal.SIGINT)
        yield self.predict(paths[0])
        yield self.predict(paths[1])

    monkeypatch.setattr(affekt.cli.predict.Recognizer, "predict_many", interrupted)
    assert predict(folder, "--out", tmp_path / "a.csv").exit_code == 130
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 2


def test_a_closed_standard_error_loses_no_answer(tone_bundle: Path, folder: Path) -> None:
    (folder / "bad.wav").write_text("no sound at all")
    words = [sys.executable, "-m", "affekt", "predict", "--model", str(tone_bundle)]
    command = " ".join(f'"{word}"' for word in [*words, str(folder), "--format=jsonl"])
    for closed in ("2>&-", "2>/dev/full"):
        done = subprocess.run(["sh", "-c", f"{command} {closed}"], capture_output=True, text=True)
        assert len(done.stdout.splitlines()) == 4
        assert done.returncode == 1


def test_a_device_can_be_written_into(predict: Callable[..., Result], folder: Path) -> None:
    result = predict(folder, "--format=csv", "--out", "/dev/full")
    assert result.exit_code == 2
    assert result.stderr == "affekt: /dev/full: cannot be written: No space left on device\n"


def test_an_empty_folder_is_a_failure(predict: Callable[..., Result], tmp_path: Path) -> None:
    result = predict(tmp_path)
    assert result.exit_code == 1
    assert "no recordings in this folder" in result.stderr


def test_a_long_recording_says_so_unless_it_shall_be_quiet(
    predict: Callable[..., Result], tones: SimpleNamespace, tmp_path: Path
) -> None:
    soundfile.write(tmp_path / "long.wav", tones.tone("calm", duration_s=12.0), 16000)
    loud = predict(tmp_path / "long.wav", "--format=json")
    quiet = predict(tmp_path / "long.wav", "--format=json", "--quiet")
    assert "mean of 3 windows" in loud.stderr
    assert quiet.stderr == ""
    assert json.loads(quiet.stdout) == json.loads(loud.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("-", "-"),
        ("a.wav", "--format", "xml"),
        ("a.wav", "--emotions", "5"),
        ("a.wav", "--threshold", "2"),
        ("a.wav", "--top-k", "0"),
        ("a.wav", "--threads", "0"),
        ("a.wav", "--channel", "-1"),
        ("a.wav", "--colour"),
    ],
)
def test_a_mistake_in_the_command_is_exit_code_2(
    predict: Callable[..., Result], arguments: tuple[str, ...]
) -> None:
    result = predict(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Error: " in result.stderr


def test_a_misspelt_model_is_one_line_and_exit_code_2() -> None:
    result = CliRunner().invoke(main, ["predict", "a.wav", "--model", "defalt"])
    assert result.exit_code == 2
    assert result.stderr == (
        "affekt: no model is called 'defalt' (did you mean 'default'?); or give a path\n"
    )


def test_the_first_interrupt_lets_the_recording_at_hand_end(
    predict: Callable[..., Result], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(self: Recognizer, paths: list[str], **options: object) -> Iterator[object]:
        os.kill(os.getpid(), signal.SIGINT)
        yield self.predict(paths[0])
        yield self.predict(paths[1])

    monkeypatch.setattr(affekt.cli.predict.Recognizer, "predict_many", interrupted)
    before = signal.getsignal(signal.SIGINT)
    result = predict(folder, "--format=json")
    assert result.exit_code == 130
    assert len(json.loads(result.stdout)) == 1
    assert signal.getsignal(signal.SIGINT) == before


def affekt_process(*arguments: object, **more: object) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "affekt", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, check=False, **more)


def test_standard_input_is_recognised(tone_bundle: Path, folder: Path) -> None:
    with (folder / "a.wav").open("rb") as sound:
        done = affekt_process("predict", "-", "--model", tone_bundle, "--format=json", stdin=sound)
    (record,) = json.loads(done.stdout)
    assert (record["path"], record["emotion"]) == ("-", "angry")
    assert done.stderr == b""
    assert done.returncode == 0


def test_a_pipe_gets_no_bar_and_an_odd_name_is_written(tone_bundle: Path, folder: Path) -> None:
    odd = folder / os.fsdecode(b"\xff\xe4.wav")
    (folder / "a.wav").rename(odd)
    for name in ("table", "json", "jsonl", "csv"):
        done = affekt_process("predict", folder, "--model", tone_bundle, "--format", name)
        assert done.returncode == 0
        assert done.stderr == b""
        assert b"udcff" in done.stdout


def test_a_reader_that_goes_away_is_no_traceback(tone_bundle: Path, folder: Path) -> None:
    words = [sys.executable, "-m", "affekt", "predict", "--model", str(tone_bundle)]
    process = subprocess.Popen(
        [*words, "--format=jsonl", *[str(folder)] * 100],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 1
    process.stderr.close()


def test_a_full_disk_is_said_in_one_line(tone_bundle: Path, folder: Path) -> None:
    words = ["predict", "--model", tone_bundle, folder / "a.wav", "--format", "jsonl"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "affekt", *words], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert (
        done.stderr
        == "affekt: standard output: cannot be read or written: No space left on device\n"
    )


def test_a_closed_standard_output_is_a_mistake_in_the_command(
    tone_bundle: Path, folder: Path
) -> None:
    command = f'"{sys.executable}" -m affekt predict --model "{tone_bundle}" "{folder}" >&-'
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.endswith("Error: standard output is closed\n")


def test_a_name_too_long_is_one_bad_file_among_many(
    predict: Callable[..., Result], folder: Path
) -> None:
    result = predict("a" * 300 + ".wav", folder / "a.wav", "--format", "json")
    assert result.exit_code == 1
    assert "cannot be opened (File name too long)" in result.stderr
    assert len(json.loads(result.stdout)) == 2
