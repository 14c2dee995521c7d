"""Reports as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from affekt.report.document import Block, Bullets, Document, Facts, Folded, Plot, Section, Table


def as_markdown(document: Document) -> str:
    """Return a report as a Markdown page."""
    parts = [f"# {document.title}", *([document.lead] if document.lead else [])]
    for section in document.sections:
        parts += _section(section)
    return "\n\n".join(parts) + "\n"


def table_markdown(table: Table) -> str:
    """Return a table as Markdown, without its caption."""
    rule = [":--" if place in table.words else "--:" for place in range(len(table.header))]
    lines = [table.header, rule, *table.rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _section(section: Section) -> Iterator[str]:
    if section.title:
        yield f"## {section.title}"
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case str():
            yield block
        case Facts():
            yield "\n".join(f"- **{name}**: {value}" for name, value in block.items)
        case Bullets():
            yield "\n".join(
                f"- **{about}**: {text}" if about else f"- {text}" for about, text in block.items
            )
        case Table():
            if block.caption:
                yield f"{block.caption}:"
            yield table_markdown(block)
        case Plot():
            if block.file:
                yield f"![{block.caption}]({block.file})"
        case Folded():
            for inner in block.blocks:
                yield from _block(inner)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
