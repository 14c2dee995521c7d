"""Tables for people, on a terminal and elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# A narrower terminal breaks the lines itself: no column gets lost.
_LEAST_WIDTH = 80
# Files and pipes have no width: nothing is folded there.
_NO_LIMIT = 100_000


def open_console(out: TextIO) -> Console:
    """Return what draws on a stream: as wide as the terminal allows, without limit elsewhere."""
    from rich.console import Console  # costs 60 ms, which other formats need not pay

    console = Console(file=out, highlight=False)
    console.width = max(console.width, _LEAST_WIDTH) if out.isatty() else _NO_LIMIT
    return console


def plain_table(*, show_header: bool = True) -> Table:
    """Return an empty table without lines.

    Where the terminal is narrow, columns that may fold share the room: what names a row must be
    one of these, and so must all whose words are the users' and perhaps long.
    """
    from rich.table import Table

    return Table(
        box=None,
        show_header=show_header,
        pad_edge=False,
        padding=(0, 2, 0, 0),
        header_style="dim",
    )


def print_table(console: Console, table: Table) -> None:
    """Draw a table; outside a terminal without blanks at the ends of lines."""
    if console.is_terminal:
        console.print(table, crop=False)
        return
    with console.capture() as drawn:
        console.print(table, crop=False)
    for line in drawn.get().splitlines():
        console.file.write(f"{line.rstrip()}\n")
