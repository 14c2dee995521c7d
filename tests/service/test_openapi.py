"""What the service says of itself is so."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi

from affekt.recognition.notices import NOTICE_RECOGNISER, NOTICE_WORKPLACE

CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_headers_conformance,
    openapi.response_schema_conformance,
    openapi.negative_data_rejection,
    openapi.unsupported_method,
]


@pytest.fixture(scope="module")
def document(served: Any) -> dict[str, Any]:
    found: dict[str, Any] = served.http.get("/openapi.json").json()
    return found


def test_the_law_stands_in_the_description(document: dict[str, Any]) -> None:
    assert NOTICE_RECOGNISER in document["info"]["description"]
    assert NOTICE_WORKPLACE in document["info"]["description"]


def test_every_example_keeps_its_schema(document: dict[str, Any]) -> None:
    count = 0
    for methods in document["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                for content in answer.get("content", {}).values():
                    examples = [item["value"] for item in content.get("examples", {}).values()]
                    examples += [content["example"]] if "example" in content else []
                    schema = {**content["schema"], "components": document["components"]}
                    for example in examples:
                        Draft202012Validator(schema).validate(example)
                        count += 1
    assert count > 20


def test_every_error_is_described_as_a_problem(document: dict[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)
                    assert answer["description"]
    recognize = document["paths"]["/v1/recognize"]["post"]["responses"]
    assert set(recognize) == {
        *("200", "400", "401", "408", "413", "415", "422", "429", "500", "503", "504"),
    }
    assert all("Retry-After" in recognize[status]["headers"] for status in ("429", "503"))


@pytest.mark.parametrize(
    ("path", "method", "examples"),
    [
        ("/v1/recognize", "POST", 25),
        ("/v1/timeline", "POST", 15),
        ("/v1/models", "GET", 5),
        ("/healthz", "GET", 5),
        ("/readyz", "GET", 5),
        ("/metrics", "GET", 5),
    ],
)
def test_answers_to_made_up_requests_keep_the_document(
    served: Any, document: dict[str, Any], path: str, method: str, examples: int
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=served.url)
    operation = schema[path][method]
    cases = st.one_of(
        *(operation.as_strategy(generation_mode=mode) for mode in schemathesis.GenerationMode)
    )

    @given(case=cases)
    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    ask()
