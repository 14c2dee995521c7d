"""Models that an operator installed: files in a folder, and a note of which one is in use."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from affekt.download import RetryPolicy, download_file
from affekt.errors import BundleError, ConfigError, DownloadError
from affekt.files import open_file
from affekt.recognition.bundles.bundle import Bundle
from affekt.recognition.bundles.checksum import (
    check_checksum,
    file_sha256,
    place_model,
    recorded_checksum,
)
from affekt.recognition.bundles.model_files import (
    ACTIVE,
    DEFAULT,
    NOTE,
    SHIPPED,
    models_folder,
    use_history,
)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_PART = ".part"
_FORGET_AFTER_S = 24 * 3600.0
MAX_BYTES = 2**31
_BLOCK_BYTES = 2**20
# Uses that can be rolled back.
_REMEMBERED = 20


def use_model(model: str) -> Path:
    """Put a model to use.

    Args:
        model: name of a shipped or installed model, or path of a bundle.

    Returns:
        Its file.

    Raises:
        BundleError: there is none, or it breaks a bundle's contract.
        ConfigError: the name stands for no model of its own, or the note cannot be written.
    """
    if model == ACTIVE:
        raise ConfigError(f"'{ACTIVE}' stands for the model in use: name another one")
    path = Bundle.load(model).path
    # A path means the same from every working folder.
    kept = model if path.stem == model else str(path.resolve())
    history = use_history()
    if not history or history[-1] != kept:
        _remember([*(history or [DEFAULT]), kept])
    return path


def roll_back() -> str:
    """Put the model to use that was in use before, and return its name or path.

    Raises:
        ConfigError: there was none before.
        BundleError: it is gone, or breaks a bundle's contract.
    """
    history = use_history()
    if len(history) < 2:
        raise ConfigError("there is no model to go back to: none was in use before this one")
    Bundle.load(history[-2])
    _remember(history[:-1])
    return history[-2]


def install_model(
    source: str,
    *,
    sha256: str | None = None,
    name: str | None = None,
    retry_policy: RetryPolicy | None = None,
) -> str:
    """Take a bundle into the folder, once it has kept the contract of a bundle.

    Args:
        source: path, or address that begins with https:// (or http://, with a checksum).
        sha256: what the file's must be, in hexadecimal.
        name: to call it; None is its own name and version.
        retry_policy: time-outs and attempts of a download.

    Returns:
        Its name.

    Raises:
        BundleError: not a bundle, another checksum, or another bundle has the name.
        ConfigError: the name is no file name, or the folder cannot be written.
        DownloadError: the address gives nothing, or a part, or too much, or leads away from https.
    """
    if source.startswith("http://") and sha256 is None:
        raise DownloadError(f"{source}: an address without https needs --sha256")
    folder = models_folder()
    with contextlib.ExitStack() as stack:
        part = _obtain(source, folder, retry_policy)
        stack.callback(part.unlink, missing_ok=True)
        found = file_sha256(part)
        if sha256 is not None and found != sha256.lower():
            raise BundleError(f"{source}: its SHA-256 is {found}, not {sha256.lower()}")
        check_checksum(Path(source), found)
        try:
            metadata = Bundle.load(part).metadata
        except BundleError as error:
            raise BundleError(str(error).replace(str(part), source)) from None
        name = name or f"{metadata.name}-{metadata.version}"
        if not _NAME.fullmatch(name) or name in (*SHIPPED, ACTIVE):
            raise ConfigError(
                f"'{name}' cannot be the name of an installed model: choose another with --name "
                "(letters, digits, dots, dashes)"
            )
        target = folder / f"{name}.onnx"
        if target.exists() and (recorded_checksum(target) or file_sha256(target)) != found:
            raise BundleError(f"{target}: another model has this name: choose one with --name")
        try:
            part.chmod(0o644)
            place_model(part, target)
        except OSError as error:
            raise ConfigError(f"{target}: cannot be written: {error.strerror}") from None
    return name


def _obtain(source: str, folder: Path, retry_policy: RetryPolicy | None) -> Path:
    """Bring a bundle into the folder, under a name that no model has."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_what_nobody_finishes(folder)
        if source.startswith(("https://", "http://")):
            # The same name each time: the next run goes on with what arrived.
            place = folder / f".{hashlib.sha256(source.encode()).hexdigest()[:16]}"
            return download_file(source, place, max_bytes=MAX_BYTES, retry_policy=retry_policy)
        handle, name = tempfile.mkstemp(dir=folder, suffix=_PART)
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as copy:
                copy.writelines(_blocks(source))
        except BaseException:
            part.unlink()
            raise
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from None
    return part


def _blocks(source: str) -> Iterator[bytes]:
    """Read a file piece by piece, unless it is too large to be a bundle."""
    try:
        with open_file(source) as file:
            size = os.fstat(file.fileno()).st_size
            count = 0
            while block := file.read(_BLOCK_BYTES):
                count += len(block)
                if max(size, count) > MAX_BYTES:
                    raise BundleError(f"{source}: larger than {MAX_BYTES:,} bytes: no bundle is")
                yield block
    except OSError as error:
        raise BundleError(f"{source}: cannot be read: {error.strerror}") from None


def _forget_what_nobody_finishes(folder: Path) -> None:
    """Remove parts of files that nobody has written to for a day."""
    for left in folder.glob(f"*{_PART}*"):
        with contextlib.suppress(OSError):
            if time.time() - left.lstat().st_mtime > _FORGET_AFTER_S:
                left.unlink()


def _remember(history: list[str]) -> None:
    folder = models_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{NOTE}{_PART}"
        part.write_text(json.dumps({"history": history[-_REMEMBERED:]}) + "\n", encoding="utf-8")
        part.replace(folder / NOTE)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from None
