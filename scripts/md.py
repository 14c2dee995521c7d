"""The few pieces of Markdown that the generators share."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: str = "") -> str:
    """Return a Markdown table.

    Args:
        head: names of the columns.
        rows: cells of any type; bars in them are escaped.
        right: one character a column, "r" where numbers are aligned to the right.
    """
    rule = ["---:" if mark == "r" else "---" for mark in right.ljust(len(head), "l")]
    lines = [list(head), rule, *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
