"""Reports for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from affekt.report.document import Block, Bullets, Facts, Folded, Plot, Section, Table


def as_text(sections: Iterable[Section]) -> str:
    """Return sections for a terminal; plots are left out, for their figures stand in tables."""
    return "\n\n".join("\n".join(_lines(section)) for section in sections) + "\n"


def _lines(section: Section) -> Iterator[str]:
    if section.title:
        yield f"== {section.title}"
    paragraphs = sum(isinstance(block, str) for block in section.blocks)
    for block in section.blocks:
        # A table stands apart from sentences, and close to the one that introduces it.
        if isinstance(block, Table) and paragraphs > 1:
            yield ""
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case str():
            yield block
        case Facts():
            yield from (f"{name:<10} {value}" for name, value in block.items)
        case Bullets():
            yield from (
                f"- {about}: {text}" if about else f"- {text}" for about, text in block.items
            )
        case Table():
            yield from _aligned(block)
        case Folded():
            yield block.summary
            for inner in block.blocks:
                yield from _block(inner)
        case Plot():
            pass


def _aligned(table: Table) -> Iterator[str]:
    rows = [table.header, *table.rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.ljust(width) if place in table.words else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
