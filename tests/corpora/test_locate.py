"""Recordings that a table names, wherever it was written."""

from __future__ import annotations

import pytest

from affekt.corpora.locate import locate


@pytest.fixture
def lay(tmp_path):
    for name in ("anna/1.wav", "ben/1.wav", "ben/2.flac", "ben/2.mp3", "other/3.wav"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_paths_lead_from_the_first_folder_that_has_them(lay):
    found = locate(["anna/1.wav", "3.wav"], [lay, lay / "other"], where="t")
    assert found == [lay / "anna/1.wav", lay / "other/3.wav"]


def test_paths_of_another_system_lead_on(lay, recwarn):
    assert locate([r"ben\1.wav"], [lay], where="t") == [lay / "ben/1.wav"]
    assert not recwarn.list


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("/home/someone/data/ben/1.wav", "ben/1.wav"),
        (r"C:\data\anna\1.wav", "anna/1.wav"),
        ("/data/3.wav", "other/3.wav"),
        ("/data/3.ogg", "other/3.wav"),
        ("/data/2.mp3", "ben/2.mp3"),
        ("/data/2", "ben/2.flac"),
    ],
)
def test_paths_of_another_machine_are_found_by_their_names(lay, written, found):
    with pytest.warns(UserWarning, match="t: 1 path leads nowhere here"):
        assert locate([written, written], [lay], where="t") == [lay / found] * 2


@pytest.mark.parametrize(
    "written", ["/data/1.wav", "/data/4.wav", "a" * 300 + ".wav", "\0.wav", ""]
)
def test_what_is_not_there_or_not_unique_is_not_guessed(lay, written, recwarn):
    assert locate([written], [lay], where="t") == [lay / written]
    assert not recwarn.list
