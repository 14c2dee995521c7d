"""`GET /`: the page that recognises inside the browser, where it was built."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from affekt.service.browser import folder
from affekt.web_bundle import HEADERS, media_type

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Affekt</title>
<h1>Affekt</h1><p>The service works. The page that recognises inside the browser is not built yet:
run <code>affekt web-bundle DIR</code> once, and start the service again.</p>
<p><a href="openapi.json">openapi.json</a> describes the interface.</p></html>
"""


def add_page(app: FastAPI, model: str) -> None:
    """Serve every file of the page at its place, and nothing else.

    A folder mounted at the root would also take what belongs to other routes.
    """
    built = folder(model)
    if built is None:
        app.add_route("/", _not_built, include_in_schema=False)
        return
    for path in sorted(built.rglob("*")):
        if path.is_file():
            name = path.relative_to(built).as_posix()
            _add_file(app, path, name)
            if name == "index.html":
                _add_file(app, path, "")


async def _not_built(request: Request) -> Response:  # noqa: ARG001
    return HTMLResponse(_NOT_BUILT)


def _add_file(app: FastAPI, path: Path, name: str) -> None:
    async def send(request: Request) -> Response:  # noqa: ARG001
        return FileResponse(path, headers=HEADERS, media_type=media_type(path.name))

    app.add_route(f"/{name}", send, include_in_schema=False)
