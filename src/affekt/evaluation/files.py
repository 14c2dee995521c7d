"""Text of tables."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from affekt.text import csv_cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table for people, every cell as text.

    Attributes:
        caption: what it shows.
        header: `[columns]`.
        rows: `[rows][columns]`; the first cell names the row.
        words: columns of words, which stand left; all others are figures.
    """

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset({0})

    def marked(self, mark: str) -> Table:
        """Return the table with a last column that holds a mark in every row."""
        return dataclasses.replace(
            self,
            header=(*self.header, mark),
            rows=tuple((*row, mark) for row in self.rows),
            words=self.words | {len(self.header)},
        )

    def to_markdown(self) -> str:
        """Return the table as Markdown, without its caption."""
        rule = [":--" if place in self.words else "--:" for place in range(len(self.header))]
        lines = [self.header, rule, *self.rows]
        return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV file; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_cell("", name) for name in header])
    for row in rows:
        writer.writerow([csv_cell(*pair) for pair in zip(header, row, strict=True)])
    return text.getvalue()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
