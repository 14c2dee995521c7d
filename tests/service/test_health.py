"""What an operator sees and decides: readiness, figures, logs, keys, the end."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from affekt.errors import BundleError, ConfigError
from affekt.service.keys import Keys, new_key
from affekt.service.logs import LOGGER, JsonFormatter, is_worth_a_line
from affekt.service.settings import Settings

Check = Callable[..., dict[str, Any]]


def value(running: Any, name: str) -> float:
    text = running.http.get("/metrics").text
    match = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(match[1]) if match else 0.0


def test_a_service_that_runs_is_alive_and_ready(served: Any) -> None:
    assert served.http.get("/healthz").json() == {"status": "ok"}
    assert served.http.get("/readyz").json() == {"status": "ok"}


def test_a_service_about_to_end_is_alive_but_not_ready(start: Any, check_problem: Check) -> None:
    ending = start()
    ending.service.ready = False
    check_problem(ending.http.get("/readyz"), 503, "shutting-down")
    assert ending.http.get("/healthz").status_code == 200


def test_requests_errors_latency_sound_and_queue_are_counted(start: Any, sound: Any) -> None:
    fresh = start()
    good = 'affekt_requests_total{method="POST",route="/v1/recognize",status="200"}'
    fresh.recognize(sound(duration_s=2.0))
    fresh.recognize(sound(duration_s=1.0))
    fresh.recognize(b"no sound")
    assert value(fresh, good) == 2
    assert value(fresh, 'affekt_errors_total{kind="unreadable-recording"}') == 1
    assert value(fresh, 'affekt_request_seconds_count{route="/v1/recognize"}') == 3
    assert value(fresh, 'affekt_audio_seconds_total{route="recognise"}') == pytest.approx(3.0)
    assert value(fresh, "affekt_queue") == 0
    assert value(fresh, "affekt_queue_limit") == 64


@pytest.fixture
def log() -> Any:
    """What the service writes."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    level = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    LOGGER.removeHandler(handler)
    LOGGER.setLevel(level)


def test_a_request_is_one_line_without_the_names_of_files(
    served: Any, sound: Any, log: Any
) -> None:
    head = {"X-Request-ID": "r-1"}
    files = {"f": ("secret-patient.wav", sound())}
    served.http.post("/v1/recognize?top_k=1", files=files, headers=head)
    (line,) = [entry for entry in log() if entry.get("request_id") == "r-1"]
    assert (line["event"], line["route"], line["status"]) == ("request", "/v1/recognize", 200)
    assert line["recordings"] == 1
    assert line["bytes"] == len(sound())
    assert line["ms"] > 0
    assert "secret" not in json.dumps(log())


def test_names_are_written_where_they_are_asked_for(start: Any, sound: Any, log: Any) -> None:
    open_one = start(log_file_names=True)
    open_one.http.post("/v1/recognize", files={"f": ("a.wav", sound())})
    assert ["a.wav"] in [entry.get("names") for entry in log()]


def test_a_failure_is_logged_with_its_traceback(
    start: Any, sound: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = start()
    monkeypatch.setattr(broken.service, "engine", None)
    request_id = broken.recognize(sound()).headers["x-request-id"]
    (line,) = [entry for entry in log() if entry["event"] == "failure"]
    assert line["request_id"] == request_id
    assert "AttributeError" in line["traceback"]


def test_the_server_s_own_words_about_sockets_are_left_out() -> None:
    def record(message: str) -> logging.LogRecord:
        return logging.LogRecord("uvicorn.error", logging.INFO, "", 0, message, (), None)

    assert not is_worth_a_line(record('1.2.3.4:5 - "WebSocket /v1/stream?speaker=Ann" [accepted]'))
    assert is_worth_a_line(record("Application startup complete."))


@pytest.fixture(scope="module")
def locked(start: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str]:
    """A service that wants keys, and one of them."""
    key, line = new_key("ward-3")
    file = tmp_path_factory.mktemp("keys") / "keys.txt"
    file.write_text(f"# who may ask\n\n{new_key('other')[1]}\n{line}\n")
    return start(keys_file=file), key


def test_a_key_opens_what_is_closed(
    locked: tuple[Any, str], sound: Any, log: Any, check_problem: Check
) -> None:
    service, key = locked
    for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {key}"}):
        answer = service.http.post("/v1/recognize", content=sound(), headers=shown)
        check_problem(answer, 401, "unauthorised")
        assert answer.headers["www-authenticate"] == "Bearer"
        check_problem(service.http.get("/metrics", headers=shown), 401, "unauthorised")
    for shown in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}):
        answer = service.http.post("/v1/recognize", content=sound(), headers=shown)
        assert answer.status_code == 200
    assert log()[-1]["key"] == "ward-3"
    assert key not in json.dumps(log())
    assert service.http.get("/healthz").status_code == 200


def test_streams_need_the_key_too(locked: tuple[Any, str]) -> None:
    service, key = locked
    address = service.url.replace("http", "ws") + "/v1/stream"
    with pytest.raises(InvalidStatus) as refused:
        connect(address)
    assert refused.value.response.status_code == 401
    with connect(address, additional_headers={"Authorization": f"Bearer {key}"}) as socket:
        socket.send('{"type": "end"}')
        assert json.loads(socket.recv())["type"] == "end"


def test_keys_come_from_the_environment_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    key, line = new_key("a")
    monkeypatch.setenv("AFFEKT_API_KEYS", f"{line},{new_key('b')[1]}")
    assert Keys.read(None).holder(key) == "a"
    assert Keys.read(None).holder("guess") is None
    assert Keys.read(None).holder(None) is None
    monkeypatch.delenv("AFFEKT_API_KEYS")
    assert not Keys.read(None).needed


@pytest.mark.parametrize("text", ["", "# nobody\n", "name:short\n", f"{'0' * 64}\n"])
def test_a_file_of_keys_that_would_open_nothing_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    with pytest.raises(ConfigError):
        Keys.read(tmp_path / "keys")


def test_a_key_is_kept_as_its_hash_alone() -> None:
    key, line = new_key("a")
    assert line == f"a:{hashlib.sha256(key.encode()).hexdigest()}"
    assert len(key) > 40
    with pytest.raises(ConfigError, match="letters"):
        new_key("a:b")


@pytest.mark.parametrize(
    "wrong",
    [
        {"queue": 0},
        {"workers": 0},
        {"timeout_s": 0.0},
        {"memory_mb": 10},
        {"cors": ("*",)},
        {"cors": ("https://a.org/",)},
    ],
)
def test_an_impossible_setting_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**wrong)


def test_a_missing_model_is_said_before_anything_listens() -> None:
    from affekt.service.app import create_app

    with pytest.raises(BundleError, match="no model is called"):
        create_app(Settings(model="nobody"))


def test_the_end_waits_for_what_is_under_way(tone_bundle: Path, sound: Any) -> None:
    words = ["serve", "--port", "0", "--model", str(tone_bundle), "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "affekt", *words], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    lines = [json.loads(process.stderr.readline())]
    while lines[-1]["event"] != "Application startup complete.":
        lines.append(json.loads(process.stderr.readline()))
    port = lines[0]["port"]
    recording = sound()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        head = f"POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: {len(recording)}\r\n"
        client.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(recording[:1000])
        workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(signal.SIGTERM)
        while "Waiting for connections" not in lines[-1]["event"]:
            lines.append(json.loads(process.stderr.readline()))
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/healthz")
        client.sendall(recording[1000:])
        answer = client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 200 ")
    rest = process.stderr.read()
    assert process.wait(timeout=20) == 0, rest
    assert "Traceback" not in rest
    for worker in workers:
        assert not os.path.exists(f"/proc/{worker}")  # noqa: PTH110


def test_the_options_of_the_command_hold(tone_bundle: Path, sound: Any) -> None:
    words = ["--port", "0", "--model", str(tone_bundle), "--workers", "1"]
    limits = ["--max-files", "1", "--idle-time-out", "0.5", "--memory", "700"]
    process = subprocess.Popen(
        [sys.executable, "-m", "affekt", "serve", *words, *limits],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        port = json.loads(process.stderr.readline())["port"]
        while "startup complete" not in process.stderr.readline():
            pass
        address = f"http://127.0.0.1:{port}/v1/recognize"
        files = [("f", ("a.wav", sound())), ("f", ("b.wav", sound()))]
        assert httpx.post(address, files=files[:1], timeout=30).status_code == 200
        assert httpx.post(address, files=files, timeout=30).status_code == 400
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 408 ")
        (worker, *_) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert str(700 * 2**20) in Path(f"/proc/{worker}/limits").read_text()
    finally:
        process.terminate()
        process.communicate(timeout=20)
