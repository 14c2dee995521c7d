"""Reading recordings from a request: as one raw body, or as files of a form."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO, cast

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from affekt.service.admission import Admission
from affekt.service.idle_timeout import IdleTimeout
from affekt.service.problems import Problem, spoken
from affekt.service.settings import MEBIBYTE, Settings
from affekt.service.workers import Upload

# More is kept on disk, in a file without a name.
IN_MEMORY_BYTES = MEBIBYTE
# Boundaries and headers of a form's parts do not count as recordings.
_FORM_BYTES = 64 * 1024
# 64 kbit/s, as slow as a line can be that recordings are sent over.
_LEAST_BYTES_PER_S = 8 * 1024


@asynccontextmanager
async def uploads(
    request: Request, settings: Settings, large: Admission
) -> AsyncIterator[list[Upload]]:
    """Read the recordings of a request; they are forgotten when the block is left.

    The caps hold while reading: nothing beyond them is taken in.

    Args:
        request: whose body was not touched yet.
        settings: the caps.
        large: places for uploads that lie on disk.

    Raises:
        Problem: too large, too slow, too many, or nothing in it.
    """
    form = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    multipart = form == "multipart/form-data"
    cap = settings.max_upload_bytes + (_FORM_BYTES if multipart else 0)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > cap:
        raise _too_large(settings)
    with contextlib.ExitStack() as stack:
        body = _body(request, settings, cap)
        if announced.isdecimal() and int(announced) > IN_MEMORY_BYTES:
            stack.enter_context(large.place())
            held = True
        else:
            held = False
        watched = _watched(body, stack, large, held=held)
        if multipart:
            found = await _form(request, watched, settings)
        else:
            found = [await _raw(watched)]
        for upload in found:
            stack.callback(upload.close)
        if not any(upload.size for upload in found):  # among others, one has a row of its own
            raise Problem("bad-request", "the recording is empty (0 bytes): send one")
        yield found


async def _body(request: Request, settings: Settings, cap: int) -> AsyncGenerator[bytes, None]:
    """Yield the body, and give up on one that is too large or too slow."""
    idle_timeout = IdleTimeout(
        idle_s=settings.idle_timeout_s,
        total_s=settings.upload_timeout_s,
        least_bytes_per_s=_LEAST_BYTES_PER_S,
    )
    received = 0
    stream = request.stream()
    while True:
        chunk = await idle_timeout.wait_for(anext(stream, None))
        if chunk is None:
            return
        received += len(chunk)
        if received > cap:
            raise _too_large(settings)
        if chunk:
            yield chunk


async def _watched(
    body: AsyncGenerator[bytes, None],
    stack: contextlib.ExitStack,
    large: Admission,
    *,
    held: bool,
) -> AsyncGenerator[bytes, None]:
    """Take a place among the large uploads once one without announcement turns out to be."""
    received = 0
    async for chunk in body:
        received += len(chunk)
        if not held and received > IN_MEMORY_BYTES:
            stack.enter_context(large.place())
            held = True
        yield chunk


async def _raw(body: AsyncGenerator[bytes, None]) -> Upload:
    """Keep a body in memory as long as it is small, and in a file without a name beyond."""
    held = bytearray()
    size = 0
    file: BinaryIO | None = None
    try:
        async for chunk in body:
            held += chunk
            size += len(chunk)
            if len(held) > IN_MEMORY_BYTES:
                if file is None:
                    file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115
                await asyncio.to_thread(file.write, held)
                held = bytearray()
        if file is None:
            return Upload(None, bytes(held), size)
        await asyncio.to_thread(_finish, file, held)
        return Upload(None, file, size)
    except BaseException:
        if file is not None:
            file.close()
        raise


def _finish(file: BinaryIO, held: bytearray) -> None:
    file.write(held)
    file.flush()
    file.seek(0)


async def _form(
    request: Request,
    body: AsyncGenerator[bytes, None],
    settings: Settings,
) -> list[Upload]:
    """Read the files of a form; other fields are refused, for options stand in the address."""
    parser = MultiPartParser(
        request.headers, body, max_files=settings.max_files, max_fields=settings.max_files
    )
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise Problem("bad-request", f"the form cannot be read: {error.message}") from None
    except (KeyError, ValueError) as error:  # a form without boundary, names in odd encodings
        raise Problem("bad-request", f"the form cannot be read: {error}") from None
    found = []
    for name, item in form.multi_items():
        if not isinstance(item, UploadFile):
            raise Problem(
                "bad-request",
                f"'{spoken(name)}' is no file: send files alone; options belong into the address",
            )
        found.append(await _upload(item))
    if not found:
        raise Problem("bad-request", "the form holds no file: send at least one recording")
    return found


async def _upload(item: UploadFile) -> Upload:
    name = spoken(item.filename) if item.filename else None
    size = item.size or 0
    if size <= IN_MEMORY_BYTES:
        data = await item.read()
        await item.close()
        return Upload(name, data, len(data))
    await asyncio.to_thread(item.file.flush)
    return Upload(name, item.file, size)


def _too_large(settings: Settings) -> Problem:
    return Problem(
        "upload-too-large",
        f"more than {settings.max_upload_mb} MiB ({settings.max_upload_bytes:,} bytes) is not "
        "taken: send a compressed recording (MP3, Opus), or a part of it",
        linger=True,
        max_upload_bytes=settings.max_upload_bytes,
    )
