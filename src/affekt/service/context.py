"""Around every request: its id, its time, its line in the log, and its answer if all else fails."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affekt.service.logs import event
from affekt.service.metrics import Metrics
from affekt.service.problems import Problem, ProblemResponse

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
# What a client that left is noted as, after nginx.
_LEFT = 499

_BEGINNINGS = ("http.response.start", "websocket.http.response.start", "websocket.accept")
# Browsers take an answer for what it says it is, and guess at none.
_TYPE = b"x-content-type-options"


class RequestContext:
    """ASGI middleware, the outermost.

    `scope["state"]` holds the request's `id`, and `log`, a dictionary to which whoever works on
    the request may add fields of its line.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        state = scope.setdefault("state", {})
        state["id"] = request_id
        fields: dict[str, Any] = {}
        state["log"] = fields
        begin = time.monotonic()
        status = 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] in _BEGINNINGS:
                status = message.get("status", 101)
                own = [(name, value) for name, value in message.get("headers", ()) if name != _TYPE]
                message["headers"] = [
                    *own,
                    (b"x-request-id", request_id.encode()),
                    (_TYPE, b"nosniff"),
                ]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except ClientDisconnect:
            status = _LEFT
        except Exception:
            logging.getLogger("affekt.service").exception(
                "failure", extra={"fields": {"request_id": request_id}}
            )
            if status == 0 and scope["type"] == "http":
                problem = Problem("internal-error", f"the log has more under {request_id}")
                self._metrics.errors.labels(problem.kind).inc()
                await ProblemResponse(problem, request_id)(scope, receive, noted)
        finally:
            self._note(scope, status, time.monotonic() - begin, fields)

    def _note(self, scope: Scope, status: int, seconds: float, fields: dict[str, Any]) -> None:
        # The route's pattern, never the address: that could hold anything.
        path = getattr(scope.get("route"), "path", "unknown")
        method = scope.get("method", "WEBSOCKET")
        method = method if method in _METHODS else "other"
        self._metrics.requests.labels(path, method, str(status)).inc()
        self._metrics.latency.labels(path).observe(seconds)
        event(
            "request",
            request_id=scope["state"]["id"],
            method=method,
            route=path,
            status=status,
            ms=round(1000 * seconds, 1),
            **fields,
        )


_METHODS = frozenset(
    {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "WEBSOCKET"}
)


def _request_id(scope: Scope) -> str:
    """Return the id the client gave, if it has the form of one, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return str(value.decode("ascii"))
    return uuid.uuid4().hex
