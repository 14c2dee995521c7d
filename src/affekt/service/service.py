"""All parts of one running service, as requests find it."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from affekt.service.admission import Admission
from affekt.service.engine import Engine
from affekt.service.keys import Keys
from affekt.service.metrics import Metrics
from affekt.service.problems import Problem
from affekt.service.settings import Settings


@dataclass(slots=True)
class Service:
    """One service.

    Attributes:
        settings, metrics, engine, keys: its parts.
        queue: places for requests with recordings.
        large: places for those that lie on disk.
        streams: places for WebSocket sessions.
        ready: it takes requests.
    """

    settings: Settings
    metrics: Metrics = field(init=False)
    engine: Engine = field(init=False)
    keys: Keys = field(init=False)
    queue: Admission = field(init=False)
    large: Admission = field(init=False)
    streams: Admission = field(init=False)
    ready: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        settings = self.settings
        self.metrics = Metrics(queue_limit=settings.queue)
        self.keys = Keys.read(settings.keys_file)
        self.engine = Engine(settings, self.metrics)
        self.queue = Admission(settings.queue, what="requests", watch=self.metrics.queue.set)
        self.large = Admission(settings.max_large, what="uploads over 1 MiB")
        self.streams = Admission(
            settings.max_streams, what="streams", watch=self.metrics.streams.set
        )


def service_of(connection: HTTPConnection) -> Service:
    """Return the service that a request came to."""
    service: Service = connection.app.state.service
    return service


def check_key(connection: HTTPConnection) -> None:
    """Let pass whoever shows a key, where keys are needed.

    Raises:
        Problem: none, or an unknown one.
    """
    keys = service_of(connection).keys
    if not keys.needed:
        return
    scheme, _, shown = connection.headers.get("authorization", "").partition(" ")
    key = shown.strip() if scheme.lower() == "bearer" else connection.headers.get("x-api-key")
    holder = keys.holder(key)
    if holder is None:
        raise Problem(
            "unauthorised",
            "send a key that this service knows: Authorization: Bearer KEY",
            headers={"WWW-Authenticate": "Bearer"},
        )
    connection.scope["state"]["log"]["key"] = holder
