"""Problem details (RFC 9457): the form of every error that the service answers."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from affekt.errors import AffektError, AudioError, ConfigError, MissingExtraError
from affekt.service.logs import event

MEDIA_TYPE = "application/problem+json"

# How long a refused upload is taken in and thrown away, so that its sender can read the answer:
# a connection that is closed on unread bytes is reset, and the answer lost.
_LINGER_S = 2.0


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of error, the same for all requests."""

    status: int
    title: str


KINDS: dict[str, Kind] = {
    "bad-request": Kind(400, "The request cannot be understood"),
    "invalid-option": Kind(400, "An option is impossible or unlawful"),
    "unauthorised": Kind(401, "An API key is needed"),
    "forbidden": Kind(403, "Not allowed"),
    "not-found": Kind(404, "There is nothing here"),
    "method-not-allowed": Kind(405, "This method is not served here"),
    "upload-stalled": Kind(408, "The upload took too long"),
    "answers-unread": Kind(408, "The answers are not read"),
    "upload-too-large": Kind(413, "The upload is too large"),
    "unsupported-format": Kind(415, "This format cannot be read here"),
    "invalid-parameter": Kind(422, "A parameter has the wrong form"),
    "unreadable-recording": Kind(422, "The recording cannot be recognised"),
    "recording-too-long": Kind(422, "The recording is too long"),
    "too-busy": Kind(429, "Too many requests at once"),
    "internal-error": Kind(500, "The service failed"),
    "unavailable": Kind(503, "The service has not the means at the moment"),
    "shutting-down": Kind(503, "The service is not ready"),
    "timed-out": Kind(504, "The answer took too long"),
}

_FOR_STATUS = {
    400: "bad-request",
    401: "unauthorised",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "upload-too-large",
    415: "unsupported-format",
    422: "invalid-parameter",
}


class Problem(Exception):  # noqa: N818 (the word of the RFC)
    """An error on its way to the client.

    Args:
        kind: a key of `KINDS`.
        detail: what was wrong with this request, and the remedy.
        retry_after_s: when to come again; None says nothing.
        headers: further headers of the answer.
        linger: the rest of the upload is not read: the connection ends with the answer.
        extra: further members of the problem.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        retry_after_s: int | None = None,
        headers: dict[str, str] | None = None,
        linger: bool = False,
        **extra: Any,
    ) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.linger = linger
        self.extra = extra
        if retry_after_s is not None:
            self.headers["Retry-After"] = str(retry_after_s)
            self.extra["retry_after_s"] = retry_after_s

    @property
    def status(self) -> int:
        """HTTP status."""
        return KINDS[self.kind].status

    def to_dict(self, request_id: str) -> dict[str, Any]:
        """Return the document."""
        return {
            "type": f"urn:affekt:problem:{self.kind}",
            "title": KINDS[self.kind].title,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
            **self.extra,
        }


def problem_of(error: AffektError) -> Problem:
    """Return the problem that an error of the library becomes."""
    if isinstance(error, MissingExtraError):
        return Problem("unsupported-format", str(error))
    if isinstance(error, AudioError):
        return Problem("unreadable-recording", str(error))
    if isinstance(error, ConfigError):
        return Problem("invalid-option", str(error))
    event("model cannot be used", level=logging.ERROR, error=str(error))
    return Problem("internal-error", "the model cannot be used; the log of the service says more")


def problem_of_status(status: int, detail: str, headers: dict[str, str] | None = None) -> Problem:
    """Return the problem for a status that the framework chose."""
    kind = _FOR_STATUS.get(status, "internal-error" if status >= 500 else "bad-request")
    said = detail if detail and detail != HTTPStatus(status).phrase else KINDS[kind].title
    return Problem(kind, said, headers=headers)


class ProblemResponse(Response):
    """An answer in the form of RFC 9457."""

    def __init__(self, problem: Problem, request_id: str) -> None:
        headers = dict(problem.headers)
        if problem.linger:
            headers["Connection"] = "close"
        self.linger = problem.linger
        content = json.dumps(problem.to_dict(request_id), ensure_ascii=False)
        super().__init__(content, problem.status, headers, MEDIA_TYPE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and where the upload is still coming, throw it away for a moment."""
        if not self.linger or _waits_for_consent(scope):
            await super().__call__(scope, receive, send)
            return
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        try:
            async with asyncio.timeout(_LINGER_S):
                while (await receive()).get("more_body"):
                    pass
        except TimeoutError:
            pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _waits_for_consent(scope: Scope) -> bool:
    """Say whether the client sends nothing before it is asked to (Expect: 100-continue)."""
    return any(name == b"expect" for name, _ in scope["headers"])


def spoken(text: str) -> str:
    """Return a message without line breaks and control characters, at most 500 long."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text)[:500]
