from __future__ import annotations

import re
import socket
from collections.abc import Callable
from typing import Any

import pytest

from affekt.service.server import ProblemProtocol

Check = Callable[..., dict[str, Any]]


def test_what_is_not_there_is_404(served: Any, check_problem: Check) -> None:
    check_problem(served.http.get("/v1/nothing"), 404, "not-found")
    check_problem(served.http.get("/docs"), 404, "not-found")


def test_another_method_is_405_and_the_right_one_is_named(
    served: Any, check_problem: Check
) -> None:
    answer = served.http.get("/v1/recognize")
    check_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "POST"


def test_a_parameter_of_the_wrong_form_is_422_and_named(served: Any, check_problem: Check) -> None:
    answer = served.recognize(b"x", top_k="many", threshold=3)
    found = check_problem(answer, 422, "invalid-parameter")
    assert {item["parameter"] for item in found["errors"]} == {"top_k", "threshold"}


def test_a_fault_of_ours_is_500_and_says_no_more_than_its_id(
    start: Any, sound: Any, check_problem: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = start()
    monkeypatch.setattr(broken.service, "engine", None)
    found = check_problem(broken.recognize(sound()), 500, "internal-error")
    assert "NoneType" not in str(found)
    monkeypatch.undo()
    assert broken.recognize(sound()).status_code == 200


def test_what_is_no_http_is_a_problem_too(served: Any) -> None:
    with socket.create_connection(served.address, timeout=10) as client:
        client.sendall(b"once upon a time\r\n\r\n")
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer
    assert b"urn:affekt:problem:bad-request" in answer


def test_a_head_that_never_ends_is_not_waited_for(
    start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ProblemProtocol, "head_timeout_s", 0.3)
    for beginning in (b"", b"POST /v1/recognize HTTP/1.1\r\nX-Slow:"):
        with socket.create_connection(start().address, timeout=10) as client:
            client.sendall(beginning)
            assert client.recv(10) == b""


def test_a_head_without_measure_is_not_kept(served: Any) -> None:
    for beginning in (b"GET /", b"GET / HTTP/1.1\r\nX-Large: "):
        with socket.create_connection(served.address, timeout=10) as client:
            client.sendall(beginning + b"a" * 70_000)
            answer = client.recv(4096)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert b"64 KiB" in answer


def test_a_request_has_an_id_the_client_s_own_if_it_is_one(served: Any) -> None:
    own = served.http.get("/healthz", headers={"X-Request-ID": "order-7.b"})
    assert own.headers["x-request-id"] == "order-7.b"
    for unusual in ("", "a b", "x" * 65, "<script>"):
        made = served.http.get("/healthz", headers={"X-Request-ID": unusual})
        assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])


def test_no_answer_s_type_is_guessed_at(start: Any, served: Any, sound: Any) -> None:
    named = start(cors=("https://a.org",))
    preflight = {"Origin": "https://a.org", "Access-Control-Request-Method": "POST"}
    for answer in (
        served.recognize(sound()),
        served.recognize(b"no sound"),
        served.http.get("/v1/models"),
        served.http.get("/metrics"),
        served.http.get("/openapi.json"),
        served.http.get("/v1/nothing"),
        served.http.get("/"),
        named.http.options("/v1/recognize", headers=preflight),
    ):
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"], answer.url
    with socket.create_connection(served.address, timeout=10) as client:
        client.sendall(b"once upon a time\r\n\r\n")
        assert b"x-content-type-options: nosniff\r\n" in client.recv(4096)


def test_other_pages_may_not_call_unless_they_are_named(start: Any, served: Any) -> None:
    ask = {"Origin": "https://a.org"}
    assert "access-control-allow-origin" not in served.http.get("/healthz", headers=ask).headers
    named = start(cors=("https://a.org",))
    found = named.http.get("/healthz", headers=ask).headers
    assert found["access-control-allow-origin"] == "https://a.org"
    other = named.http.get("/healthz", headers={"Origin": "https://b.org"}).headers
    assert "access-control-allow-origin" not in other


def test_no_script_comes_from_elsewhere(served: Any) -> None:
    page = served.http.get("/")
    assert page.status_code == 200
    assert not re.search(r"""(src|<link[^>]*href)=["']?(https?:)?//""", page.text)
