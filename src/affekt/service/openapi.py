"""The words and examples of the OpenAPI document."""

from __future__ import annotations

import dataclasses
from typing import Any

from affekt.recognition import (
    CONSENTED_HELP,
    NO_LEGAL_ADVICE,
    NOTICE_RECOGNISER,
    NOTICE_WORKPLACE,
    PURPOSE_HELP,
)
from affekt.records import (
    OPTIONAL_KEYS,
    Prediction,
    Score,
    Segment,
    Timeline,
    Track,
    TrackSummary,
    TurningPoint,
)
from affekt.service.problems import KINDS, MEDIA_TYPE, Problem
from affekt.service.schemas import ProblemDetails

DESCRIPTION = f"""Emotions in speech, from recordings and streams.

{NOTICE_RECOGNISER}

{NOTICE_WORKPLACE}

`purpose`: {PURPOSE_HELP}

`consented`: {CONSENTED_HELP}

{NO_LEGAL_ADVICE}

Every error is a problem document (RFC 9457). Every answer carries `X-Request-ID`; a client may send
its own. `WebSocket /v1/stream`, which OpenAPI cannot describe, takes sound as it is spoken; each
of its answers carries `purpose`.
"""

_WHEN = {
    "bad-request": "The body is empty, or a form that cannot be read.",
    "invalid-option": "An option is impossible, a purpose is missing, or a call's channels have no "
    "names.",
    "unauthorised": "No key, or none that is known: `Authorization: Bearer KEY`.",
    "upload-stalled": "Nothing came for a while, less than 8 KiB a second, or the upload took too "
    "long.",
    "upload-too-large": "Refused while it is read: the rest is not taken in.",
    "unsupported-format": "A format that this installation cannot read.",
    "invalid-parameter": "A parameter has the wrong form.",
    "unreadable-recording": "No recording, a broken or a silent one.",
    "recording-too-long": "More sound than is taken, counted while decoding.",
    "too-busy": "All places are taken: come again after `Retry-After` seconds.",
    "internal-error": "A fault of the service; its log has the request's id.",
    "unavailable": "No process to decode in could be started: come again after `Retry-After` "
    "seconds.",
    "shutting-down": "Not ready: starting, or about to end.",
    "timed-out": "The answer was not ready in time.",
}

RECORDING_KINDS = (
    *("bad-request", "invalid-option", "upload-stalled", "upload-too-large"),
    *("unsupported-format", "invalid-parameter", "unreadable-recording", "recording-too-long"),
    *("too-busy", "unavailable", "timed-out"),
)

# Made of the records themselves, so that an example has every field that an answer has.
_SCORES = (Score(label="happy", score=0.71), Score(label="neutral", score=0.29))

RECOGNISED: dict[str, Any] = {
    "purpose": "medical",
    "results": [
        {
            "prediction": Prediction(
                path="clip.wav",
                duration_s=2.31,
                sampling_rate_hz=48000,
                channels=1,
                model="default 1.1",
                emotion="happy",
                confidence=0.71,
                uncertain=False,
                predictions=_SCORES,
                prediction_set=("happy", "neutral"),
                out_of_domain=False,
                novelty=0.12,
                intensity=0.58,
                purpose="medical",
            ).to_dict(),
            "problem": None,
        }
    ],
}

_SILENCE = Segment(
    start_s=0.0,
    end_s=0.5,
    speech=False,
    emotion=None,
    confidence=None,
    uncertain=False,
    predictions=(),
)
_SPEECH = Segment(
    start_s=0.5,
    end_s=4.0,
    speech=True,
    emotion="happy",
    confidence=0.71,
    uncertain=False,
    predictions=_SCORES,
    out_of_domain=False,
)

TIMELINE: dict[str, Any] = Timeline(
    path="call.mp3",
    duration_s=4.0,
    sampling_rate_hz=8000,
    channels=2,
    model="default 1.1",
    labels=("neutral", "happy"),
    window_s=3.0,
    hop_s=1.0,
    purpose=None,
    tracks=(
        Track(
            index=1,
            name="customer",
            analysed=True,
            speech=((0.5, 4.0),),
            segments=(_SILENCE, _SPEECH),
            summary=TrackSummary(
                speech_s=3.5, shares={"happy": 1.0}, longest_negative=None, turning_points=()
            ),
        ),
    ),
).to_dict()


def recording_body() -> dict[str, Any]:
    """Describe a body that holds recordings."""
    binary = {"type": "string", "format": "binary"}
    return {
        "requestBody": {
            "required": True,
            "description": "One recording as the raw body (WAV, MP3, FLAC, Ogg and more), or files "
            "of a form under any name. Content decides the format, not its declared type.",
            "content": {
                "application/octet-stream": {"schema": binary},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": {"type": "array", "items": binary, "minItems": 1}},
                        "required": ["file"],
                    }
                },
            },
        }
    }


def answer(model: Any, *kinds: str) -> dict[int | str, dict[str, Any]]:
    """Describe the answers of a route: the good one, and its problems with an example each."""
    found: dict[int | str, dict[str, Any]] = {
        200: {
            "model": model,
            "headers": _HEADERS,
        }
    }
    for kind in (*kinds, "internal-error"):
        status = KINDS[kind].status
        entry = found.setdefault(
            status,
            {
                "description": "",
                "headers": dict(_HEADERS),
                "content": {MEDIA_TYPE: {"schema": _REFERENCE, "examples": {}}},
            },
        )
        entry["description"] = f"{entry['description']} {_WHEN[kind]}".strip()
        problem = Problem(kind, _WHEN[kind], retry_after_s=2 if status in (429, 503) else None)
        entry["content"][MEDIA_TYPE]["examples"][kind] = {"value": problem.to_dict("8f14e45f")}
        if status in (429, 503):
            entry["headers"]["Retry-After"] = {
                "description": "Seconds.",
                "schema": {"type": "integer", "minimum": 1},
            }
    return found


_HEADERS: dict[str, Any] = {
    "X-Request-ID": {"description": "Of this request.", "schema": {"type": "string"}}
}
_REFERENCE = {"$ref": "#/components/schemas/ProblemDetails"}


# The records are written whole, but for the keys that a prediction may leave out.
_RECORDS = {
    record.__name__: [
        field.name
        for field in dataclasses.fields(record)
        if record is not Prediction or field.name not in OPTIONAL_KEYS
    ]
    for record in (Prediction, Score, Segment, Timeline, Track, TrackSummary, TurningPoint)
}


def complete(document: dict[str, Any], *, keys: bool) -> dict[str, Any]:
    """Add to a generated document what the generator leaves out, and take out what is untrue."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["ProblemDetails"] = ProblemDetails.model_json_schema()
    for name, required in _RECORDS.items():
        schemas[name]["additionalProperties"] = False
        schemas[name]["required"] = required
        for key in required:
            schemas[name]["properties"][key].pop("default", None)
    # The generator drops every null.
    for path, example in (("/v1/recognize", RECOGNISED), ("/v1/timeline", TIMELINE)):
        good = document["paths"][path]["post"]["responses"]["200"]
        good["content"]["application/json"]["example"] = example
    # The framework's own form of errors, which no answer here has.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    if keys:
        document["components"]["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key."}
        }
        for path, methods in document["paths"].items():
            if path.startswith("/v1/") or path == "/metrics":
                for operation in methods.values():
                    operation["security"] = [{"key": []}]
    return document
