"""A small web server for the corpora tests."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass
class Shelf:
    """What the server offers, and how it misbehaves."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    version: str = '"v1"'
    ranges: bool = True
    # For the first requests: send so many bytes of what was asked for, then hang up or stall.
    hang_up_after: list[int] = field(default_factory=list)
    stall_after: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    requests: list[tuple[str, str | None]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    shelf: Shelf

    def do_GET(self) -> None:
        shelf = self.shelf
        wanted = self.headers.get("Range")
        shelf.requests.append((self.path, wanted))
        if shelf.answers:
            self.send_error(shelf.answers.pop(0))
            return
        if self.path not in shelf.files:
            self.send_error(404)
            return
        content = shelf.files[self.path]
        start = 0
        if wanted and shelf.ranges and self.headers.get("If-Range") == shelf.version:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            self.send_response(200)
        body = content[start:]
        self.send_header("Content-Length", str(len(body)))
        if shelf.version:
            self.send_header("ETag", shelf.version)
        self.end_headers()
        if shelf.hang_up_after:
            self.wfile.write(body[: shelf.hang_up_after.pop(0)])
        elif shelf.stall_after:
            self.wfile.write(body[: shelf.stall_after.pop(0)])
            self.wfile.flush()
            shelf.closing.wait(10.0)
        else:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A web server on loopback that can break off, stall and lie."""
    content = Shelf()
    handler = type("Handler", (_Handler,), {"shelf": content})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    content.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield content
    content.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()
