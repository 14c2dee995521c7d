"""Markdown tables of the generators, as the reports of Affekt write theirs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from affekt.report import Table, table_markdown


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, right: str = "") -> str:
    """Return a Markdown table.

    Args:
        head: names of the columns.
        rows: cells of any type; bars in them are escaped.
        right: one character a column, "r" where numbers are aligned to the right.
    """
    words = [place for place in range(len(head)) if right[place : place + 1] != "r"]
    return table_markdown(Table.of([head, *([*map(str, row)] for row in rows)], words=words))
