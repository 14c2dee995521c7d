"""Text of tables, and writing files whole or not at all."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from affekt.errors import ConfigError


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

    def to_markdown(self) -> str:
        """Return the table as Markdown, without its caption."""
        rule = [":--" if place in self.words else "--:" for place in range(len(self.header))]
        lines = [self.header, rule, *self.rows]
        return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files so that each is the old one or the new one, never a part of either.

    Args:
        folder: made if it does not exist.
        files: name to content; text is written as UTF-8, see `utf8`.

    Raises:
        ConfigError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".new-") as place:
            for name, content in files.items():
                data = utf8(content) if isinstance(content, str) else content
                (Path(place) / name).write_bytes(data)
            for name in files:
                (Path(place) / name).replace(folder / name)
    except OSError as error:
        raise ConfigError(
            f"{folder}: a report cannot be written: {error.strerror}; choose another folder"
        ) from error


def utf8(text: str) -> bytes:
    """Return text in UTF-8; what no UTF-8 can write, as bytes in names of files, as JSON would."""
    return text.encode("utf-8", "backslashreplace")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
