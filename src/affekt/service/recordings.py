"""`POST /v1/recognize` and `POST /v1/timeline`: recordings in, answers out."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from affekt.errors import AffektError
from affekt.recognition import stamp
from affekt.records import Timeline
from affekt.service.openapi import (
    RECORDING_KINDS,
    answer,
    recording_body,
)
from affekt.service.problems import Problem, problem_of
from affekt.service.queries import RecogniseQuery, TimelineQuery
from affekt.service.schemas import Models, RecogniseAnswer
from affekt.service.service import Service, check_key, service_of
from affekt.service.uploads import uploads
from affekt.service.workers import Upload

router = APIRouter(prefix="/v1", dependencies=[Depends(check_key)])


@router.post(
    "/recognize",
    summary="Recognise the emotion in recordings",
    responses=answer(RecogniseAnswer, *RECORDING_KINDS, "unauthorised"),
    openapi_extra=recording_body(),
)
async def recognize(
    request: Request,
    query: Annotated[RecogniseQuery, Query()],  # type: ignore[valid-type]
) -> JSONResponse:
    """Answer one outcome for each recording.

    A request with one recording that cannot be recognised is answered with its problem. Among
    several, a bad one has its problem in its place and does not spoil the others.
    """
    service = service_of(request)
    options, model = _options(query)
    with service.queue.place():
        async with uploads(request, service.settings, service.large) as recordings:
            _log(request, service, recordings)
            recognise = partial(service.engine.recognise, options=options, model=model)
            if len(recordings) == 1:
                found: list[Any] = [await recognise(recordings[0])]
            else:
                found = await asyncio.gather(*map(recognise, recordings), return_exceptions=True)
    request_id = request.scope["state"]["id"]
    outcomes = [_foreseen(item, request_id) for item in found]
    if all(isinstance(item, Problem) and item.status >= 500 for item in outcomes):
        raise outcomes[0]  # nothing was answered, and may be when the request comes again
    results = [_result(item, service, request_id) for item in outcomes]
    return JSONResponse(
        {"purpose": stamp(options["purpose"], consented=options["consented"]), "results": results}
    )


@router.post(
    "/timeline",
    summary="Follow a long recording: who speaks when, and how it sounds",
    responses=answer(Timeline, *RECORDING_KINDS, "unauthorised"),
    openapi_extra=recording_body(),
)
async def timeline(
    request: Request,
    query: Annotated[TimelineQuery, Query()],  # type: ignore[valid-type]
) -> JSONResponse:
    """Answer the timeline of one recording.

    A channel that is not named in `analyse` contributes speech activity alone. To analyse that of
    somebody at work or in education needs a `purpose`, and research needs `consented` besides.
    """
    service = service_of(request)
    options, model = _options(query)
    with service.queue.place():
        async with uploads(request, service.settings, service.large) as recordings:
            _log(request, service, recordings)
            if len(recordings) > 1:
                raise Problem("bad-request", "a timeline is made of one recording: send one")
            found = await service.engine.timeline(recordings[0], options, model=model)
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


def _foreseen(found: Any, request_id: str) -> Any:
    """Return an answer or a problem as it is; what nobody foresaw is logged and becomes a problem.

    One recording must not cost the others their answers.
    """
    if not isinstance(found, Exception) or isinstance(found, Problem):
        return found
    if isinstance(found, AffektError):
        return problem_of(found)
    fields = {"request_id": request_id}
    logging.getLogger("affekt.service").error("failure", exc_info=found, extra={"fields": fields})
    return Problem("internal-error", f"the log has more under {request_id}")


def _result(outcome: Any, service: Service, request_id: str) -> dict[str, Any]:
    if isinstance(outcome, Problem):
        service.metrics.errors.labels(outcome.kind).inc()
        return {"prediction": None, "problem": outcome.to_dict(request_id)}
    if isinstance(outcome, BaseException):  # the request itself is given up
        raise outcome
    return {"prediction": outcome, "problem": None}


def _log(request: Request, service: Service, recordings: list[Upload]) -> None:
    fields = request.scope["state"]["log"]
    fields["recordings"] = len(recordings)
    fields["bytes"] = sum(item.size for item in recordings)
    if service.settings.log_file_names:
        fields["names"] = [item.name for item in recordings]


def _options(query: BaseModel) -> tuple[Any, str | None]:
    """Return the options of the library, and the name of the model."""
    options: dict[str, Any] = dict(query)
    return options, options.pop("model")
