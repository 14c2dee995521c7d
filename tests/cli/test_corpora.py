"""`affekt corpora`, as a person types it."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affekt.cli.corpora import corpora
from affekt.corpora import CORPORA
from affekt.errors import CorpusError


@pytest.fixture
def root(tmp_path):
    """Three EmoDB tones and a stranger."""
    (tmp_path / "emodb").mkdir()
    for number, stem in enumerate(("03a01Fa", "11a02Ld", "16b10Wb", "stranger")):
        times_s = np.arange(8_000) / 16_000
        signal = 0.3 * np.sin(2 * np.pi * (200 + 50 * number) * times_s)
        soundfile.write(tmp_path / "emodb" / f"{stem}.wav", signal, 16_000)
    return tmp_path


@pytest.fixture
def run():
    def call(*arguments):
        return CliRunner().invoke(corpora, [str(item) for item in arguments])

    return call


def test_list_names_every_corpus_with_its_terms(run):
    lines = run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["corpus", *CORPORA]
    assert "7442" in lines[1]
    assert "ODbL-1.0" in lines[1]


def test_list_says_which_are_here(run, root):
    here = {
        line.split()[0]: line.split()[-1]
        for line in run("list", "--corpora", root).stdout.splitlines()
    }
    assert here["emodb"] == "yes"
    assert here["cremad"] == "no"


@pytest.mark.parametrize("name", CORPORA)
def test_describe_tells_source_terms_and_faults(run, name):
    corpus = CORPORA[name]
    text = run("describe", name).stdout
    for fact in (corpus.citation, corpus.licence.id, corpus.access.url, *corpus.classes):
        assert fact in text
    assert all(fault.note in text for fault in corpus.faults)


def test_describe_marks_downloads_as_untested(run):
    assert "untested against the official host" in run("describe", "cremad").stdout
    assert "not by a command" in run("describe", "savee").stdout


def test_describe_states_a_checksum_with_its_page_or_none(run):
    assert "stated by https://zenodo.org/records/1188976" in run("describe", "ravdess_song").stdout
    assert "checksum     none" in run("describe", "emodb").stdout


def test_scan_counts_and_lists_what_it_cannot_place(run, root):
    result = run("scan", "--corpora", root)
    assert result.exit_code == 0
    head, row, note, rest = result.stdout.splitlines()
    assert head.split() == [
        *("corpus", "files", "official", "speakers", "classes", "unplaced", "twice", "missing"),
    ]
    assert row.split() == ["emodb", "3", "535", "3", "3", "1", "0", "532"]
    assert note.startswith(f"emodb: unplaced: {root}/emodb/stranger.wav: the name does not follow")
    assert rest.startswith("not here: cremad, ")


def test_scan_shortens_long_lists_unless_asked(run, root):
    for number in range(12):
        (root / "emodb" / f"x{number}.wav").touch()
    assert "unplaced: and 3 more (--all)" in run("scan", "emodb", "--corpora", root).stdout
    assert run("scan", "emodb", "--all", "--corpora", root).stdout.count("unplaced:") == 13


def test_scan_reads_the_root_from_the_environment(run, root, monkeypatch):
    monkeypatch.setenv("AFFEKT_CORPORA", str(root))
    assert "emodb" in run("scan", "emodb").stdout


def test_scan_writes_the_common_table(run, root):
    result = run("scan", "--corpora", root, "--out", root / "all.csv")
    assert result.stdout.endswith("all.csv: 3 utterances\n")
    with (root / "all.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(row["speaker"], row["emotion"]) for row in rows] == [
        ("03", "happy"),
        ("11", ""),
        ("16", "angry"),
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scan", "emodbb", "--corpora", "ROOT"), "did you mean 'emodb'"),
        (("scan", "jl", "--corpora", "ROOT"), "says how to obtain JL Corpus"),
        (("scan",), "set AFFEKT_CORPORA"),
        (("scan", "--corpora", "ROOT/emodb"), "no corpus lies here"),
        (("describe", "jll"), "did you mean 'jl'"),
        (("verify", "jl", "--corpora", "ROOT"), "no such folder"),
    ],
)
def test_mistakes_are_refused_with_the_remedy(run, root, arguments, message):
    result = run(*(item.replace("ROOT", str(root)) for item in arguments))
    assert isinstance(result.exception, CorpusError)
    assert message in str(result.exception)


def test_verify_is_an_audit_and_says_so(run, root):
    result = run("verify", "emodb", "--corpora", root)
    assert result.exit_code == 0
    assert f"use 'affekt audit --corpus emodb --corpora {root}'" in result.stderr
    assert "3 files, officially 535" in result.stdout
    assert "verify" not in run("--help").stdout


def test_get_says_how_to_obtain_what_may_not_be_downloaded(run, tmp_path):
    result = run("get", "savee", "--corpora", tmp_path)
    assert result.exit_code == 1
    assert "register on that page" in result.stdout


def test_get_leaves_files_that_are_there_alone(run, root):
    result = run("get", "emodb", "--corpora", root)
    assert "already holds files" in str(result.exception)


def test_get_downloads_and_unpacks(run, tmp_path, monkeypatch):
    def download(url, target, **_):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            file.writestr("wav/03a01Fa.wav", b"sound")
        target.parent.mkdir(parents=True)
        target.write_bytes(buffer.getvalue())
        return target

    monkeypatch.setattr("affekt.corpora.obtain.download_file", download)
    result = run("get", "emodb", "--corpora", tmp_path)
    assert result.exit_code == 0
    assert "affekt audit --corpus emodb" in result.stdout
    assert "please cite Burkhardt" in result.stderr
    assert (tmp_path / "emodb/wav/03a01Fa.wav").is_file()


def test_list_refuses_a_root_that_is_not_there(run, tmp_path):
    result = run("list", "--corpora", tmp_path / "gone")
    assert isinstance(result.exception, CorpusError)
    assert "no such folder" in str(result.exception)
