"""Running the application under uvicorn."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import uuid
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from affekt.errors import ConfigError
from affekt.service.app import create_app
from affekt.service.logs import event, log_to_stderr
from affekt.service.problems import MEDIA_TYPE, Problem
from affekt.service.settings import Settings

_MESSAGE_BYTES = 2**20
# A request line and its headers; the server itself would take any number.
_HEAD_BYTES = 2**16
# For a client to take in what waits for it: then the system ends the connection.
_UNREAD_S = 60.0


class ProblemProtocol(HttpToolsProtocol):
    """Answers what is no HTTP at all in the form of every other error, and waits for no heads.

    The server itself would keep a connection for ever whose request never gets to its body, and in
    memory whatever it sends until then.
    """

    head_timeout_s = 10.0
    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take bytes in, and refuse a head that grows too large."""
        waited = self._head_timer is not None
        super().data_received(data)
        # What ends a head may hold much of its body as well, and does not count.
        waits = waited and self._head_timer is not None and not self.transport.is_closing()
        self._head_bytes = self._head_bytes + len(data) if waits else 0
        if self._head_bytes > _HEAD_BYTES:
            self.send_400_response(f"a head has at most {_HEAD_BYTES // 1024} KiB")

    def on_message_begin(self) -> None:
        """Begin to wait for the end of a request's head."""
        super().on_message_begin()
        self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._head_timer = self.loop.call_later(self.head_timeout_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def send_400_response(self, msg: str) -> None:
        """Answer, and end the connection."""
        request_id = uuid.uuid4().hex
        body = json.dumps(Problem("bad-request", msg).to_dict(request_id)).encode()
        head = (
            "HTTP/1.1 400 Bad Request\r\n"
            f"content-type: {MEDIA_TYPE}\r\ncontent-length: {len(body)}\r\n"
            f"x-request-id: {request_id}\r\nx-content-type-options: nosniff\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


def make_server(settings: Settings, **server: Any) -> uvicorn.Server:
    """Return a server that is not running yet.

    Args:
        settings: of the application.
        **server: further settings of uvicorn: host, port, fd, ...
    """
    return uvicorn.Server(
        uvicorn.Config(
            create_app(settings),
            http=ProblemProtocol,
            ws="websockets-sansio",
            ws_max_size=_MESSAGE_BYTES,
            ws_per_message_deflate=False,
            # Whoever is held back cannot answer a ping: its answer waits behind its sound.
            ws_ping_interval=None,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=30,
            **server,
        )
    )


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; the connections it accepts inherit what it is set to.

    Raises:
        OSError: the address cannot be listened at.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family, backlog=2048)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * _UNREAD_S))
    return listener


def serve(settings: Settings, *, host: str, port: int, grace_s: int) -> None:
    """Serve until a signal ends it; what is under way is finished first.

    Args:
        settings: of the application.
        host: to listen at.
        port: likewise; 0 takes a free one, which the log names.
        grace_s: for what is under way at the end.

    Raises:
        OSError: the address cannot be listened at.
        BundleError: there is no such model, or it cannot be used.
        ConfigError: the settings cannot be used, or the service did not start.
    """
    if sys.platform != "linux":
        raise ConfigError("the limits of the decoders need Linux: run the service there")
    log_to_stderr()
    with listen(host, port) as listener:
        event("listening", host=host, port=listener.getsockname()[1], model=settings.model)
        server = make_server(settings, timeout_graceful_shutdown=grace_s)
        # The server raises the signal that ended it anew: by then it has had its effect.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        server.run(sockets=[listener])
    if not server.started:
        raise ConfigError("the service could not start: its log says why")
