"""The application: routes, errors, start and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from affekt._version import __version__
from affekt.errors import AffektError
from affekt.service import health, recordings, streaming
from affekt.service.context import RequestContext
from affekt.service.openapi import DESCRIPTION, complete
from affekt.service.page import add_page
from affekt.service.problems import Problem, ProblemResponse, problem_of, problem_of_status
from affekt.service.service import Service, service_of
from affekt.service.settings import Settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """Return the ASGI application.

    Args:
        settings: how it works; None is the default.

    Raises:
        BundleError: there is no such model.
        ConfigError: keys or the note of the model in use cannot be read.
    """
    service = Service(settings or Settings())
    app = FastAPI(
        title="Affekt",
        version=__version__,
        description=DESCRIPTION,
        lifespan=_lifespan,
        # The usual pages load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.service = service
    app.include_router(recordings.router)
    app.include_router(streaming.router)
    app.include_router(health.router)
    add_page(app, service.settings.model)
    _add_errors(app)
    app.openapi = partial(_document, app, service)  # type: ignore[method-assign]
    if service.settings.cors:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=service.settings.cors,
            allow_methods=["GET", "POST"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Request-ID"],
            expose_headers=["X-Request-ID", "Retry-After"],
        )
    app.add_middleware(RequestContext, metrics=service.metrics)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    try:
        await asyncio.to_thread(service.engine.start)
        service.ready = True
        yield
    finally:
        service.ready = False
        await asyncio.to_thread(service.engine.close)


def _add_errors(app: FastAPI) -> None:
    def respond(request: Request, problem: Problem) -> Response:
        service_of(request).metrics.errors.labels(problem.kind).inc()
        request.scope["state"]["log"]["problem"] = problem.kind
        return ProblemResponse(problem, request.scope["state"]["id"])

    @app.exception_handler(Problem)
    async def of_ours(request: Request, error: Problem) -> Response:
        return respond(request, error)

    @app.exception_handler(AffektError)
    async def of_the_library(request: Request, error: AffektError) -> Response:
        return respond(request, problem_of(error))

    @app.exception_handler(HTTPException)
    async def of_the_framework(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        return respond(request, problem_of_status(error.status_code, str(error.detail), headers))

    @app.exception_handler(RequestValidationError)
    async def of_parameters(request: Request, error: RequestValidationError) -> Response:
        wrong = [
            {"parameter": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"]}
            for item in error.errors()
        ]
        detail = "; ".join(f"{item['parameter']}: {item['message']}" for item in wrong)
        return respond(request, Problem("invalid-parameter", detail, errors=wrong))


def _document(app: FastAPI, service: Service) -> dict[str, Any]:
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            license_info=app.license_info,
            routes=app.routes,
        )
        app.openapi_schema = complete(document, keys=service.keys.needed)
    return app.openapi_schema
