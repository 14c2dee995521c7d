"""What `make check` says of claims that the documents make and the files do not bear out."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from affekt.evaluation.log import COLUMNS, ORIGINS

sys.path.append(str(Path(__file__).parents[1] / "scripts"))
import claims
import doc_tables


@pytest.fixture
def claimed():
    """Return what is false of a README that holds one sentence more than it does."""
    text = claims.documents()["README.md"]

    def ask(sentence):
        return claims.false_claims({"README.md": f"{text}\n\n{sentence}\n"})

    return ask


def test_the_claims_of_the_documents_hold():
    assert claims.false_claims(claims.documents()) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Every figure below was measured on people the model never heard.",
        "Actor 1001 is somebody whom no training run ever heard.",
        "The page lists every look that was taken at these speakers.",
    ],
)
def test_an_absolute_word_needs_a_check_behind_it(claimed, sentence):
    assert claimed(sentence) == [f"README.md: nothing in scripts/claims.py checks: {sentence}"]


@pytest.mark.parametrize("name", ["default 1.0", "`open` 0.9"])
def test_a_model_is_named_by_the_version_that_ships(claimed, name):
    (found,) = claimed(f"Measured with {name}.")
    assert found.startswith(f"README.md: names {name.replace('`', '')}, and ")


def test_a_number_in_words_is_that_of_the_code():
    text = claims.documents()["README.md"].replace("rebuilds eleven", "rebuilds twelve")
    assert claims.false_claims({"README.md": text}) == [
        "README.md: should say 'Affekt rebuilds eleven published recognisers'"
    ]


def test_a_speaker_that_a_model_was_trained_on_makes_it_false(monkeypatch):
    speakers = claims.lockbox_speakers() | {("cremad", "1002")}
    monkeypatch.setattr(claims, "lockbox_speakers", lambda: speakers)
    assert "cremad 1002" in claims.unheard()


def test_the_relevance_is_of_the_file_that_ships(monkeypatch):
    assert claims.current() == ""
    monkeypatch.setattr(claims, "shipped", lambda: {"default": claims.Bundle.load("open")})
    assert claims.current() == "lockbox.json of the relevance is not of the default that ships"


def test_a_row_that_is_gone_is_missed(monkeypatch):
    log = claims.read_log()
    release = next(row for row in log if row["origin"] == "release")
    reference = next(row for row in log if row["origin"] == "reference")
    monkeypatch.setattr(claims, "read_log", lambda: [row for row in log if row is not reference])
    assert f"{len(log) - 1} rows" in claims.listed()
    if not (claims.ROOT / ".git").exists():
        pytest.skip("this is no checkout: what the log held before is not known")
    monkeypatch.setattr(claims, "read_log", lambda: [row for row in log if row is not release])
    assert claims.kept().endswith(f"that is gone: {release['bundle']}")


def test_a_figure_that_the_log_lacks_makes_it_false(monkeypatch):
    log = [row for row in claims.read_log() if "BYOL" not in row["bundle"]]
    page = f"{len(log)} readings are in the log"
    monkeypatch.setattr(claims, "read_log", lambda: log)
    monkeypatch.setattr(claims, "_page", lambda: page)
    assert claims.listed() == (
        "BYOL-S d512, best of SVM and LR on ravdess_speech (58.1) is in no row of the log"
    )


def test_figures_are_taken_from_whole_readings_of_releases_alone(monkeypatch):
    log, taken = claims.read_log(), doc_tables.latest_readings()
    release = taken["default"]
    for changes in ({"origin": "user"}, {"origin": "probe"}, {"failed": "3"}):
        later = release | {"date": "2099-01-01", "ua_cremad": "99.99", "mean_of_eight": "99"}
        monkeypatch.setattr(doc_tables, "read_log", lambda row=later | changes: [*log, row])
        assert doc_tables.latest_readings() == taken
        assert "99.99" not in doc_tables.figures() + doc_tables.floors()
        assert claims.unheard() == ""
    monkeypatch.setattr(doc_tables, "read_log", lambda: [release | {"origin": "user"}])
    assert doc_tables.latest_readings() == {}
    assert claims.unheard() == "the log has no reading of the default that ships"


def test_every_row_of_the_log_says_which_code_read_or_that_nobody_knows():
    """Readings of before they were logged by the code have no commit."""
    commit = re.compile(r"[0-9a-f]{40}(-dirty)?|unknown")
    for row in claims.read_log():
        written_by_hand = row["origin"] in ("reference", "probe", "study")
        assert commit.fullmatch(row["commit"]) or (written_by_hand and not row["commit"]), row


def test_a_reproduction_that_the_log_lacks_makes_it_false(monkeypatch):
    log = [row for row in claims.read_log() if row["bundle"] != "shukla-cnn1d, seed 2"]
    monkeypatch.setattr(claims, "read_log", lambda: log)
    monkeypatch.setattr(claims, "_page", lambda: f"{len(log)} readings are in the log")
    assert claims.listed() == "published-seed-2.json of shukla-cnn1d is in no row of the log"


def test_every_row_of_the_log_has_an_origin():
    log = claims.read_log()
    assert {row["origin"] for row in log} == set(ORIGINS)
    assert all(tuple(row) == COLUMNS for row in log)


def test_the_log_holds_the_fourteen_figures_of_the_two_reference_systems():
    rows = [row for row in claims.read_log() if row["origin"] == "reference"]
    on_lockbox = [row for row in rows if row["protocol"].startswith("lockbox")]
    cells = [row[name] for row in on_lockbox for name in COLUMNS if name.startswith("ua_")]
    assert len([cell for cell in cells if cell]) == 14
