import csv
import dataclasses
import subprocess

import pytest

from affekt.errors import ConfigError
from affekt.evaluation import Reading, append_reading, checkout_of, commit_of, evaluate
from affekt.evaluation.log import COLUMNS
from affekt.evaluation.sources import open_source
from affekt.protocols import protocol


@pytest.fixture
def reading(bundle, clip):
    clips = [clip("savee", "KL", 1, "sad"), clip("savee", "KL", 2, "angry", heard="happy")]
    report = evaluate(open_source(str(bundle())), clips, protocol("lockbox"))
    return Reading.of(report, commit="abc", origin="user")


def rows_of(log):
    with log.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_a_reading_appends_a_row_with_file_commit_and_figures(reading, tmp_path):
    log = tmp_path / "docs" / "log.csv"
    assert append_reading(reading, log)
    (row,) = rows_of(log)
    assert (row["commit"], row["protocol"]) == ("abc", "lockbox")
    assert row["bundle_sha256"] == reading.bundle_sha256
    assert (row["ua_savee"], row["ua_tess"], row["mean_of_eight"]) == ("50.00", "", "")


def test_the_same_file_with_the_same_figures_adds_no_second_row(reading, tmp_path):
    log = tmp_path / "log.csv"
    append_reading(reading, log)
    again = dataclasses.replace(reading, date="2030-01-01", commit="def")
    assert not append_reading(again, log)
    assert len(rows_of(log)) == 1


def test_a_release_has_a_row_of_its_own_whoever_read_the_same_before(reading, tmp_path):
    log = tmp_path / "log.csv"
    release = dataclasses.replace(reading, origin="release")
    added = [append_reading(item, log) for item in (reading, release, release, reading)]
    assert added == [True, True, False, False]
    assert [row["origin"] for row in rows_of(log)] == ["user", "release"]


@pytest.mark.parametrize(
    "change", [{"bundle_sha256": "0" * 64}, {"clips_sha256": "0" * 12}, {"protocol": "official"}]
)
def test_another_file_or_other_clips_add_a_row(reading, tmp_path, change):
    log = tmp_path / "log.csv"
    append_reading(reading, log)
    assert append_reading(dataclasses.replace(reading, **change), log)
    assert len(rows_of(log)) == 2


def test_a_log_of_before_there_were_origins_keeps_its_rows(reading, tmp_path):
    log = tmp_path / "log.csv"
    append_reading(reading, log)
    (old,) = rows_of(log)
    first = [name for name in COLUMNS if name not in ("origin", "note")]
    cells = [old[name] for name in first]
    log.write_text(f"{','.join(first)}\n{','.join(cells)}\n")
    assert not append_reading(reading, log)
    assert append_reading(dataclasses.replace(reading, protocol="official"), log)
    before, after = rows_of(log)
    assert [before[name] for name in first] == cells
    assert (before["origin"], after["origin"]) == ("", "user")


def test_a_row_begins_on_a_line_of_its_own_whatever_an_editor_left(reading, tmp_path):
    log = tmp_path / "log.csv"
    append_reading(reading, log)
    log.write_text(log.read_text().rstrip("\n"))
    append_reading(dataclasses.replace(reading, protocol="official"), log)
    assert [row["protocol"] for row in rows_of(log)] == ["lockbox", "official"]


def test_no_cell_is_a_formula_and_the_same_reading_is_known_again(reading, tmp_path):
    log = tmp_path / "log.csv"
    strange = dataclasses.replace(reading, bundle='=HYPERLINK("x")', protocol="@sum")
    assert append_reading(strange, log)
    (row,) = rows_of(log)
    assert (row["bundle"], row["protocol"]) == ('\'=HYPERLINK("x")', "'@sum")
    assert not append_reading(strange, log)


def test_a_file_that_is_no_log_is_refused_and_left_alone(reading, tmp_path):
    log = tmp_path / "notes.csv"
    log.write_text("name,figure\n")
    with pytest.raises(ConfigError, match="not a log of lockbox readings"):
        append_reading(reading, log)
    assert log.read_text() == "name,figure\n"


@pytest.fixture
def checkout(tmp_path):
    place = tmp_path / "checkout"
    (place / "src" / "affekt").mkdir(parents=True)
    (place / "code.txt").write_text("one")
    (place / "log.csv").write_text("")

    def git(*arguments):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
        done = subprocess.run(
            ["git", "-C", str(place), *who, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "first")
    return place, git("rev-parse", "HEAD")


def test_a_checkout_is_found_from_any_folder_in_it(checkout, tmp_path):
    place, _ = checkout
    assert checkout_of(place / "src" / "affekt") == place
    assert checkout_of(tmp_path) is None


def test_changes_to_tracked_files_make_the_commit_dirty(checkout):
    place, commit = checkout
    log = place / "log.csv"
    assert commit_of(place, ignoring=log) == commit
    (place / "code.txt").write_text("two")
    assert commit_of(place, ignoring=log) == f"{commit}-dirty"


def test_the_log_itself_and_untracked_files_do_not(checkout):
    place, commit = checkout
    (place / "log.csv").write_text("a row")
    (place / "new.txt").write_text("new")
    assert commit_of(place, ignoring=place / "log.csv") == commit


def test_without_a_commit_it_is_unknown(tmp_path):
    assert commit_of(tmp_path, ignoring=tmp_path / "log.csv") == "unknown"
