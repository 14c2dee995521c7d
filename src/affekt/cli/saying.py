"""What a command says: on standard output its results, on standard error all else."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import TextIO, cast

import click

from affekt.text import printable, printable_lines


def echo(text: str | object = "", *, nl: bool = True) -> None:
    """Write lines on standard output; a name in them moves no cursor and sets no title."""
    click.echo(printable_lines(str(text)), nl=nl)


def results() -> TextIO:
    """Return standard output for what programs read: exact, but on a terminal as `echo` writes."""
    return cast("TextIO", _Shown(sys.stdout)) if sys.stdout.isatty() else sys.stdout


class _Shown(io.TextIOBase):
    """A terminal that obeys nothing of what is written."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal

    def write(self, text: str) -> int:
        return self._terminal.write(printable_lines(text))

    def flush(self) -> None:
        self._terminal.flush()

    def isatty(self) -> bool:
        return True


def say(message: str | object, *, prefix: str = "affekt: ") -> None:
    """Write one line on standard error; where it cannot be written, the work goes on without."""
    try:
        click.echo(prefix + printable(str(message)), err=True)
    except (OSError, ValueError):
        sys.stderr = _nowhere()


def fill_closed_streams() -> None:
    """Give standard streams that are closed a place, or the next file would be taken for them."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is this one
    if sys.stderr is None:
        sys.stderr = _nowhere()


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")
