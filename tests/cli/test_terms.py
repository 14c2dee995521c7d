"""The one line about a model's terms: in a terminal, once, and never among the answers."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
import threading

import pytest
import soundfile

from affekt.cli.terms import say_terms_once

DIFFICULT = ({"corpus": "casia", "licence": "LicenseRef-CASIA"},)
LINE = (
    "affekt: tones is for research and other non-commercial use; it learnt from recordings whose "
    "terms may not allow more: casia (no open licence). In full: affekt models show tones\n"
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def said(tones, tmp_path, monkeypatch):
    """Return what is printed of a model's terms."""
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))

    def call(place=Terminal, *, training_data=DIFFICULT, quiet=False):
        stream = place()
        monkeypatch.setattr(sys, "stderr", stream)
        say_terms_once(tones.metadata(training_data=training_data), quiet=quiet)
        return stream.getvalue()

    return call


def test_they_are_said_once_in_a_terminal(said):
    assert [said(), said()] == [LINE, ""]


def test_elsewhere_they_are_not_said_and_wait_for_a_terminal(said):
    assert [said(io.StringIO), said(quiet=True), said()] == ["", "", LINE]


def test_of_a_model_without_difficult_sources_nothing_is_said(said):
    assert said(training_data=({"corpus": "emodb", "licence": "LicenseRef-EmoDB"},)) == ""


def test_where_nothing_can_be_remembered_they_are_said_again(said, tmp_path):
    (tmp_path / "cache").touch()  # a file where the folder should be
    assert [said(), said()] == [LINE, LINE]


def in_a_terminal(words, folder):
    """Run a command whose standard error is a terminal that is read meanwhile: it holds little."""
    ours, theirs = pty.openpty()
    chunks = []

    def read():
        while not b"".join(chunks).endswith(b"end\r\n"):
            chunks.append(os.read(ours, 10_000))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "affekt", *words],
            cwd=folder,
            env=os.environ | {"AFFEKT_CACHE": str(folder / "cache")},
            stdout=subprocess.PIPE,
            stderr=theirs,
            check=True,
        )
    finally:
        os.write(theirs, b"end\n")  # so that reading never waits for more
        reader.join()
        os.close(ours)
        os.close(theirs)
    return done, b"".join(chunks).decode().replace("\r\n", "\n")


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_json_stays_json_in_a_real_terminal(tones, tmp_path, command):
    bundle = tones.write_bundle(tmp_path / "tones.onnx", training_data=DIFFICULT)
    (tmp_path / "own" / "sad").mkdir(parents=True)
    soundfile.write(tmp_path / "own" / "sad" / "a.wav", tones.tone("sad"), 16000)
    words = {
        "predict": ["predict", "own", "--model", str(bundle)],
        "evaluate": ["evaluate", str(bundle), "--folder", "own"],
    }[command]
    for expected in (LINE, ""):
        done, seen = in_a_terminal([*words, "--format", "json"], tmp_path)
        assert seen.count(LINE) == bool(expected)
        assert json.loads(done.stdout)
