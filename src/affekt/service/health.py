"""What operators and their machines ask: is it alive, is it ready, what has it done."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from affekt.service.openapi import answer
from affekt.service.problems import Problem
from affekt.service.schemas import Health
from affekt.service.service import check_key, service_of

router = APIRouter()

_FIGURES = answer(Health, "unauthorised") | {
    200: {"content": {"text/plain": {"schema": {"type": "string"}}}}
}


@router.get("/healthz", summary="The process lives", responses=answer(Health))
async def healthz() -> JSONResponse:
    """Answer as long as the event loop turns."""
    return JSONResponse({"status": "ok"})


@router.get(
    "/readyz",
    summary="It takes requests",
    responses=answer(Health, "shutting-down"),
)
async def readyz(request: Request) -> JSONResponse:
    """Answer once the model is loaded and the workers have started, until the end begins."""
    if not service_of(request).ready:
        raise Problem("shutting-down", "the service is starting or about to end", retry_after_s=1)
    return JSONResponse({"status": "ok"})


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses=_FIGURES,
    dependencies=[Depends(check_key)],
)
async def metrics(request: Request) -> Response:
    """Answer requests, errors, latencies, seconds of sound, and the queue."""
    return Response(service_of(request).metrics.text(), media_type=CONTENT_TYPE_LATEST)
