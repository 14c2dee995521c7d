"""Unpacking a zip file without letting any member out of its folder."""

from __future__ import annotations

import shutil
import stat
import tempfile
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from affekt.errors import DownloadError


def unpack_zip(archive: Path, target: Path) -> None:
    """Unpack into a folder that does not exist yet or is empty: all of it, or nothing.

    Every member is looked at before the first one is written, and the folder appears under its
    name when the last one is.

    Raises:
        DownloadError: not a zip file, a damaged one, or a member that would leave the folder
            (an absolute path, "..", a drive, a link).
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
    except zipfile.BadZipFile as error:
        raise DownloadError(
            f"{archive}: not a readable zip file ({error}); delete it and get it again"
        ) from error
    except OSError as error:
        raise DownloadError(f"{target}: cannot be written: {error.strerror or error}") from error


def _check_member(archive: Path, member: zipfile.ZipInfo) -> None:
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
