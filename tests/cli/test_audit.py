"""`affekt audit`, as a person types it."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affekt.cli.audit import audit
from affekt.errors import AffektError


def noise(seed):
    """Bursts of filtered noise: no two seeds sound alike, and none is silent."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.uniform(0.05, 1.0, 12), 2_000)
    return (0.2 * level * np.convolve(rng.standard_normal(24_000), np.ones(8), "same") / 3).clip(
        -0.99, 0.99
    )


@pytest.fixture
def split(tmp_path, monkeypatch):
    """Three recordings; one is another, softer, and in another part."""
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))
    soundfile.write(tmp_path / "a.wav", noise(1), 16_000)
    soundfile.write(tmp_path / "b.flac", 0.5 * noise(1), 16_000)
    soundfile.write(tmp_path / "c.wav", noise(2), 16_000)
    table = tmp_path / "split.csv"
    table.write_text("file,set\na.wav,train\nb.flac,test\nc.wav,train\n")
    return table


def run(*arguments):
    return CliRunner().invoke(audit, [*map(str, arguments), "--workers", "1"])


def type_in(command):
    """Run a command as a person would, with the affekt that is tested."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run(command, shell=True, check=True, env=os.environ | {"PATH": path})  # noqa: S602


def test_the_worst_comes_first_and_the_command_that_mends_it_works(split):
    result = run("--split", split)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == f"{split}: 3 recordings, 0.00 h"
    assert lines[1].startswith("1 error, ")
    assert lines[3].startswith("ERROR  near-duplicate (1): ")
    assert lines[4].strip() == "split: a.wav [train] = b.flac [test]"
    mend = next(line for line in lines if "mend: " in line).partition("mend: ")[2]
    type_in(mend)
    mended = split.with_name("split-mended.csv")
    assert mended.read_text() == "file,set\nb.flac,test\nc.wav,train\n"
    assert "near-duplicate" not in run("--split", mended).stdout


def test_what_was_dropped_is_reported_by_reason(split, tmp_path):
    result = run("--split", split, "--mend", tmp_path / "new.csv", "--format", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["split"] == str(split)
    assert result.stderr.splitlines() == [
        f"{tmp_path / 'new.csv'}: 2 of 3 rows",
        "  1 row of train dropped: near-duplicate",
    ]


def test_the_command_names_the_corpora_and_quotes_what_a_shell_would_split(split, tmp_path):
    folder = tmp_path / "my splits"
    folder.mkdir()
    table = folder / "the split.csv"
    table.write_text(split.read_text())
    (tmp_path / "emodb" / "wav").mkdir(parents=True)
    soundfile.write(tmp_path / "emodb" / "wav" / "03a01Fa.wav", noise(5), 16_000)
    root = ("--corpora", tmp_path, "--corpus", "emodb")
    found = json.loads(run("--split", table, *root, "--format", "json").stdout)
    (mend,) = {item["mend"] for item in found["findings"]} - {""}
    assert mend == (
        f"affekt audit --split '{table}' --mend '{folder}/the split-mended.csv' "
        f"--corpora {tmp_path} --corpus emodb"
    )
    type_in(mend)
    assert (folder / "the split-mended.csv").read_text() == "file,set\nb.flac,test\nc.wav,train\n"


@pytest.mark.parametrize(("severity", "code"), [("error", 3), ("warning", 3), ("note", 3)])
def test_exit_code_3_tells_findings_of_a_severity(split, severity, code):
    assert run("--split", split, "--fail-on", severity).exit_code == code


def test_exit_code_0_where_nothing_is_that_severe(split):
    split.write_text("path,part,speaker\na.wav,train,anna\nc.wav,test,ben\n")
    assert run("--split", split, "--fail-on", "error").exit_code == 0


def test_json_holds_every_figure(split):
    found = json.loads(run("--split", split, "--format", "json").stdout)
    (copy,) = [item for item in found["findings"] if item["kind"] == "near-duplicate"]
    assert copy["clips"] == [
        {"name": "a.wav", "part": "train", "label": ""},
        {"name": "b.flac", "part": "test", "label": ""},
    ]
    assert copy["figures"]["correlation"] > 0.9
    assert copy["mend"]


def test_markdown_is_a_document(split):
    text = run("--split", split, "--format", "md").stdout
    assert text.startswith("# Audit\n")
    assert "\n## Error: near-duplicate (1)\n" in text
    assert "\n```console\n$ affekt audit " in text


def test_the_page_needs_nothing_else_and_says_what_to_worry_about_first(split, tmp_path):
    out = tmp_path / "audit.html"
    result = run("--split", split, "--format", "html", "--out", out)
    assert result.stderr.startswith(f"{out}: ")
    page = out.read_text()
    assert "Look at <em>near-duplicate</em> first (1)" in page
    assert "http" not in page
    assert "<script" not in page


def test_names_cannot_break_the_page(split, tmp_path):
    (tmp_path / "a.wav").rename(tmp_path / "<b>&.wav")
    split.write_text("file,set\n<b>&.wav,train\nb.flac,test\n")
    page = run("--split", split, "--format", "html").stdout
    assert "&lt;b&gt;&amp;.wav" in page
    assert "<b>&" not in page


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
@pytest.mark.parametrize("format_name", ["text", "json", "md", "html"])
def test_a_name_that_is_no_text_is_written_with_its_byte(split, tmp_path, format_name):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (tmp_path / "a.wav").rename(folder / "a.wav")
    (folder / "split.csv").write_text("path,part\na.wav,train\n")
    call = ("--split", folder / "split.csv", "--format", format_name)
    out = tmp_path / "report"
    assert run(*call, "--out", out).exit_code == 0
    assert run(*call).exit_code == 0
    assert "caf\\udce9" in out.read_text(encoding="utf-8")
    if format_name == "json":
        assert json.loads(out.read_text())["split"] == str(folder / "split.csv")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "where are the corpora"),
        (("--corpora", "ROOT"), "no corpus lies here"),
        (("--corpus", "emodbb", "--corpora", "ROOT"), "did you mean 'emodb'"),
        (("--split", "ROOT/none.csv"), "no such table"),
        (("--mend", "ROOT/new.csv"), "name the split with --split"),
        (
            ("--split", "ROOT/split.csv", "--mend", "ROOT/../ROOTNAME/split.csv"),
            "is read by this command",
        ),
        (("--split", "ROOT/split.csv", "--mend", "ROOT/cache/new.csv"), "such as a.wav are read"),
        (("--split", "ROOT/split.csv", "--mend", "ROOT/none/new.csv"), "there is no folder"),
    ],
)
def test_mistakes_are_refused_with_the_remedy(split, arguments, message):
    (split.parent / "cache").mkdir()
    names = {"ROOTNAME": split.parent.name, "ROOT": str(split.parent)}
    for name, value in names.items():
        arguments = tuple(item.replace(name, value) for item in arguments)
    result = run(*arguments)
    assert isinstance(result.exception, AffektError)
    assert message in str(result.exception)


def test_an_audit_broken_off_goes_on_where_it_was(tmp_path):
    rows = ["path,part", *(f"{number}.wav,train" for number in range(48)), "long.wav,train"]
    for number in range(48):  # as many are kept together
        soundfile.write(tmp_path / f"{number}.wav", np.tile(noise(number), 4), 16_000)
    write_slow(tmp_path / "long.wav")
    (tmp_path / "split.csv").write_text("\n".join(rows) + "\n")
    call = [
        *(sys.executable, "-m", "affekt", "audit", "--workers", "1", "--format", "json"),
        *("--split", str(tmp_path / "split.csv")),
    ]
    environment = os.environ | {"AFFEKT_CACHE": str(tmp_path / "cache")}
    first = subprocess.Popen(call, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while first.poll() is None and heard_so_far(tmp_path / "cache") == 0:
        time.sleep(0.02)
    first.send_signal(signal.SIGINT)
    _, errors = first.communicate()
    assert first.returncode == 130
    assert b"Traceback" not in errors
    soundfile.write(tmp_path / "long.wav", noise(48), 16_000)
    done = subprocess.run(call, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["newly_heard"] == 1


def write_slow(path):
    """Write what takes long to read: 40 minutes at 384 kHz, of which no disk keeps the zeros."""
    rate, size = 384_000, 2 * 384_000 * 2400
    sizes = (b"RIFF", 36 + size, b"WAVEfmt ", 16, 1, 1, rate, 2 * rate, 2, 16, b"data", size)
    with path.open("wb") as file:
        file.write(struct.pack("<4sI8sIHHIIHH4sI", *sizes))
        file.truncate(44 + size)


def heard_so_far(cache):
    import sqlite3

    if not (cache / "audit.sqlite").exists():
        return 0
    try:
        with sqlite3.connect(cache / "audit.sqlite") as file:
            return file.execute("SELECT count(*) FROM heard").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
