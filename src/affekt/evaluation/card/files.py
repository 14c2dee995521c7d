"""The model card as files: a page that needs nothing else, and JSON with everything."""

from __future__ import annotations

import json
import re
from pathlib import Path

from affekt.evaluation.card.card import Card
from affekt.evaluation.card.sections import sections
from affekt.evaluation.card.warnings import warnings_of
from affekt.output import write_outputs
from affekt.report import Document, as_html


def card_files(folder: Path, name: str) -> tuple[Path, Path]:
    """Return where page and JSON of a model of that name lie."""
    stem = re.sub(r"[^\w.-]+", "-", name)
    return folder / f"{stem}.html", folder / f"{stem}.json"


def write_card(folder: Path, card: Card, *, force: bool = False) -> tuple[Path, Path]:
    """Write `NAME.html` and `NAME.json`, by the name of the model.

    Args:
        folder: made if it does not exist.
        card: what was measured.
        force: replace files that Affekt did not write.

    Returns:
        Where they lie.

    Raises:
        ConfigError: the folder cannot be written.
    """
    html, document = card_files(folder, card.name)
    write_outputs(folder, {html.name: to_html(card), document.name: to_json(card)}, force=force)
    return html, document


def to_json(card: Card) -> str:
    """Return everything as one JSON object; shares lie between 0 and 1."""
    values = card.to_dict() | {
        "warnings": [{"about": item.about, "text": item.text} for item in warnings_of(card)]
    }
    return json.dumps(values, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def to_html(card: Card) -> str:
    """Return the page."""
    return as_html(
        Document(
            title=f"Report on {card.report.bundle}",
            lead="What this model was measured to do, on whom, and where it fails. Written by "
            "fixed rules from the figures below; no recording is in it.",
            sections=sections(card),
            listed=True,
        )
    )
