"""The report of an inspection on a terminal, and as files."""

from __future__ import annotations

import io
import sys

import pytest

from affekt.errors import ConfigError, CorpusError, MissingExtraError
from affekt.inspection.corpus_writers import WRITERS, prepare_folder, write_report


@pytest.fixture
def printed(inspection):
    out = io.StringIO()
    WRITERS["text"](inspection, out)
    return out.getvalue()


def line(text, start):
    return next(line.split() for line in text.splitlines() if line.startswith(start))


def test_the_first_table_tells_how_much_there_is(printed):
    lengths_s = ["2.00"] * 5
    assert line(printed, "savee") == ["savee", "2", "2", "0.00", *lengths_s, "16000", "1"]
    assert "16000 (3 clips), 44100 (1 clip)" in printed


def test_a_table_tells_what_is_clipped_and_what_is_silent(printed):
    levels, silence = (
        next(part for part in printed.split("\n\n") if part.startswith(title))
        for title in ("Levels", "Silence")
    )
    assert line(levels, "emodb")[-3] == "1"
    assert line(silence, "emodb")[-3:] == ["1", "0", "1"]


def test_labels_are_reported_in_the_words_of_the_corpus(printed):
    assert "anger 1, boredom 1, happiness 1, neutral 2" in printed
    assert "2, with 2 to 3 clips each" in printed


def test_nothing_is_folded_in_a_pipe(printed):
    assert max(map(len, printed.splitlines())) <= 200


def test_files_are_written_and_written_again(inspection, tmp_path):
    folder = tmp_path / "new" / "report"
    prepare_folder(folder)
    first = write_report(inspection, folder)
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in first)
    assert {path.suffix for path in first} == {".json", ".csv", ".png"}
    before = [path.read_bytes() for path in first]
    assert [path.read_bytes() for path in write_report(inspection, folder)] == before


def test_a_folder_that_cannot_be_made_is_reported_before_any_recording_is_read(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CorpusError, match="cannot be made"):
        prepare_folder(tmp_path / "file" / "report")


def test_a_file_that_cannot_be_written_is_reported(inspection, tmp_path):
    (tmp_path / "clips.csv").mkdir()
    with pytest.raises(ConfigError, match=r"clips.csv: is a folder"):
        write_report(inspection, tmp_path)


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'affekt\[train\]'"):
        prepare_folder(tmp_path)
