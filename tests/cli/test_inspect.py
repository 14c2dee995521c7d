"""`affekt inspect` and `affekt corpora inspect`, as a person types them."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affekt.cli import main


@pytest.fixture
def run(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        return CliRunner().invoke(main, [str(item) for item in arguments])

    return call


@pytest.fixture
def root(tmp_path, write_tone):
    """Two tones of EmoDB and one of SAVEE."""
    for place in ("emodb/03a01Fa", "emodb/11a02Ld", "savee/DC_a01"):
        write_tone(tmp_path / "corpora" / f"{place}.wav")
    return tmp_path / "corpora"


def test_inspect_prints_facts_and_draws_into_the_current_folder(run, tmp_path, write_tone):
    write_tone(tmp_path / "clips" / "tone.wav", duration_s=1.0)
    result = run("inspect", "clips/tone.wav")
    assert result.exit_code == 0
    facts = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert facts["duration"] == "1.000 s"
    assert facts["picture"] == "tone.png"
    assert (tmp_path / "tone.png").read_bytes().startswith(b"\x89PNG")


def test_inspect_draws_where_it_is_reported(run, tmp_path, write_tone):
    write_tone(tmp_path / "tone.wav")
    assert run("inspect", "tone.wav", "--out", "other.png").exit_code == 0
    assert (tmp_path / "other.png").is_file()
    assert not (tmp_path / "tone.png").exists()


def test_inspect_keeps_a_picture_that_is_not_its_own(run, tmp_path, write_tone):
    write_tone(tmp_path / "tone.wav")
    (tmp_path / "tone.png").write_bytes(b"my own picture")
    result = run("inspect", "tone.wav")
    assert result.exit_code == 2
    assert "or replace it with --force" in result.stderr
    assert (tmp_path / "tone.png").read_bytes() == b"my own picture"
    assert run("inspect", "tone.wav", "--force").exit_code == 0
    assert run("inspect", "tone.wav").exit_code == 0  # its own may be drawn anew


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("missing.wav",), "missing.wav: no such file"),
        (("text.wav",), "text.wav: is not a recording that can be read"),
        (("tone.wav", "--channel", "1"), "there is no channel 1"),
        (("tone.wav", "--out", "tone.jpg"), "ends in .png"),
        (("tone.wav", "--out", "none/tone.png"), "none/tone.png: cannot be written"),
    ],
)
def test_mistakes_are_reported_in_one_line(run, tmp_path, write_tone, arguments, message):
    write_tone(tmp_path / "tone.wav")
    (tmp_path / "text.wav").write_text("no sound at all")
    result = run("inspect", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_corpora_inspect_takes_all_that_are_here(run, root):
    result = run("corpora", "inspect", "--corpora", root)
    assert result.exit_code == 0
    first = [line.split()[0] for line in result.stdout.splitlines()[2:5]]
    assert first == ["savee", "emodb", "all"]  # as in `corpora list`
    assert result.stderr == ""


def test_corpora_inspect_takes_those_that_are_named(run, root):
    result = run("corpora", "inspect", "savee", "--corpora", root, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["corpus"], row["clips"], row["length_s_median"]) == ("savee", "1", "0.25")


def test_corpora_inspect_answers_in_json(run, root):
    record = json.loads(run("corpora", "inspect", "--corpora", root, "--format", "json").stdout)
    assert record["counts"]["emodb"]["emotion"] == {"happy": 1, "no canonical label": 1}


def test_corpora_inspect_writes_tables_and_plots(run, root, tmp_path):
    result = run("corpora", "inspect", "--corpora", root, "--out", "report")
    assert result.exit_code == 0
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert names == {
        *("inspection.json", "summary.csv", "counts.csv", "clips.csv"),
        *("emotions.png", "genders.png", "languages.png", "intensities.png", "lengths.png"),
        *("sampling_rates.png", "levels.png", "clipping.png", "silence.png"),
    }
    assert {line.split("/")[-1] for line in result.stderr.splitlines()} == names


def test_corpora_inspect_passes_over_what_cannot_be_read(run, root):
    (root / "emodb/08a02Na.wav").write_text("no sound at all")
    result = run("corpora", "inspect", "emodb", "--corpora", root, "--format", "csv")
    assert result.exit_code == 1
    (row,) = csv.DictReader(io.StringIO(result.stdout))
    assert (row["clips"], row["unreadable"]) == ("3", "1")
    assert "08a02Na.wav: is not a recording that can be read" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("emodbb",), "did you mean 'emodb'"),
        (("jl",), "says how to obtain JL Corpus"),
        (("tess",), "no recording was placed"),
        (("--out", "emodb-file/report"), "emodb-file/report: cannot be made"),
    ],
)
def test_mistakes_about_corpora_are_reported(run, root, tmp_path, arguments, message):
    (root / "tess").mkdir()
    (tmp_path / "emodb-file").touch()
    result = run("corpora", "inspect", *arguments, "--corpora", root)
    assert result.exit_code == 2
    assert message in result.stderr


def test_measuring_corpora_needs_no_heavy_library(root):
    """Tables come from the light core; only pictures load matplotlib."""
    code = (
        "import sys; from affekt.cli import main\n"
        f"try: main(['corpora', 'inspect', '--corpora', {str(root)!r}])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "assert not {'matplotlib', 'torch', 'scipy', 'librosa'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_stereo_recording_shows_the_channel_that_was_asked_for(run, tmp_path):
    late = np.concatenate([np.zeros(16_000), 0.5 * np.ones(16_000)])
    soundfile.write(tmp_path / "a.wav", np.stack([late[::-1], late], axis=1), 16_000)
    lines = run("inspect", "a.wav", "--channel", "1").stdout.splitlines()
    (before,) = [line for line in lines if line.startswith("silence before")]
    assert float(before.split()[-2]) == pytest.approx(1.0, abs=0.1)
