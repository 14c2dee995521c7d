"""Services that really listen, and recordings to send."""

from __future__ import annotations

import contextlib
import io
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
import soundfile
import uvicorn

from affekt.service.server import listen, make_server
from affekt.service.service import Service
from affekt.service.settings import Settings
from affekt.service.workers import WorkerPool


@dataclass
class Running:
    """A service that listens on a free port of this machine."""

    url: str
    address: tuple[str, int]
    service: Service
    server: uvicorn.Server
    http: httpx.Client

    def recognize(self, content: Any, **query: Any) -> httpx.Response:
        return self.http.post("/v1/recognize", content=content, params=query)

    def timeline(self, content: Any, **query: Any) -> httpx.Response:
        return self.http.post("/v1/timeline", content=content, params=query)


@contextmanager
def running(settings: Settings) -> Iterator[Running]:
    with ExitStack() as stack:
        listener = stack.enter_context(listen("127.0.0.1", 0))
        server: uvicorn.Server = make_server(settings, timeout_graceful_shutdown=5)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        stack.callback(thread.join)
        stack.callback(setattr, server, "should_exit", True)
        host, port = listener.getsockname()
        url = f"http://{host}:{port}"
        http = stack.enter_context(httpx.Client(base_url=url, timeout=60))
        assert http.get("/readyz").status_code == 200
        application = server.config.loaded_app
        while not hasattr(application, "state"):
            application = getattr(application, "app", None) or application._app
        yield Running(url, (host, port), application.state.service, server, http)


@pytest.fixture(scope="session")
def start(tone_bundle: Path) -> Iterator[Callable[..., Running]]:
    """Start a service with settings of one's own; it ends with the session."""
    with ExitStack() as stack:

        def begin(**settings: Any) -> Running:
            kept = {"model": str(tone_bundle), "workers": 1, **settings}
            return stack.enter_context(running(Settings(**kept)))

        yield begin


@pytest.fixture(scope="session")
def served(start: Callable[..., Running]) -> Running:
    """The service that most tests ask."""
    return start()


@pytest.fixture(scope="session")
def sound(tones: SimpleNamespace) -> Callable[..., bytes]:
    """Return the file of a tone that the bundle answers with a label."""

    def make(label: str = "happy", *, duration_s: float = 1.0, kind: str = "WAV") -> bytes:
        file = io.BytesIO()
        soundfile.write(file, tones.tone(label, duration_s=duration_s), 16000, format=kind)
        return file.getvalue()

    return make


@pytest.fixture(scope="session")
def call(tones: SimpleNamespace) -> bytes:
    """A call of two channels: an agent who sounds happy, a customer who sounds angry."""
    file = io.BytesIO()
    pair = np.stack([tones.said("happy", duration_s=4.0), tones.said("angry", duration_s=4.0)], 1)
    soundfile.write(file, pair, 16000, format="FLAC")
    return file.getvalue()


def problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """Check that an answer is a problem document of a kind, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["type"] == f"urn:affekt:problem:{kind}"
    assert found["status"] == status
    assert found["request_id"] == answer.headers["x-request-id"]
    assert found["title"]
    assert found["detail"]
    return found


@pytest.fixture(scope="session")
def check_problem() -> Callable[[httpx.Response, int, str], dict[str, Any]]:
    return problem


def idle_processes(workers: WorkerPool) -> list[int]:
    """Return the ids of the processes that wait for a job."""
    idle = []
    with contextlib.suppress(queue.Empty):
        while True:
            idle.append(workers._idle.get_nowait())
    for worker in idle:
        workers._idle.put(worker)
    return [worker.process.pid for worker in idle]


@pytest.fixture(scope="session")
def processes() -> Callable[[WorkerPool], list[int]]:
    return idle_processes


@pytest.fixture
def nothing_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every Python process that starts from now on end at once, as one without memory."""
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(1)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def wait_until(condition: Callable[[], bool]) -> None:
    arrived = threading.Event()
    for _ in range(2000):
        if condition():
            return
        arrived.wait(0.005)
    pytest.fail("it never came to that")


@pytest.fixture(scope="session")
def wait_for() -> Callable[[Callable[[], bool]], None]:
    """Wait until something has come to be so."""
    return wait_until
