"""What the sections of a report of trust are made of."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from affekt.evaluation.files import Table
from affekt.evaluation.layout import ends, why_no_interval
from affekt.metrics import Interval


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences, each with what it is about."""

    items: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """An SVG file, and what it shows; its figures stand in a table beside it."""

    caption: str
    svg: str


@dataclass(frozen=True, slots=True)
class Folded:
    """What is shown when asked for."""

    summary: str
    blocks: tuple[Block, ...]


Block = str | Bullets | Plot | Table | Folded


@dataclass(frozen=True, slots=True)
class Section:
    """A section: its heading, and paragraphs, tables and plots in their order."""

    title: str
    blocks: tuple[Block, ...]


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


def interval_of(interval: Interval | None, speakers: int, *, told: bool) -> str:
    """Return both ends in percent, in few words; see `ends`."""
    if interval is None:
        return why_no_interval(speakers, told=told)
    return ends(interval, speakers)
