"""`affekt reproduce` as it is typed."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from affekt.cli import main

OWN = """
name = "tones"
labels = ["neutral", "happy", "sad", "angry"]

[published]
text = "Nobody, An Invented Text"
title = "Emotions of tones"
value = 95.0

[data]
corpora = ["emodb", "savee"]

[protocol]
name = "published"
test_share = 0.25

[features]
set = "vector-162"
normalise_over = []

[model]
name = "gru"

[fit]
epochs = 1
precision = "32"
"""


@pytest.fixture
def reproduce(toy_corpora, tmp_path, monkeypatch):
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path / "cache"))
    own = tmp_path / "tones.toml"
    own.write_text(OWN, encoding="utf-8")

    def run(*arguments):
        words = [str(own) if word == "OWN" else word for word in arguments]
        out = ["--out", str(tmp_path / "out"), "--corpora", str(toy_corpora)]
        return CliRunner().invoke(main, ["reproduce", *words, *out])

    return run


def test_it_ends_with_the_table(reproduce):
    result = reproduce("OWN")
    assert result.exit_code == 0, result.output
    header, _, row = result.stdout.splitlines()
    assert header.startswith("| name | corpora | missing | metric | published")
    assert row.startswith("| tones | emodb savee | none | accuracy | 95 |")
    assert "tones, published, seed 1: accuracy" in result.stderr


def test_the_record_holds_the_command_without_this_machines_places(reproduce, tmp_path):
    reproduce("OWN", "--protocol", "published", "--seed", "7", "--quiet")
    text = (tmp_path / "out" / "tones" / "published" / "seed-7" / "run.json").read_text()
    assert "affekt reproduce tones.toml --out DIR --protocol published --seed 7" in text
    assert str(tmp_path) not in text


def test_a_configuration_of_ones_own_that_tests_lockbox_speakers_is_logged(reproduce, tmp_path):
    log = tmp_path / "mine.csv"
    result = reproduce("OWN", "--protocol", "published", "--seed", "1", "--log", str(log))
    assert f"lockbox speakers among those under test: 2; logged in {log}" in result.stderr
    assert log.read_text(encoding="utf-8").count(",reproduction,") == 1
    without = reproduce("OWN", "--protocol", "published", "--seed", "2")
    assert "not logged: this is no checkout of Affekt; --log FILE keeps" in without.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shukla",), "did you mean 'shukla-cnn1d'"),
        (("missing.toml",), "missing.toml: no such file"),
        (("shukla-cnn1d",), "none of the corpora of shukla-cnn1d"),
    ],
)
def test_mistakes_are_told_in_one_line(reproduce, arguments, message):
    result = reproduce(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
