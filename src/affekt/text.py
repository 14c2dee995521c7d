"""Text from elsewhere, such as names of files and labels, where a person or a program reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping

# Control characters, which a terminal obeys, and marks that turn the order of what follows.
_OBEYED = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_PATHS = {"path", "file", "clip", "report"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    """Return a text that no terminal obeys: what it would obey is written as an escape."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def printable_lines(text: str) -> str:
    """Return a text of several lines likewise; its line ends stay."""
    return "\n".join(map(printable, text.split("\n")))


def csv_cell(column: str, value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula; what is no text stays.

    A path gets `./`, with which it leads to the same file; another word an apostrophe.
    """
    if not isinstance(value, str) or not value.startswith(_FORMULA) or _is_plain(value):
        return value
    return f"./{value}" if column in _PATHS else f"'{value}"


def csv_record(row: Mapping[str, object]) -> dict[str, object]:
    """Return a row of such cells, by column."""
    return {column: csv_cell(column, value) for column, value in row.items()}


def _is_plain(text: str) -> bool:
    return text == "-" or _NUMBER.fullmatch(text) is not None
