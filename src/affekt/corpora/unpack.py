"""Unpacking a zip file without letting any member out of its folder."""

from __future__ import annotations

import lzma
import shutil
import stat
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

from affekt.errors import DownloadError

# The zip format (APPNOTE 6.3): bit 0 of a member's flags, and the methods that Python reads.
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}


def unpack_zip(archive: Path, target: Path) -> None:
    """Unpack into a folder that does not exist yet or is empty: all of it, or nothing.

    Every member is looked at before the first one is written, and the folder appears under its
    name when the last one is.

    Raises:
        DownloadError: not a zip file, a damaged or encrypted one, one packed in a way that cannot
            be read here, or a member that would leave the folder (an absolute path, "..", a drive,
            a link).
    """
    try:
        with zipfile.ZipFile(archive) as file:
            for member in file.infolist():
                _check_member(archive, member)
            target.parent.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
            try:
                file.extractall(staging)
                staging.chmod(0o755)
                staging.replace(target)
            except BaseException:
                shutil.rmtree(staging, ignore_errors=True)
                raise
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise DownloadError(_damaged(archive, error)) from error
    except OSError as error:
        if error.errno is None:  # bzip2's word for damage
            raise DownloadError(_damaged(archive, error)) from error
        raise DownloadError(f"{target}: cannot be written: {error.strerror or error}") from error


def _damaged(archive: Path, error: Exception) -> str:
    return f"{archive}: not a readable zip file ({error}); delete it and get it again"


def _check_member(archive: Path, member: zipfile.ZipInfo) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise DownloadError(
            f"{archive}: member '{member.filename}' is encrypted; nothing was unpacked: unpack it "
            "yourself with its password"
        )
    if member.compress_type not in _METHODS:
        raise DownloadError(
            f"{archive}: member '{member.filename}' is packed in a way that cannot be read here "
            f"(method {member.compress_type}); nothing was unpacked: unpack it yourself"
        )
    posix, windows = PurePosixPath(member.filename), PureWindowsPath(member.filename)
    leaves = (
        posix.is_absolute()
        or bool(windows.drive or windows.root)
        or ".." in posix.parts
        or ".." in windows.parts
    )
    if leaves or stat.S_ISLNK(member.external_attr >> 16):
        raise DownloadError(
            f"{archive}: member '{member.filename}' would leave the folder; nothing was unpacked: "
            "this is not the archive the corpus' authors published"
        )
