"""Downloading one file: resumed where it broke off, and never mistaken for another."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.corpora.base import Checksum
from affekt.corpora.lfs import is_lfs_pointer
from affekt.errors import DownloadError, MissingExtraError

Progress = Callable[[str, int, int | None], None]
# Small: what arrived of a block that breaks off is lost.
_BLOCK = 1 << 12


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a download is tried again, and when it is given up.

    Attributes:
        timeout_s: without a single byte, the server has stalled.
        attempts: so many in a row that bring nothing new, and the download is given up.
        wait_s: before the second attempt; doubled before each further one.
    """

    timeout_s: float = 30.0
    attempts: int = 5
    wait_s: float = 1.0


class _Interrupted(Exception):  # noqa: N818 (caught here, never shown)
    """The transfer ended early; another attempt may go on."""


def download_file(
    url: str,
    target: Path,
    *,
    checksum: Checksum | None = None,
    retry_policy: RetryPolicy | None = None,
    progress: Progress | None = None,
) -> Path:
    """Download a file unless it is there; what arrived of it before is kept and gone on with.

    Args:
        url: http or https.
        target: where it goes; until it is complete it is called `target.part`.
        checksum: what it must be.
        retry_policy: time-outs and attempts.
        progress: called with the file's name, bytes so far, and bytes in all where known.

    Returns:
        The target.

    Raises:
        DownloadError: refused by the server, broken off or stalled too often, another checksum,
            a Git LFS pointer instead of the file, or it cannot be written.
        MissingExtraError: pooch is not installed.
    """
    try:
        import pooch
    except ImportError:
        raise MissingExtraError(
            what="downloading corpora", package="pooch", extra="train"
        ) from None
    pooch.get_logger().setLevel("WARNING")
    part = target.with_name(f"{target.name}.part")

    def downloader(source: str, output_file: str, _: Any) -> None:
        _Transfer(source, part, retry_policy or RetryPolicy(), progress).run()
        if is_lfs_pointer(part):
            part.unlink()
            raise DownloadError(
                f"{source}: the server sent a Git LFS pointer in place of the file; get it by "
                "'git lfs clone', or try again later if the host's LFS quota is spent"
            )
        _check(source, part, checksum)
        part.replace(output_file)

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        pooch.retrieve(
            url,
            known_hash=f"{checksum.algorithm}:{checksum.digest}" if checksum else None,
            fname=target.name,
            path=target.parent,
            downloader=downloader,
        )
    except OSError as error:
        raise DownloadError(f"{target}: cannot be written: {error.strerror or error}") from error
    return target


def _check(url: str, part: Path, checksum: Checksum | None) -> None:
    if checksum is None:
        return
    with part.open("rb") as file:
        found = hashlib.file_digest(file, checksum.algorithm).hexdigest()
    if found != checksum.digest:
        part.unlink()
        raise DownloadError(
            f"{url}: the {checksum.algorithm} is {found}, and {checksum.page} states "
            f"{checksum.digest}; the download was deleted, get it again, and look at that page if "
            "it happens twice"
        )


class _Transfer:
    """One file on its way into `part`, over as many requests as it takes."""

    def __init__(
        self, url: str, part: Path, retry_policy: RetryPolicy, progress: Progress | None
    ) -> None:
        self._url = url
        self._part = part
        self._retry_policy = retry_policy
        self._progress = progress
        # What the server called this version of the file: a part of one version must not be
        # completed with the rest of another (RFC 9110, If-Range).
        self._validator = part.with_name(f"{part.name}.version")

    def run(self) -> None:
        """Go on until the file is complete."""
        barren = 0
        while True:
            before = self._size()
            try:
                self._request()
            except _Interrupted as error:
                barren = 0 if self._size() > before else barren + 1
                if barren >= self._retry_policy.attempts:
                    raise DownloadError(
                        f"{self._url}: {error}, {barren} times in a row; the {self._size()} bytes "
                        f"that arrived are kept in {self._part}: the same command goes on from "
                        "there"
                    ) from None
                time.sleep(self._retry_policy.wait_s * 2 ** max(0, barren - 1))
            else:
                self._validator.unlink(missing_ok=True)
                return

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def _request(self) -> None:
        import requests

        version = self._validator.read_text("utf-8") if self._validator.exists() else ""
        offset = self._size() if version else 0
        headers = {"Accept-Encoding": "identity"}
        if offset:
            headers |= {"Range": f"bytes={offset}-", "If-Range": version}
        try:
            with requests.get(
                self._url, headers=headers, stream=True, timeout=self._retry_policy.timeout_s
            ) as response:
                self._receive(response, offset)
        except requests.Timeout:
            raise _Interrupted("the server does not answer") from None
        except requests.RequestException as error:
            stalled = "timed out" in str(error).lower()
            what = "the server stalled" if stalled else "the connection broke off"
            raise _Interrupted(what) from None

    def _receive(self, response: Any, offset: int) -> None:
        status = response.status_code
        if status == 416:
            # What lies here is not the beginning of what lies there.
            self._part.unlink(missing_ok=True)
            raise _Interrupted("the server cannot go on where it stopped")
        if status == 429 or status >= 500:
            raise _Interrupted(f"the server answers {status} {response.reason}")
        if status not in (200, 206):
            raise DownloadError(
                f"{self._url}: the server answers {status} {response.reason}; see the corpus' page "
                "('affekt corpora describe')"
            )
        if status == 206:
            start = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
            if start is None or int(start[1]) != offset:
                self._part.unlink(missing_ok=True)
                raise _Interrupted("the server sent another range than was asked for")
        else:
            offset = 0
            self._remember(response.headers)
        length = response.headers.get("Content-Length")
        total = offset + int(length) if length else None
        with self._part.open("ab" if offset else "wb") as file:
            for block in response.iter_content(_BLOCK):
                file.write(block)
                if self._progress is not None:
                    self._progress(self._part.stem, file.tell(), total)
        if total is not None and self._size() < total:
            raise _Interrupted("the connection broke off")

    def _remember(self, headers: Any) -> None:
        etag = headers.get("ETag", "")
        # A weak tag promises no identical bytes.
        version = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
        if version:
            self._validator.write_text(version, "utf-8")
        else:
            self._validator.unlink(missing_ok=True)
