"""What a report is made of, whatever shows it: sections of paragraphs, facts, tables, plots."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table for people, every cell as text.

    Attributes:
        caption: what it shows.
        header: `[columns]`.
        rows: `[rows][columns]`; the first cell names the row.
        words: columns of words, which stand left; all others are figures.
    """

    caption: str = ""
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: frozenset[int] = frozenset({0})

    @classmethod
    def of(cls, rows: Sequence[Sequence[str]], *, words: Iterable[int] = (0,)) -> Table:
        """Make a table; the first row is its header, `words` are its columns of words."""
        header, *body = rows
        return cls(
            header=tuple(header), rows=tuple(tuple(row) for row in body), words=frozenset(words)
        )

    def marked(self, mark: str) -> Table:
        """Return the table with a last column that holds a mark in every row."""
        return dataclasses.replace(
            self,
            header=(*self.header, mark),
            rows=tuple((*row, mark) for row in self.rows),
            words=self.words | {len(self.header)},
        )


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they are."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences, each with what it is about ("" where the sentence says it)."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot whose figures stand in a table beside it.

    Attributes:
        caption: what it shows.
        svg: the drawing.
        file: its name where the report is a folder of files, for Markdown.
    """

    caption: str
    svg: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Folded:
    """What is shown when asked for."""

    summary: str
    blocks: tuple[Block, ...]


# A string is a paragraph.
Block = str | Facts | Bullets | Plot | Table | Folded


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report: its heading ("" goes on with the part before), and its blocks."""

    title: str
    blocks: tuple[Block, ...]

    def marked(self, mark: str) -> Section:
        """Return the section with all its figures marked."""
        return Section(self.title, tuple(marked(block, mark) for block in self.blocks))


@dataclass(frozen=True, slots=True)
class Document:
    """A whole report.

    Attributes:
        title: its heading.
        sections: its parts in their order.
        lead: a sentence on what it is; "" without.
        listed: a page begins with links to its sections.
    """

    title: str
    sections: tuple[Section, ...]
    lead: str = ""
    listed: bool = False


def marked(block: Block, mark: str) -> Block:
    """Return a block whose figures all bear a mark."""
    match block:
        case Table():
            return block.marked(mark)
        case Plot():
            return dataclasses.replace(block, caption=f"{block.caption} {mark}")
        case Folded():
            return dataclasses.replace(block, blocks=tuple(marked(it, mark) for it in block.blocks))
        case _:
            return block
