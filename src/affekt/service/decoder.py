"""The worker process that decodes files of unknown origin: `python -m affekt.service.decoder`.

Its memory, its time on the processor and its files are limited by the system; its standard input
is a socket on which jobs come in (see `ipc`). A short recording is decoded and its samples go
back. A longer one is handed back at once where short ones are worked on, and elsewhere followed to
its end, so that the service can give it up at any time by ending this process. Where the service
itself is gone, whatever ended it, this process ends too.
"""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from affekt.audio import (
    MIN_DURATION_S,
    MIN_PEAK,
    SAMPLING_RATE_HZ,
    BlockReader,
    Signal,
    decode_blocks,
)
from affekt.errors import AffektError, AudioError
from affekt.service import ipc

# As the recogniser has it: up to here a recording is one utterance.
WHOLE_S = 10.0
_MIN_SAMPLES = round(MIN_DURATION_S * SAMPLING_RATE_HZ)
_BLOCK_S = 30.0
# Models kept at once, beside each other in the memory that is allowed.
_MOST_LOADED = 2


class TooLongError(AffektError):
    """More was decoded than is allowed."""


def main() -> None:
    """Work until the service hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the service's to handle
    link = socket.socket(fileno=os.dup(0))
    limit(int(sys.argv[1]))
    threading.Thread(target=_end_with, args=(link.fileno(),), daemon=True).start()
    ipc.send_json(link, ipc.ANSWER, {"ready": True})
    recognizers: dict[str, Any] = {}
    while True:
        try:
            _, payload, file = ipc.receive(link)
        except EOFError:
            return
        try:
            _work(link, _json(payload), file, recognizers)
        except AffektError as error:
            _fail(link, type(error).__name__, str(error))
        except MemoryError:
            _fail(link, "AudioError", "takes more memory to decode than is allowed")
        except OSError as error:
            _fail(link, "AudioError", f"reading failed ({error}): get the file again")
        finally:
            if file is not None:
                os.close(file)


def limit(memory_mb: int) -> None:
    """Limit this process for good: address space, files, and no memory image after a crash."""
    for what, most in (
        (resource.RLIMIT_AS, memory_mb * 2**20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 2**20),  # mpg123's remarks are caught in a temporary file
        (resource.RLIMIT_NOFILE, 64),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _end_with(link: int) -> None:
    """End this process as soon as the other side of a link is closed, in the middle of a job too.

    A service that is killed cannot end its workers, and a job may have hours to go.
    """
    watch = select.poll()
    watch.register(link, 0)  # a hang-up is always reported
    watch.poll()
    os._exit(0)


def _allow_cpu(seconds: int) -> None:
    """Grant a job its time on the processor; the system counts from the beginning."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    most = int(used.ru_utime + used.ru_stime) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, hard))


def _work(
    link: socket.socket, job: dict[str, Any], file: int | None, recognizers: dict[str, Any]
) -> None:
    _allow_cpu(job["cpu_s"])
    if job["task"] == "stream":
        _stream(link, job)
        return
    path = f"/proc/self/fd/{file}"
    try:
        if job["task"] == "recognise":
            _recognise(link, job, path, recognizers)
        else:
            _measure(path, job)
            options = job["options"]
            found = _recognizer(job, recognizers).timeline(path, **options).to_dict()
            ipc.send_json(link, ipc.ANSWER, found | {"path": job["name"]})
    except AffektError as error:
        # The path means nothing to the client.
        message = str(error).replace(path, job["name"] or "the recording")
        _fail(link, type(error).__name__, message)


def _recognise(
    link: socket.socket, job: dict[str, Any], path: str, recognizers: dict[str, Any]
) -> None:
    options = job["options"]
    with decode_blocks(
        path,
        block_s=WHOLE_S,
        channel=options.get("channel"),
        refuse_calls=not options.get("mix"),
    ) as reader:
        first = next(reader)
        longer = next(reader, None) is not None
        if not longer and _passes(first):
            _answer_samples(link, job, reader, first)
            return
    if longer and job["short"]:
        ipc.send_json(link, ipc.ANSWER, {"longer": True})
        return
    _measure(path, job)
    found = _recognizer(job, recognizers).predict(path, **options).to_dict()
    ipc.send_json(link, ipc.ANSWER, found | {"path": job["name"]})


def _passes(signal: Signal) -> bool:
    """Say whether the samples, alone, are still a recording after resampling."""
    return signal.size >= _MIN_SAMPLES and float(np.abs(signal).max()) >= MIN_PEAK


def _answer_samples(
    link: socket.socket, job: dict[str, Any], reader: BlockReader, samples: Signal
) -> None:
    if reader.duration_s > job["max_s"]:
        raise _too_long(path="", max_s=job["max_s"])
    about = {
        "path": job["name"],
        "duration_s": reader.duration_s,
        "sampling_rate_hz": reader.source_rate_hz,
        "channels": reader.source_channels,
        "warnings": reader.warnings,
    }
    ipc.send_json(link, ipc.ANSWER, {"samples": about})
    ipc.send(link, ipc.SAMPLES, samples.tobytes())


def _measure(path: str, job: dict[str, Any]) -> None:
    """Decode once, before any model runs: what a header says of the length is no authority.

    Raises:
        TooLongError: more than is allowed.
    """
    with decode_blocks(path, block_s=_BLOCK_S) as reader:
        try:
            for _ in reader:
                if reader.duration_s > job["max_s"]:
                    raise _too_long(path=f"{path}: ", max_s=job["max_s"])
        except AudioError:
            return  # silent, say: what reads it next says so, or takes one channel


def _too_long(*, path: str, max_s: float) -> TooLongError:
    return TooLongError(f"{path}lasts longer than {max_s:g} s, the most that is taken: cut it")


def _recognizer(job: dict[str, Any], recognizers: dict[str, Any]) -> Any:
    from affekt.recognition import Recognizer  # 40 MB that short recordings do not need

    model = job["model"]
    # In their order of use: the one that was used longest ago makes room.
    recognizer = recognizers.pop(model, None) or Recognizer.load(model)
    recognizers[model] = recognizer
    if len(recognizers) > _MOST_LOADED:
        del recognizers[next(iter(recognizers))]
    return recognizer


def _stream(link: socket.socket, job: dict[str, Any]) -> None:
    """Decode a container while it comes in."""
    from affekt.service.stream_decoding import ChunkBuffer, decode_stream

    chunks = ChunkBuffer()

    def read() -> None:
        try:
            while True:
                _, payload, _ = ipc.receive(link)
                chunks.put(bytes(payload))
                if not payload:
                    return
        except (EOFError, OSError):
            os._exit(0)  # the client is gone, and the decoder waits for bytes

    threading.Thread(target=read, daemon=True).start()
    decoded = decode_stream(chunks, channel=job["channel"], refuse_calls=not job["mix"])
    for samples in _filled(decoded):
        ipc.send(link, ipc.SAMPLES, samples.tobytes())
    chunks.drain()
    ipc.send(link, ipc.SAMPLES, b"")


def _filled(pieces: Iterator[Signal]) -> Iterator[Signal]:
    return (piece for piece in pieces if piece.size)


def _fail(link: socket.socket, error: str, message: str) -> None:
    ipc.send_json(link, ipc.ERROR, {"error": error, "message": message})


def _json(payload: bytearray) -> dict[str, Any]:
    import json

    found: dict[str, Any] = json.loads(payload)
    return found


if __name__ == "__main__":
    main()
