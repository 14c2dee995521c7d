"""Reports: one model of what they say, and renderers for terminals, Markdown, HTML and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affekt._lazy import on_first_use
from affekt.report.csv import csv_text
from affekt.report.document import (
    Block,
    Bullets,
    Document,
    Facts,
    Folded,
    Plot,
    Section,
    Table,
    marked,
)
from affekt.report.markdown import as_markdown, table_markdown
from affekt.report.progress import is_watched, progress_bars
from affekt.report.text import as_text

if TYPE_CHECKING:
    from affekt.report.html import as_html, data_address, render, stylesheet
    from affekt.report.plots import (
        BLUE,
        DARK,
        DIM,
        FAINT,
        GREEN,
        GREY,
        ORANGE,
        VERMILION,
        legend_above,
        legend_below,
        new_figure,
        new_panels,
        plain_axes,
        require_matplotlib,
        to_png,
        to_svg,
    )

__all__ = [
    "BLUE",
    "DARK",
    "DIM",
    "FAINT",
    "GREEN",
    "GREY",
    "ORANGE",
    "VERMILION",
    "Block",
    "Bullets",
    "Document",
    "Facts",
    "Folded",
    "Plot",
    "Section",
    "Table",
    "as_html",
    "as_markdown",
    "as_text",
    "csv_text",
    "data_address",
    "is_watched",
    "legend_above",
    "legend_below",
    "marked",
    "new_figure",
    "new_panels",
    "plain_axes",
    "progress_bars",
    "render",
    "require_matplotlib",
    "stylesheet",
    "table_markdown",
    "to_png",
    "to_svg",
]

# Pages need Jinja2 and plots matplotlib: they are loaded on first use.
_LAZY = {
    "BLUE": "affekt.report.plots",
    "DARK": "affekt.report.plots",
    "DIM": "affekt.report.plots",
    "FAINT": "affekt.report.plots",
    "GREEN": "affekt.report.plots",
    "GREY": "affekt.report.plots",
    "ORANGE": "affekt.report.plots",
    "VERMILION": "affekt.report.plots",
    "as_html": "affekt.report.html",
    "data_address": "affekt.report.html",
    "legend_above": "affekt.report.plots",
    "legend_below": "affekt.report.plots",
    "new_figure": "affekt.report.plots",
    "new_panels": "affekt.report.plots",
    "plain_axes": "affekt.report.plots",
    "render": "affekt.report.html",
    "require_matplotlib": "affekt.report.plots",
    "stylesheet": "affekt.report.html",
    "to_png": "affekt.report.plots",
    "to_svg": "affekt.report.plots",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = on_first_use(__name__, _LAZY)
