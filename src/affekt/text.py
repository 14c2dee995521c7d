"""Text from elsewhere, such as names of files and labels, where a person or a program reads it."""

from __future__ import annotations

import re

# Control characters, which a terminal obeys, and marks that turn the order of what follows.
_OBEYED = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    """Return a text that no terminal obeys: what it would obey is written as an escape."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def printable_lines(text: str) -> str:
    """Return a text of several lines likewise; its line ends stay."""
    return "\n".join(map(printable, text.split("\n")))


def csv_word(text: str) -> str:
    """Return a label or another word that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) and not _is_plain(text) else text


def csv_path(path: str) -> str:
    """Return the path of the same file that no spreadsheet takes for a formula."""
    return f"./{path}" if path.startswith(_FORMULA) and path != "-" else path


def _is_plain(text: str) -> bool:
    return text == "-" or _NUMBER.fullmatch(text) is not None
