from __future__ import annotations

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from affekt import files
from affekt.cli import main, timelines
from affekt.errors import ConfigError
from affekt.recognition.annotations import FORMATS, annotate
from affekt.records import Timeline

RATE = 16_000


@pytest.fixture(scope="module")
def call(tones: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine seconds: the agent speaks first, then the customer, angry and then happy."""
    silence = np.zeros(RATE, np.float32)
    agent = [tones.said("neutral", duration_s=3), *[silence] * 6]
    customer = [
        *[silence] * 3,
        tones.said("angry", duration_s=3),
        tones.said("happy", duration_s=3),
    ]
    path: Path = tmp_path_factory.mktemp("calls") / "call.wav"
    channels = np.stack([np.concatenate(agent), np.concatenate(customer)], axis=1)
    noise = 1e-4 * np.random.default_rng(0).standard_normal(channels.shape)
    soundfile.write(path, channels + noise, RATE)
    return path


@pytest.fixture
def timeline(tone_bundle: Path) -> Callable[..., Result]:
    """Run `affekt timeline` with the bundle of tones."""

    def run(*arguments: object, **more: object) -> Result:
        words = ["timeline", "--model", str(tone_bundle), *map(str, arguments)]
        return CliRunner().invoke(main, words, **more)

    return run


def test_a_table_is_the_default(timeline: Callable[..., Result], call: Path) -> None:
    result = timeline(call, "--channels", "agent,customer")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "call.wav  0:09.0, model tones 1.2"
    assert "agent  speech activity alone" in lines
    assert any(line.split()[2:3] == ["angry"] for line in lines)
    assert any(line.startswith("longest negative stretch: 0:0") for line in lines)


def test_only_the_customer_is_analysed(timeline: Callable[..., Result], call: Path) -> None:
    result = timeline(call, "--channels=agent,customer", "--format=json")
    agent, customer = json.loads(result.stdout)["tracks"]
    assert (agent["name"], agent["analysed"]) == ("agent", False)
    assert {item["emotion"] for item in agent["segments"]} == {None}
    assert {"angry", "happy"} <= {item["emotion"] for item in customer["segments"]}


def test_an_agent_is_analysed_for_a_stated_purpose_alone(
    timeline: Callable[..., Result], call: Path
) -> None:
    words = (call, "--channels", "agent,customer", "--analyse", "agent", "--format", "json")
    refused = timeline(*words)
    assert refused.exit_code == 2
    assert "purpose" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    research = timeline(*words, "--purpose", "research")
    assert (research.exit_code, "--consented" in research.stderr) == (2, True)
    agreed = timeline(*words, "--purpose", "research", "--consented")
    assert json.loads(agreed.stdout)["purpose"] == "research with consent"
    record = json.loads(timeline(*words, "--purpose", "safety").stdout)
    assert record["purpose"] == "safety"
    assert [track["analysed"] for track in record["tracks"]] == [True, False]


@pytest.mark.parametrize(
    "wrong",
    [
        ("--channels", "Agentin,customer", "--analyse", "Agentin"),
        ("--channels", "left,right"),
        ("--consented",),
        ("--window-s", "0.5", "--hop-s", "1"),
    ],
)
def test_options_that_no_recording_can_take_are_refused_once_for_a_folder(
    timeline: Callable[..., Result], calls: Path, tmp_path: Path, wrong: tuple[str, ...]
) -> None:
    result = timeline(calls, *wrong, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_call_is_refused_with_both_remedies_unless_one_is_taken(
    timeline: Callable[..., Result], call: Path, tmp_path: Path
) -> None:
    samples, _ = soundfile.read(call)
    twice = tmp_path / "twice.wav"
    soundfile.write(twice, np.concatenate([samples, samples]), RATE)
    out = tmp_path / "twice.html"
    refused = timeline(twice, "--out", out)
    assert refused.exit_code == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"affekt: {twice}: its channels take turns")
    assert "agent,customer" in line
    assert "(mix)" in line
    assert not out.exists()
    assert timeline(twice, "--out", out, "--channels", "agent,customer").exit_code == 0
    mixed = timeline(twice, "--out", out, "--mix")
    assert (mixed.exit_code, mixed.stderr) == (0, "")
    both = timeline(twice, "--mix", "--channels", "agent,customer")
    assert both.exit_code == 2
    assert "mix takes all channels for one voice" in both.stderr


@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_goes_into_a_file_by_its_suffix(
    timeline: Callable[..., Result], call: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / f"call{FORMATS[name].suffix}"
    given = ("--format", "table") if name == "table" else ()
    result = timeline(call, "--mix", "--out", out, *given)
    assert (result.exit_code, result.stdout) == (0, "")
    text = out.read_text(encoding="utf-8")
    assert "happy" in text
    if name == "labelstudio":
        assert json.loads(text)[0]["predictions"]
    assert [path.name for path in tmp_path.iterdir()] == [out.name]


def test_an_unknown_suffix_is_a_mistake_in_the_command(
    timeline: Callable[..., Result], call: Path, tmp_path: Path
) -> None:
    result = timeline(call, "--out", tmp_path / "call.docx")
    assert result.exit_code == 2
    assert "say the --format" in result.stderr


def test_a_report_shows_the_recording_beside_it(
    timeline: Callable[..., Result], call: Path
) -> None:
    out = call.with_name("call.html")
    timeline(call, "--channels", "agent,customer", "--out", out)
    page = out.read_text(encoding="utf-8")
    assert 'data-link="call.wav"' in page
    assert 'id="sound"' not in page


def test_a_report_from_standard_input_can_hold_the_recording(
    timeline: Callable[..., Result], call: Path
) -> None:
    result = timeline("-", "--mix", "--format", "html", "--embed-audio", input=call.read_bytes())
    assert result.exit_code == 0
    assert 'id="sound"' in result.stdout
    assert '"peaks":[' in result.stdout


def test_embedding_is_for_reports(timeline: Callable[..., Result], call: Path) -> None:
    result = timeline(call, "--embed-audio", "--format", "csv")
    assert result.exit_code == 2
    assert "--embed-audio goes with --format html" in result.stderr


def test_options_reach_the_timeline(timeline: Callable[..., Result], call: Path) -> None:
    options = ("--mix", "--window-s", 2, "--hop-s", 0.5, "--threshold", 1.0, "--format", "json")
    record = json.loads(timeline(call, *options).stdout)
    assert (record["window_s"], record["hop_s"]) == (2.0, 0.5)
    spoken = [item for item in record["tracks"][0]["segments"] if item["emotion"]]
    assert spoken
    assert all(item["uncertain"] for item in spoken)


def test_warnings_go_to_standard_error(
    timeline: Callable[..., Result], call: Path, tmp_path: Path
) -> None:
    cut = tmp_path / "cut.wav"
    cut.write_bytes(call.read_bytes()[:-100_000])
    result = timeline(cut, "--mix", "--format", "csv")
    assert f"affekt: {cut}: The end is missing" in result.stderr
    assert len(list(csv.DictReader(io.StringIO(result.stdout)))) > 1
    assert timeline(cut, "--mix", "--format", "csv", "--quiet").stderr == ""


@pytest.mark.parametrize("content", [None, b"", b"no sound at all"])
def test_what_cannot_be_read_is_said_in_one_line(
    timeline: Callable[..., Result], tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    result = timeline(path, "--out", tmp_path / "bad.html")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"affekt: {path}: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "bad.html").exists()


def test_a_folder_that_is_not_there_is_said_in_one_line(
    timeline: Callable[..., Result], call: Path, tmp_path: Path
) -> None:
    result = timeline(call, "--out", tmp_path / "none" / "call.csv")
    assert result.exit_code == 2
    assert "No such file or directory" in result.stderr


@pytest.fixture
def calls(call: Path, tmp_path: Path) -> Path:
    """Two calls, one of them in a folder below, a damaged one, and a text."""
    folder = tmp_path / "calls"
    (folder / "may").mkdir(parents=True)
    shutil.copy(call, folder / "a.wav")
    shutil.copy(call, folder / "may" / "b.wav")
    (folder / "bad.wav").write_text("no sound at all")
    (folder / "notes.txt").write_text("mine")
    return folder


def test_a_folder_gets_an_overview_with_a_row_a_call(
    timeline: Callable[..., Result], calls: Path
) -> None:
    result = timeline(calls, "--channels", "agent,customer", "--format", "csv")
    assert result.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["path"] for row in rows] == [
        str(calls / name) for name in ("a.wav", "bad.wav", "may/b.wav")
    ]
    assert "is not a recording that can be read" in rows[1]["error"]
    assert float(rows[0]["agent_speech_s"]) == pytest.approx(3.0, abs=0.5)
    assert float(rows[0]["customer_share_angry"]) == pytest.approx(0.5, abs=0.2)
    assert float(rows[0]["customer_longest_negative_start_s"]) == pytest.approx(3.0, abs=0.5)
    assert rows[0]["customer_turning_points"] == "1"
    assert "agent_share_angry" not in rows[0]
    assert "affekt: passed over, as no recordings: 1 file (.txt 1)\n" in result.stderr


def test_the_overview_is_a_table_for_people(timeline: Callable[..., Result], calls: Path) -> None:
    result = timeline(calls, "--channels", "agent,customer")
    lines = result.stdout.splitlines()
    assert lines[0].split()[:2] == ["recording", "length"]
    names = [line.split()[0] for line in lines[1:] if not line.startswith(" ")]
    assert names == ["a.wav", "bad.wav", "may/b.wav"]
    assert lines[1].split()[1:3] == ["0:09.0", "customer"]
    assert "failed: is not a recording" in lines[2]


def test_each_timeline_of_a_folder_goes_into_a_folder(
    timeline: Callable[..., Result], calls: Path, tmp_path: Path
) -> None:
    out = tmp_path / "reports"
    for _ in range(2):  # what it wrote itself may be written anew
        result = timeline(calls, "--channels", "agent,customer", "--out", out)
        assert result.exit_code == 1
    names = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert names == {"a.wav.html", "may/b.wav.html", "overview.csv"}
    rows = list(csv.DictReader((out / "overview.csv").open(encoding="utf-8")))
    assert rows[2]["report"] == str(out / "may" / "b.wav.html")
    page = (out / "a.wav.html").read_text(encoding="utf-8")
    assert (calls / "a.wav").as_uri() in page


def test_several_recordings_go_into_a_folder_in_any_format(
    timeline: Callable[..., Result], calls: Path, tmp_path: Path
) -> None:
    words = (calls / "a.wav", calls / "may" / "b.wav", "--mix", "--format", "textgrid")
    result = timeline(*words, "--out", tmp_path / "out")
    assert result.exit_code == 0
    names = {path.name for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names == {"a.wav.TextGrid", "b.wav.TextGrid", "overview.csv"}


def test_a_foreign_file_in_the_folder_is_reported_before_the_work(
    timeline: Callable[..., Result], calls: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "overview.csv").write_text("mine")
    result = timeline(calls, "--mix", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "overview.csv: is there already" in result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["overview.csv"]


def test_a_full_disk_ends_the_work_and_keeps_the_overview(
    timeline: Callable[..., Result], calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []

    def annotate_until_full(found: Timeline, name: str) -> str:
        if written:
            raise ConfigError("b: cannot be written: No space left on device")
        written.append(name)
        return annotate(found, name)

    monkeypatch.setattr(timelines, "annotate", annotate_until_full)
    out = tmp_path / "out"
    result = timeline(calls, "--mix", "--format", "csv", "--out", out)
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1] == "affekt: b: cannot be written: No space left on device"
    rows = list(csv.DictReader((out / "overview.csv").open(encoding="utf-8")))
    assert [Path(row["report"]).name for row in rows] == ["a.wav.csv", ""]  # and the damaged one
    assert [path.name for path in (out / "may").iterdir()] == []


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("CALLS", "--format", "html"), "name a folder for several timelines with --out"),
        (("CALLS", "-"), "standard input (-) stands alone"),
        (("CALLS", "--out", "CALLS/notes.txt"), "several timelines need a folder"),
    ],
)
def test_mistakes_about_several_recordings_are_reported(
    timeline: Callable[..., Result], calls: Path, words: tuple[str, ...], message: str
) -> None:
    result = timeline(*(word.replace("CALLS", str(calls)) for word in words))
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_pipe_is_read_once_and_reported(
    timeline: Callable[..., Result], call: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    sound = call.read_bytes()
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(sound))
    writer.start()
    result = timeline(
        tmp_path / "pipe", "--channels", "agent,customer", "--out", tmp_path / "a.html"
    )
    writer.join(timeout=60)
    assert result.exit_code == 0
    assert '"peaks":[' in (tmp_path / "a.html").read_text(encoding="utf-8")


def test_a_pipe_that_nobody_writes_into_is_given_up(
    timeline: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PIPE_TIMEOUT_S", 0.0)
    os.mkfifo(tmp_path / "pipe")
    result = timeline(tmp_path / "pipe")
    assert result.exit_code == 2
    assert "pipe: is a pipe that nobody writes into" in result.stderr


def test_names_are_no_formulas_for_a_spreadsheet(
    timeline: Callable[..., Result], call: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(call, "=call.wav")
    result = timeline("=call.wav", "--channels", "@agent,customer", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert {row["path"] for row in rows} == {"./=call.wav"}
    assert {row["track"] for row in rows} == {"'@agent", "customer"}


def test_ctrl_c_leaves_no_file(tone_bundle: Path, tones: SimpleNamespace, tmp_path: Path) -> None:
    long = tmp_path / "long.wav"
    soundfile.write(long, np.tile(tones.said("angry", duration_s=10), 360), RATE)
    words = ["timeline", "--model", tone_bundle, long, "--out", tmp_path / "long.json"]
    process = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, *map(str, words)], stderr=subprocess.PIPE, text=True
    )
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["long.wav"]


# Presses Ctrl-C as soon as the first block is read.
_INTERRUPTED = f"""
import os, sys
from affekt.recognition import stream
push = stream.WindowPredictor.push
def interrupted(self, samples):
    os.kill(os.getpid(), {int(signal.SIGINT)})
    return push(self, samples)
stream.WindowPredictor.push = interrupted
from affekt.cli import main
main(sys.argv[1:], prog_name="affekt")
"""
