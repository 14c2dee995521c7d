"""Telling a Git LFS pointer from the file it stands for."""

from __future__ import annotations

from pathlib import Path

from affekt.files import open_file

_POINTER = b"version https://git-lfs.github.com/spec/"


def is_lfs_pointer(path: Path) -> bool:
    """Tell whether a file is a Git LFS pointer: a few lines of text in place of the content.

    A file that cannot be read is none.
    """
    try:
        with open_file(path) as file:
            return file.read(len(_POINTER)) == _POINTER
    except OSError:
        return False
