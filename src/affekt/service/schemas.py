"""The answers of the service, for OpenAPI, around the records of `affekt.records`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from affekt.records import Prediction, Stamp


class Exact(BaseModel):
    """Nothing but the fields it names."""

    model_config = ConfigDict(extra="forbid")


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="urn:affekt:problem:KIND, the same for all errors of a kind.")
    title: str
    status: int
    detail: str
    request_id: str
    retry_after_s: int | None = None
    max_upload_bytes: int | None = None
    errors: list[dict[str, Any]] | None = Field(None, description="Parameters that are wrong.")


class Recognised(Exact):
    """One recording's outcome: a prediction, or, among several recordings, a problem."""

    prediction: Prediction | None
    problem: ProblemDetails | None


class RecogniseAnswer(Exact):
    """One outcome for each recording, in their order."""

    purpose: Stamp | None
    results: list[Recognised]


class Model(Exact):
    """A model that may be asked for."""

    name: str
    title: str
    in_use: bool
    labels: list[str]
    threshold: float
    licence: str
    description: str
    not_for: list[str]
    trained_on: list[str]
    created: str
    size_bytes: int
    sha256: str


class Models(Exact):
    """All models."""

    models: list[Model]


class Health(Exact):
    """That the service lives, or is ready."""

    status: Literal["ok"]
