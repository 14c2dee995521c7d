"""A client of the service: the records of the library, from another machine.

Needs the extra `service` (httpx, and websockets for streams).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, Unpack
from urllib.parse import urlencode

from affekt.config import from_mapping
from affekt.errors import AffektError, MissingExtraError
from affekt.files import open_file
from affekt.records import (
    Moment,
    Prediction,
    RecogniseRequest,
    StreamRequest,
    Timeline,
    TimelineRequest,
)

try:
    import httpx
except ModuleNotFoundError:
    raise MissingExtraError(what="affekt.client", package="httpx", extra="service") from None

Recording = str | Path | bytes | BinaryIO

_ANSWER = "the service's answer"
# The service takes messages of up to 1 MiB.
_MESSAGE_BYTES = 2**18


class ServiceError(AffektError):
    """The service refused a request, or cannot be reached.

    Attributes:
        kind: of the problem ("too-busy", "unreadable-recording", ...); "unreachable" where no
            answer came.
        status: of HTTP; None where no answer came.
        retry_after_s: when to ask again, where the service says so.
        request_id: under which the service's log has the request.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: str,
        status: int | None = None,
        retry_after_s: int | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.retry_after_s = retry_after_s
        self.request_id = request_id


class Client:
    """Asks one service; a context manager, and safe to share between threads.

    ```python
    with Client("http://localhost:8000") as client:
        print(client.recognize("speech.wav").emotion)
    ```

    Args:
        url: of the service, such as http://localhost:8000.
        api_key: where the service wants one.
        timeout_s: for an answer.
    """

    def __init__(self, url: str, *, api_key: str | None = None, timeout_s: float = 300.0) -> None:
        self._url = url.rstrip("/")
        self._headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self._timeout_s = timeout_s
        self._http = httpx.Client(base_url=self._url, headers=self._headers, timeout=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def recognize(self, source: Recording, **options: Unpack[RecogniseRequest]) -> Prediction:
        """Recognise one recording.

        Args:
            source: a path, the bytes of a file, or a binary file object.
            **options: see `RecogniseRequest`.

        Raises:
            ServiceError: refused, or no answer.
            OSError: the file cannot be read.
        """
        (found,) = self._recognize([source], options)
        if isinstance(found, ServiceError):
            raise found
        return found

    def recognize_many(
        self, sources: Iterable[Recording], **options: Unpack[RecogniseRequest]
    ) -> list[Prediction | ServiceError]:
        """Recognise recordings in one request; one that cannot be has its error in its place.

        Raises:
            ServiceError: the whole request was refused, or no answer.
            OSError: a file cannot be read.
        """
        return self._recognize(list(sources), options)

    def timeline(self, source: Recording, **options: Unpack[TimelineRequest]) -> Timeline:
        """Follow a long recording.

        Raises:
            ServiceError: refused, or no answer.
            OSError: the file cannot be read.
        """
        query: dict[str, Any] = dict(options)
        for name in ("channels", "analyse"):
            if query.get(name) is not None:
                query[name] = ",".join(query[name])
        with ExitStack() as stack:
            files = [("file", _part(source, stack))]
            answer = self._ask("POST", "/v1/timeline", query, files)
        answer["path"] = _path(source)
        return from_mapping(Timeline, answer, where=_ANSWER)

    def models(self) -> list[dict[str, Any]]:
        """Return the models that may be asked for.

        Raises:
            ServiceError: refused, or no answer.
        """
        found: list[dict[str, Any]] = self._ask("GET", "/v1/models", {}, None)["models"]
        return found

    def stream(self, chunks: Iterable[bytes], **options: Unpack[StreamRequest]) -> Iterator[Moment]:
        """Send sound as it comes, and yield an answer once a hop.

        Args:
            chunks: bytes of any length: raw samples, or, with encoding "container", WebM, Ogg or
                MP3.
            **options: see `StreamRequest`.

        Raises:
            ServiceError: refused, or the connection broke.
            MissingExtraError: websockets is not installed.
        """
        try:
            from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
            from websockets.sync.client import connect
        except ModuleNotFoundError:
            raise MissingExtraError(
                what="streaming", package="websockets", extra="service"
            ) from None
        address = f"ws{self._url.removeprefix('http')}/v1/stream?{urlencode(_given(options))}"
        try:
            with connect(
                address, additional_headers=self._headers, open_timeout=self._timeout_s
            ) as socket:
                try:
                    yield from _converse(socket.send, socket.recv, chunks)
                except ConnectionClosed:
                    # The service tells its reason and closes, perhaps while a chunk is on its way.
                    while True:
                        yield from _moments(json.loads(socket.recv()))
        except InvalidStatus as error:
            raise _refusal(error.response.status_code, error.response.body) from None
        except ConnectionClosed as error:
            raise ServiceError(f"{self._url}: {error}", kind="unreachable") from None
        except (OSError, WebSocketException) as error:
            raise ServiceError(f"{self._url}: {error}", kind="unreachable") from None

    def _recognize(
        self, sources: Sequence[Recording], options: RecogniseRequest
    ) -> list[Prediction | ServiceError]:
        with ExitStack() as stack:
            files = [("file", _part(source, stack)) for source in sources]
            answer = self._ask("POST", "/v1/recognize", dict(options), files)
        return [
            _error(item["problem"])
            if item["problem"]
            else from_mapping(
                Prediction, item["prediction"] | {"path": _path(source)}, where=_ANSWER
            )
            for source, item in zip(sources, answer["results"], strict=True)
        ]

    def _ask(
        self, method: str, path: str, query: dict[str, Any], files: list[Any] | None
    ) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, params=_given(query), files=files)
        except httpx.HTTPError as error:
            raise ServiceError(f"{self._url}: {error}", kind="unreachable") from None
        if answer.status_code != 200:
            raise _refusal(answer.status_code, answer.content)
        found: dict[str, Any] = answer.json()
        return found


def _part(source: Recording, stack: ExitStack) -> tuple[str, Any]:
    # Its folder is nobody else's affair.
    if isinstance(source, str | Path):
        return (Path(source).name, stack.enter_context(open_file(source)))
    return ("recording", source)


def _path(source: Recording) -> str | None:
    return os.fspath(source) if isinstance(source, str | Path) else None


def _converse(
    send: Callable[[bytes | str], None],
    receive: Callable[..., str | bytes],
    chunks: Iterable[bytes],
) -> Iterator[Moment]:
    """Send chunk after chunk, and yield answers as they are there."""
    for chunk in chunks:
        for place in range(0, len(chunk), _MESSAGE_BYTES):
            send(chunk[place : place + _MESSAGE_BYTES])
            while (message := _ready(receive)) is not None:
                yield from _moments(message)
    send('{"type": "end"}')
    while (message := json.loads(receive()))["type"] != "end":
        yield from _moments(message)


def _ready(receive: Callable[..., str | bytes]) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(receive(timeout=0))
    except TimeoutError:
        return None
    return found


def _moments(message: dict[str, Any]) -> Iterator[Moment]:
    if message["type"] == "problem":
        raise _error(message["problem"])
    kept = {key: value for key, value in message.items() if key != "type"}
    yield from_mapping(Moment, kept, where=_ANSWER)


def _given(options: Any) -> dict[str, Any]:
    return {key: value for key, value in options.items() if value is not None}


def _refusal(status: int, body: bytes | bytearray) -> ServiceError:
    try:
        problem = json.loads(body)
        return _error(problem)
    except (ValueError, KeyError, TypeError, RecursionError):
        return ServiceError(f"the service answered {status}", kind="unknown", status=status)


def _error(problem: dict[str, Any]) -> ServiceError:
    return ServiceError(
        str(problem["detail"]),
        kind=str(problem["type"]).rpartition(":")[2],
        status=problem["status"],
        retry_after_s=problem.get("retry_after_s"),
        request_id=problem.get("request_id"),
    )
