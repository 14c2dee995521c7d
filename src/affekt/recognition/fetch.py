"""One file from a path or an address, counted and summed while it comes in."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path
from typing import IO, Any

from affekt.errors import BundleError, ConfigError, DownloadError
from affekt.files import open_file

MAX_BYTES = 2**31
_BLOCK_BYTES = 2**20
_PATIENCE_S = 30.0


def fetch(source: str, target: Path, *, checked: bool) -> str:
    """Copy a bundle piece by piece, and return its SHA-256 in hexadecimal.

    Args:
        source: path, or address that begins with https:// (or http://, if `checked`).
        target: where it goes.
        checked: its checksum is known beforehand.

    Raises:
        BundleError: the path gives nothing, or too much.
        ConfigError: the copy cannot be written.
        DownloadError: the address gives nothing, too much, or only a part, or leads away from
            https.
    """
    if source.startswith("http://") and not checked:
        raise DownloadError(f"{source}: an address without https needs --sha256")
    if not source.startswith(("https://", "http://")):
        try:
            with open_file(source) as file:
                return _copy(source, file, target, announced=os.fstat(file.fileno()).st_size)
        except OSError as error:
            raise BundleError(f"{source}: cannot be read: {error.strerror}") from None
    import http.client  # with the module below, 30 ms that recognising need not pay

    try:
        with contextlib.closing(_ask(source)) as answer:
            return _copy(source, answer, target, announced=answer.length)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DownloadError(f"{source}: cannot be downloaded: {error}") from None


def _copy(source: str, file: IO[bytes], target: Path, *, announced: int | None) -> str:
    """Copy to the end, and say when it does not come, or comes too late."""
    digest = hashlib.sha256()
    count = 0
    with target.open("wb", buffering=0) as copy:
        while True:
            if max(count, announced or 0) > MAX_BYTES:
                raise BundleError(f"{source}: larger than {MAX_BYTES / 2**30:g} GiB: no bundle is")
            block = file.read(_BLOCK_BYTES)
            if not block:
                break
            digest.update(block)
            count += len(block)
            left = memoryview(block)
            try:
                while left:
                    left = left[copy.write(left) :]
            except OSError as error:
                raise ConfigError(f"{target}: cannot be written: {error.strerror}") from None
    if announced is not None and count < announced:
        raise DownloadError(f"{source}: broke off after {count} of {announced} bytes: try again")
    return digest.hexdigest()


def _ask(address: str) -> Any:
    import urllib.request

    class Redirects(urllib.request.HTTPRedirectHandler):
        """From https to https alone: what comes by http can be anybody's, and seen by anybody."""

        def redirect_request(self, req: Any, fp: Any, *rest: Any) -> Any:
            if req.type == "https" and not rest[-1].startswith("https://"):
                fp.close()
                raise DownloadError(
                    f"{address}: leads on to an address without https ({rest[-1]}): refused, "
                    "with a checksum too; download it yourself and install the file"
                )
            return super().redirect_request(req, fp, *rest)

    return urllib.request.build_opener(Redirects).open(address, timeout=_PATIENCE_S)
