"""Pieces of HTML, and pages that need nothing else: no network, no file beside them."""

from __future__ import annotations

import base64
import string
from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources

from affekt.evaluation.files import Table


def page(title: str, blocks: Iterable[str]) -> str:
    """Return a page in the style of all reports, in light and dark."""
    template = resources.files(__package__).joinpath("templates/run_report.html")
    text = string.Template(template.read_text(encoding="utf-8"))
    return text.substitute(title=escape(title), body="\n".join(blocks))


def table_block(table: Table) -> str:
    """Return a table."""
    head = "".join(
        f'<th scope="col"{_kind(table, place)}>{escape(cell)}</th>'
        for place, cell in enumerate(table.header)
    )
    body = "".join(_row(table, row) for row in table.rows)
    return framed(table.caption, head, body)


def _row(table: Table, row: Sequence[str]) -> str:
    name, *cells = row
    rest = "".join(
        f"<td{_kind(table, place)}>{escape(cell)}</td>" for place, cell in enumerate(cells, 1)
    )
    return f'<tr><th scope="row" class="word">{escape(name)}</th>{rest}</tr>\n'


def framed(caption: str, head: str, body: str) -> str:
    """Return a table from the cells of its head and the rows of its body."""
    # A table wider than the window scrolls in its frame, which the keyboard must reach.
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}</tbody></table></div>"
    )


def _kind(table: Table, place: int) -> str:
    return ' class="word"' if place in table.words else ""


def drawing(svg: str, caption: str) -> str:
    """Return a plot with its caption; its figures must stand in a table beside it."""
    source = data_address("image/svg+xml", svg.encode("utf-8"))
    words = escape(caption)
    return (
        f'<figure><img src="{source}" alt="{words}; the figures stand in the tables">'
        f"<figcaption>{words}</figcaption></figure>"
    )


def folded(summary: str, content: str) -> str:
    """Return what is shown when asked for."""
    return f"<details><summary>{escape(summary)}</summary>{content}</details>"


def data_address(media_type: str, content: bytes) -> str:
    """Return a file as an address that holds it."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
