"""`affekt protocols`, as a person types it."""

from __future__ import annotations

import csv
import os
import shutil
from collections import Counter

import pytest
from click.testing import CliRunner

from affekt.auditing import read_split
from affekt.cli.protocols import protocols
from affekt.corpora.datasets import open_dataset
from affekt.errors import AffektError
from affekt.protocols import PROTOCOLS


@pytest.fixture
def run():
    def call(*arguments):
        return CliRunner().invoke(protocols, [str(item) for item in arguments])

    return call


def test_list_names_every_protocol_with_its_version(run):
    lines = run("list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [
        [item.name, f"v{item.version}"] for item in PROTOCOLS.values()
    ]


def test_a_split_has_a_row_for_every_clip_of_every_round(run, toy_corpora, tmp_path):
    out = tmp_path / "split.csv"
    call = ("split", "speaker-disjoint:4", "--corpus", "emodb", "--corpora", toy_corpora)
    result = run(*call, "--out", out)
    assert result.stdout == f"{out}: speaker-disjoint:4 v1, 4 rounds, 300 rows\n"
    with out.open() as file:
        rows = list(csv.DictReader(file))
    tested = Counter(row["path"] for row in rows if row["split"] == "test")
    assert set(tested.values()) == {1}
    assert len(tested) == 75
    assert {(row["protocol"], row["version"]) for row in rows} == {("speaker-disjoint:4", "1")}
    speakers = {(row["round"], row["speaker"], row["split"]) for row in rows}
    assert len(speakers) == 4 * 5


def test_a_split_of_one_round_is_read_as_a_table_and_as_a_split(run, toy_corpora, tmp_path):
    out = tmp_path / "split.csv"
    run("split", "lockbox", "--corpora", toy_corpora, "--out", out)
    utterances = open_dataset(table=out).utterances
    assert {item.speaker for item in utterances if item.split == "test"} == {"15", "KL"}
    assert {item.emotion for item in utterances if item.native_label == "boredom"} == {None}
    clips = read_split(out)
    assert len(clips) == len(utterances)
    assert {clip.parts for clip in clips} == {"train", "validation", "test"}


def test_a_split_of_a_table(run, toy_corpora, tmp_path):
    table = tmp_path / "mine.csv"
    rows = [
        f"{path},sad,{number % 5}"
        for number, path in enumerate(sorted((toy_corpora / "savee").iterdir()))
    ]
    table.write_text("\n".join(["path,emotion,speaker", *rows]) + "\n")
    out = tmp_path / "split.csv"
    result = run("split", "leave-one-speaker-out", "--table", table, "--out", out)
    assert f"5 rounds, {5 * len(rows)} rows" in result.stdout


def test_a_folder_that_is_no_utf8_cannot_stand_in_a_split(run, toy_corpora, tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    shutil.copytree(toy_corpora / "savee", folder / "savee")
    call = ("split", "random", "--corpus", "savee", "--corpora", folder)
    error = run(*call, "--out", tmp_path / "x.csv").exception
    assert isinstance(error, AffektError)
    assert "is no text in UTF-8; rename that folder" in str(error)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("speaker-disjont", "--corpora", "ROOT", "--out", "x.csv"), "did you mean"),
        (("lockbox", "--out", "x.csv"), "where are the corpora"),
        (("lockbox", "--corpora", "ROOT", "--out", "ROOT/no/x.csv"), "cannot be written"),
    ],
)
def test_mistakes_are_refused_with_the_remedy(run, toy_corpora, arguments, message):
    result = run("split", *(item.replace("ROOT", str(toy_corpora)) for item in arguments))
    assert isinstance(result.exception, AffektError)
    assert message in str(result.exception)


def test_ids_that_differ_in_zeros_are_remarked_on_and_kept_together(run, tmp_path):
    rows = ["path,emotion,speaker"]
    for number in range(12):
        (tmp_path / f"{number}.wav").touch()
        speaker = ("{:02d}", "{:d}", "{:.1f}")[number // 4].format(number % 4)
        rows.append(f"{number}.wav,happy,{speaker}")
    table, out = tmp_path / "mine.csv", tmp_path / "split.csv"
    table.write_text("\n".join(rows))
    result = run("split", "speaker-disjoint:3", "--table", table, "--out", out)
    assert result.stderr == (
        f"affekt: {table}: ids that differ in zeros or '.0' alone are one speaker: "
        "00 = 0 = 0.0; 01 = 1 = 1.0; 02 = 2 = 2.0; 03 = 3 = 3.0; "
        "if they are not, give them ids that differ in more\n"
    )
    with out.open() as file:
        speakers = Counter((row["round"], row["speaker"]) for row in csv.DictReader(file))
    assert set(speakers.values()) == {3}
    assert len(speakers) == 3 * 4
