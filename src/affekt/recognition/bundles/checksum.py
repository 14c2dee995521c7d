"""The checksum of a model file, beside it in `NAME.onnx.sha256` as the program sha256sum has it.

A graph of which a few bits are damaged still runs, and answers something else.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from affekt.errors import BundleError
from affekt.files import open_file, read_text
from affekt.output import make_folder, open_output, write_output


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal.

    Raises:
        BundleError: it cannot be read.
    """
    try:
        with open_file(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None


def checksum_path(model: Path) -> Path:
    """Return where the checksum of a model file lies."""
    return model.with_name(f"{model.name}.sha256")


def recorded_checksum(model: Path) -> str | None:
    """Return the SHA-256 that a model file must have, in hexadecimal; None where none is recorded.

    Raises:
        BundleError: what is recorded is no checksum, or cannot be read.
    """
    place = checksum_path(model)
    try:
        words = read_text(place, "ascii").split(maxsplit=1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise BundleError(f"{place}: cannot be read: {error}") from None
    if not words or len(words[0]) != 64 or set(words[0]) - set("0123456789abcdef"):
        raise BundleError(f"{place}: holds no SHA-256: get it and {model.name} again")
    return words[0]


def check_checksum(model: Path, found: str) -> bool:
    """Compare a model file with what is recorded; return whether anything is.

    Args:
        model: the file.
        found: SHA-256 of what was read of it, in hexadecimal.

    Raises:
        BundleError: they differ.
    """
    recorded = recorded_checksum(model)
    if recorded not in (None, found):
        raise BundleError(
            f"{model}: is damaged, or another file than it was: its SHA-256 is not the one in "
            f"{checksum_path(model).name}; get it again, or, if you changed it yourself, remove "
            f"{checksum_path(model).name}"
        )
    return recorded is not None


def write_model(content: bytes, target: Path, *, force: bool = False) -> None:
    """Write a model file, and its checksum beside it.

    Args:
        content: of the file.
        target: its place, whose folder is made if there is none.
        force: replace a file that Affekt did not write.

    Raises:
        ConfigError: the file may not be replaced, or cannot be written.
    """
    make_folder(target.parent)
    with open_output(target, force=force) as file:
        file.write(content)
        # A crash from here on leaves a model without a checksum, never one with another's.
        checksum_path(target).unlink(missing_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    write_output(checksum_path(target), f"{digest}  {target.name}\n", force=True)


def place_model(finished: Path, target: Path) -> None:
    """Move a finished model file to its place, and write its checksum beside it.

    Raises:
        OSError: the folder cannot be written.
        BundleError: the file cannot be read.
    """
    digest = file_sha256(finished)
    # A crash from here on leaves a model without a checksum, never one with another's.
    checksum_path(target).unlink(missing_ok=True)
    finished.replace(target)
    checksum_path(target).write_text(f"{digest}  {target.name}\n", encoding="ascii")
