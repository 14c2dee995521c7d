"""Downloading one file: resumed where it broke off, and never mistaken for another."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affekt.errors import ConfigError, DownloadError
from affekt.files import is_lfs_pointer
from affekt.parallel import only_one

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from urllib.request import Request

Progress = Callable[[str, int, int | None], None]
_BLOCK_BYTES = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Checksum:
    """The checksum of a download, and the page that states it."""

    algorithm: str
    digest: str
    page: str


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
    max_bytes: int,
    checksum: Checksum | None = None,
    retry_policy: RetryPolicy | None = None,
    progress: Progress | None = None,
) -> Path:
    """Download a file unless it is there; what arrived of it before is kept and gone on with.

    Args:
        url: begins with http:// or https://; https never leads on to http.
        target: where it goes; until it is complete it is called `target.part`.
        max_bytes: a file that is larger is refused.
        checksum: what it must be.
        retry_policy: time-outs and attempts.
        progress: called with the file's name, bytes so far, and bytes in all where known.

    Returns:
        The target.

    Raises:
        ConfigError: the address is of another kind, the file cannot be written, or another process
            is downloading it.
        DownloadError: refused by the server, broken off or stalled too often, too large, another
            checksum, a Git LFS pointer instead of the file, or it leads from https to http.
    """
    if not url.startswith(("http://", "https://")):
        raise ConfigError(f"{url}: is not an http or https address")
    part = target.with_name(f"{target.name}.part")
    busy = f"{target}: another process is downloading it: try again when it has ended"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with only_one(target.with_name(f"{target.name}.lock"), busy=busy):
            if not target.is_file() or (checksum and _digest(target, checksum) != checksum.digest):
                _Transfer(url, part, max_bytes, retry_policy or RetryPolicy(), progress).run()
                _check(url, part, checksum)
                part.replace(target)
    except OSError as error:
        raise ConfigError(f"{target}: cannot be written: {error.strerror or error}") from error
    return target


def _check(url: str, part: Path, checksum: Checksum | None) -> None:
    """Remove what is not the file that was meant, and say why."""
    if is_lfs_pointer(part):
        part.unlink()
        raise DownloadError(
            f"{url}: the server sent a Git LFS pointer in place of the file; get it by "
            "'git lfs clone', or try again later if the host's LFS quota is spent"
        )
    if checksum is None:
        return
    found = _digest(part, checksum)
    if found != checksum.digest:
        part.unlink()
        raise DownloadError(
            f"{url}: the {checksum.algorithm} is {found}, and {checksum.page} states "
            f"{checksum.digest}; the download was deleted, get it again, and look at that page if "
            "it happens twice"
        )


def _digest(path: Path, checksum: Checksum) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, checksum.algorithm).hexdigest()


class _Transfer:
    """One file on its way into `part`, over as many requests as it takes."""

    def __init__(
        self,
        url: str,
        part: Path,
        max_bytes: int,
        retry_policy: RetryPolicy,
        progress: Progress | None,
    ) -> None:
        self._url = url
        self._part = part
        self._max_bytes = max_bytes
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
        # Loaded here: with them, recognising would start 30 ms later.
        import http.client
        import urllib.error
        import urllib.request

        version = self._validator.read_text("utf-8") if self._validator.exists() else ""
        offset = self._size() if version else 0
        asked = {"Range": f"bytes={offset}-", "If-Range": version} if offset else {}
        try:
            with _open(
                urllib.request.Request(self._url, headers=asked),  # noqa: S310 - http or https
                self._retry_policy.timeout_s,
            ) as response:
                self._receive(response, offset)
        except urllib.error.HTTPError as error:
            error.close()
            self._refused(error.code, error.reason)
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise _Interrupted("the server does not answer") from None
            if not offset:
                raise DownloadError(f"{self._url}: cannot be reached: {error.reason}") from None
            raise _Interrupted(f"the server cannot be reached ({error.reason})") from None
        except (http.client.InvalidURL, UnicodeError) as error:
            raise ConfigError(f"{self._url}: is no address: {error}") from None
        except http.client.HTTPException:
            raise _Interrupted("the connection broke off") from None

    def _refused(self, status: int, reason: str) -> None:
        if status == 416:
            # What lies here is not the beginning of what lies there.
            self._part.unlink(missing_ok=True)
            raise _Interrupted("the server cannot go on where it stopped")
        if status == 429 or status >= 500:
            raise _Interrupted(f"the server answers {status} {reason}")
        raise DownloadError(f"{self._url}: the server answers {status} {reason}")

    def _receive(self, response: HTTPResponse, offset: int) -> None:
        if response.status == 206:
            start = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
            if start is None or int(start[1]) != offset:
                self._part.unlink(missing_ok=True)
                raise _Interrupted("the server sent another range than was asked for")
        else:
            offset = 0
            self._remember(response)
        total = None if response.length is None else offset + response.length
        self._limit(total or 0)
        with self._part.open("ab" if offset else "wb") as file:
            while block := _next_block(response):
                self._limit(file.tell() + len(block))
                file.write(block)
                if self._progress is not None:
                    self._progress(self._part.stem, file.tell(), total)
        if total is not None and self._size() < total:
            raise _Interrupted("the connection broke off")

    def _limit(self, size: int) -> None:
        if size > self._max_bytes:
            self._part.unlink(missing_ok=True)
            self._validator.unlink(missing_ok=True)
            raise DownloadError(
                f"{self._url}: larger than {self._max_bytes:,} bytes: that is not the file"
            )

    def _remember(self, response: HTTPResponse) -> None:
        etag = response.headers.get("ETag", "")
        # A weak tag promises no identical bytes.
        strong = etag and not etag.startswith("W/")
        version = etag if strong else response.headers.get("Last-Modified", "")
        if version:
            self._validator.write_text(version, "utf-8")
        else:
            self._validator.unlink(missing_ok=True)


def _next_block(response: HTTPResponse) -> bytes:
    """Return what has arrived, without waiting for a whole block: it would be lost."""
    try:
        return response.read1(_BLOCK_BYTES)
    except TimeoutError:
        raise _Interrupted("the server stalled") from None
    except OSError:  # not to be mistaken for one of the file that is written
        raise _Interrupted("the connection broke off") from None


def _open(request: Request, timeout_s: float) -> Any:
    import urllib.request

    class Redirects(urllib.request.HTTPRedirectHandler):
        """From https to https alone: what comes by http can be anybody's, and seen by anybody."""

        def redirect_request(self, req: Any, fp: Any, *rest: Any) -> Any:
            if req.type == "https" and not rest[-1].startswith("https://"):
                fp.close()
                raise DownloadError(
                    f"{request.full_url}: leads on to an address without https ({rest[-1]}), "
                    "which is refused with a checksum too; download the file yourself"
                )
            return super().redirect_request(req, fp, *rest)

    try:
        return urllib.request.build_opener(Redirects).open(request, timeout=timeout_s)
    except TimeoutError:
        raise _Interrupted("the server does not answer") from None
    except ConnectionError:
        raise _Interrupted("the connection broke off") from None
