"""How the service and its worker processes talk: typed frames over a Unix socket.

A frame is one letter, the length of what follows (32 bits, big-endian), and that. A job carries
the open file of a recording with it, so that a worker needs no access to any folder.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import Any

_HEAD = struct.Struct("!cI")

JOB = b"J"  # to a worker: what to do, as JSON, with an open file
CHUNK = b"C"  # to a worker: the next bytes of a stream; none at its end
ANSWER = b"A"  # from a worker: JSON
SAMPLES = b"S"  # from a worker: float32 samples, mono, 16 kHz; of a stream none at its end
ERROR = b"E"  # from a worker: JSON with error and message


def send(link: socket.socket, kind: bytes, payload: bytes, file: int | None = None) -> None:
    """Send a frame.

    Raises:
        OSError: the other side is gone, or takes too long.
    """
    head = _HEAD.pack(kind, len(payload))
    if file is None:
        link.sendall(head + payload if len(payload) < 4096 else head)
        if len(payload) < 4096:
            return
    else:
        # A few bytes into an empty buffer go at once.
        socket.send_fds(link, [head], [file])
    link.sendall(payload)


def send_json(link: socket.socket, kind: bytes, value: Any, file: int | None = None) -> None:
    """Send a frame that holds JSON."""
    send(link, kind, json.dumps(value).encode(), file)


def receive(link: socket.socket) -> tuple[bytes, bytearray, int | None]:
    """Wait for a frame, and return its kind, what it holds, and an open file if one came.

    Raises:
        EOFError: the other side is gone.
        TimeoutError: it takes too long.
        OSError: the link is broken.
    """
    head, files, _, _ = socket.recv_fds(link, _HEAD.size, 1)
    file = files[0] if files else None
    if not head:
        raise EOFError
    try:
        head += _exactly(link, _HEAD.size - len(head))
        kind, size = _HEAD.unpack(head)
        return kind, _exactly(link, size), file
    except BaseException:
        if file is not None:
            os.close(file)
        raise


def _exactly(link: socket.socket, size: int) -> bytearray:
    found = bytearray(size)
    view = memoryview(found)
    while view:
        count = link.recv_into(view)
        if count == 0:
            raise EOFError
        view = view[count:]
    return found
