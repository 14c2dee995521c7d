from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from affekt.audio.folders import walk
from affekt.errors import AudioError

DEEP = 1500  # more than Python's recursion takes


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder with a file far below it."""
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir("d", dir_fd=folder)
        inner = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(os.open("a.wav", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    yield tmp_path
    # Deeper than what would take it away afterwards can go.
    subprocess.run(["rm", "-r", tmp_path / "d"], check=True)


def names(root: Path, *, follow_links: bool = True) -> list[str]:
    return [str(path.relative_to(root)) for path in walk(root, follow_links=follow_links)]


def test_files_come_sorted_by_folder_and_name(tmp_path: Path) -> None:
    for name in ("b", "a", "y/c", "x/d", ".git/e"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == ["a", "b", "x/d", "y/c"]


def test_folders_may_lie_deep(deep: Path) -> None:
    (found,) = walk(deep, follow_links=True)
    assert found.name == "a.wav"
    assert len(found.relative_to(deep).parts) == DEEP + 1


def test_a_folder_deeper_than_the_system_allows_is_named_and_the_rest_is_found(
    tmp_path: Path,
) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(50):
        os.mkdir("d" * 100, dir_fd=folder)
        inner = os.open("d" * 100, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    (tmp_path / "e").mkdir()
    (tmp_path / "e/a.wav").touch()
    with pytest.raises(AudioError, match="cannot be looked into"):
        list(walk(tmp_path, follow_links=True))
    failed: list[AudioError] = []
    kept = list(walk(tmp_path, follow_links=True, failed=lambda _, error: failed.append(error)))
    assert kept == [tmp_path / "e/a.wav"]
    assert len(failed) == 1
    assert len(str(failed[0])) < 300


def test_links_are_followed_where_wished_and_a_circle_of_them_ends(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.wav").touch()
    (tmp_path / "in/again").symlink_to(tmp_path / "in")
    (tmp_path / "other").symlink_to(tmp_path / "in")
    assert names(tmp_path) == ["in/a.wav"]
    assert names(tmp_path / "other") == ["a.wav"]
    assert names(tmp_path, follow_links=False) == ["in/a.wav"]
