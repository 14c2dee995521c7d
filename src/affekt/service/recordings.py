"""`POST /v1/recognize` and `POST /v1/timeline`: recordings in, answers out."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse

from affekt.recognition import Options
from affekt.service.children import Upload
from affekt.service.documents import (
    RECORDING_KINDS,
    answer,
    recording_body,
)
from affekt.service.problems import Problem
from affekt.service.schemas import (
    Models,
    RecogniseAnswer,
    RecogniseQuery,
    Timeline,
    TimelineQuery,
)
from affekt.service.service import Service, check_key, service_of
from affekt.service.uploads import IN_MEMORY_BYTES, uploads

router = APIRouter(prefix="/v1", dependencies=[Depends(check_key)])


@router.post(
    "/recognize",
    summary="Recognise the emotion in recordings",
    responses=answer(RecogniseAnswer, *RECORDING_KINDS, "unauthorised"),
    openapi_extra=recording_body(),
)
async def recognize(request: Request, query: Annotated[RecogniseQuery, Query()]) -> JSONResponse:
    """Answer one outcome for each recording.

    A request with one recording that cannot be recognised is answered with its problem. Among
    several, a bad one has its problem in its place and does not spoil the others.
    """
    service = service_of(request)
    options = Options(
        channel=query.channel,
        emotions=None if query.emotions is None else int(query.emotions),
        threshold=query.threshold,
        top_k=query.top_k,
        purpose=query.purpose,
    )
    with service.queue.place():
        async with uploads(request, service.settings, service.large) as recordings:
            _log(request, service, recordings)
            if len(recordings) == 1:
                outcomes: list[Any] = [
                    await _recognise(service, recordings[0], options, query.model)
                ]
            else:
                outcomes = await asyncio.gather(
                    *(_recognise(service, item, options, query.model) for item in recordings),
                    return_exceptions=True,
                )
    request_id = request.scope["state"]["id"]
    results = [_result(outcome, service, request_id) for outcome in outcomes]
    return JSONResponse({"purpose": query.purpose, "results": results})


@router.post(
    "/timeline",
    summary="Follow a long recording: who speaks when, and how it sounds",
    responses=answer(Timeline, *RECORDING_KINDS, "unauthorised"),
    openapi_extra=recording_body(),
)
async def timeline(request: Request, query: Annotated[TimelineQuery, Query()]) -> JSONResponse:
    """Answer the timeline of one recording.

    A channel that is not named in `analyse` contributes speech activity alone. To analyse that of
    somebody at work or in education needs a `purpose`.
    """
    service = service_of(request)
    options = {
        "channels": _names(query.channels),
        "analyse": _names(query.analyse),
        "mix": query.mix,
        "purpose": query.purpose,
        "window_s": query.window_s,
        "hop_s": query.hop_s,
        "threshold": query.threshold,
    }
    with service.queue.place():
        async with uploads(request, service.settings, service.large) as recordings:
            _log(request, service, recordings)
            if len(recordings) > 1:
                raise Problem("bad-request", "a timeline is made of one recording: send one")
            found = await service.engine.timeline(recordings[0], options, model=query.model)
    return JSONResponse(found)


@router.get(
    "/models",
    summary="List the models that may be asked for",
    responses=answer(Models, "unauthorised"),
)
async def models(request: Request) -> JSONResponse:
    """Answer every model with its labels, its terms, and what it must not be used for."""
    describe = service_of(request).engine.models.describe
    return JSONResponse({"models": await asyncio.to_thread(describe)})


async def _recognise(
    service: Service, upload: Upload, options: Options, model: str | None
) -> dict[str, Any]:
    large = upload.size > IN_MEMORY_BYTES
    return await service.engine.recognise(upload, options, model=model, large=large)


def _result(outcome: Any, service: Service, request_id: str) -> dict[str, Any]:
    if isinstance(outcome, Problem):
        if outcome.status >= 500:
            raise outcome
        service.metrics.errors.labels(outcome.kind).inc()
        return {"prediction": None, "problem": outcome.to_dict(request_id)}
    if isinstance(outcome, BaseException):
        raise outcome
    return {"prediction": outcome, "problem": None}


def _log(request: Request, service: Service, recordings: list[Upload]) -> None:
    fields = request.scope["state"]["log"]
    fields["recordings"] = len(recordings)
    fields["bytes"] = sum(item.size for item in recordings)
    if service.settings.log_file_names:
        fields["names"] = [item.name for item in recordings]


def _names(text: str | None) -> list[str] | None:
    return None if text is None else text.split(",")
