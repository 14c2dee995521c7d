"""Reports as HTML: pages that need nothing else, no network and no file beside them.

Jinja2 fills in the templates, and escapes every text that it is given.
"""

from __future__ import annotations

import base64
import functools
import re
from typing import Any

from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

from affekt.report.document import Block, Document


def as_html(document: Document) -> str:
    """Return a report as a page, in light and dark, with its sections listed at the top."""
    return render(__package__, "document.html", document=document)


def render(room: str, template: str, **values: Any) -> str:
    """Fill in a template of a room's folder `templates`; it may extend `report/base.html`.

    Args:
        room: the package whose folder `templates` holds it.
        template: name of the file.
        **values: what its names stand for.
    """
    return _environment(room).get_template(f"room/{template}").render(**values)


def stylesheet() -> str:
    """Return the style of all pages: light, dark and print."""
    return _environment(__package__).get_template("report/style.css").render()


def data_address(media_type: str, content: bytes) -> str:
    """Return a file as an address that holds it."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"


@functools.cache
def _environment(room: str) -> Environment:
    loader = PrefixLoader({"report": PackageLoader(__package__), "room": PackageLoader(room)})
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"anchor": _anchor, "kind": _kind, "svg_address": _svg_address}
    return environment


def _anchor(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")


def _kind(block: Block) -> str:
    return "Paragraph" if isinstance(block, str) else type(block).__name__


def _svg_address(svg: str) -> str:
    return data_address("image/svg+xml", svg.encode("utf-8"))
