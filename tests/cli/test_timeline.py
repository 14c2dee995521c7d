from __future__ import annotations

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from affekt.cli import main
from affekt.recognition.annotations import FORMATS

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
    assert line.startswith(f"affekt: {twice}: its channels sound by turns")
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


# Presses Ctrl-C as soon as the first block has been heard.
_INTERRUPTED = f"""
import os, sys
from affekt.recognition import stream
push = stream.StreamListener.push
def interrupted(self, samples):
    os.kill(os.getpid(), {int(signal.SIGINT)})
    return push(self, samples)
stream.StreamListener.push = interrupted
from affekt.cli import main
main(sys.argv[1:], prog_name="affekt")
"""
