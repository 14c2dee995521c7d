"""A split as it is written: its columns under whatever names, its rows word for word."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from affekt.errors import ConfigError
from affekt.files import read_bytes

# What people call the columns; the first that is there counts.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "path": ("path", "file", "filename", "file_path", "filepath", "wav"),
    "part": ("part", "split", "subset", "set", "partition", "fold"),
    "round": ("round",),
    "speaker": ("speaker", "speaker_id", "actor"),
    "label": ("native_label", "emotion", "label"),
    "sentence": ("sentence", "text", "utterance"),
    "collection": ("collection", "corpus", "dataset"),
    "start": ("start", "start_s"),
}
# A further part column that may number the rounds of a cross-validation.
_FOLD = "fold"


class Row(NamedTuple):
    """A row: what it says by our names of the columns ("" where empty), and how it is written."""

    said: Mapping[str, str]
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A split's table.

    Attributes:
        path: the file.
        header: the first line, as it is written.
        rows: in their order; blank lines belong to the row that follows.
    """

    path: Path
    header: str
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, path: Path) -> Table:
        """Read a CSV with a column for the path and one for the part.

        Raises:
            ConfigError: it cannot be read, lacks a column, or has no rows or an empty cell there.
        """
        try:
            text = read_bytes(path).decode("utf-8")
            # Not translated, so that rows are written again as they were.
            lines = list(io.StringIO(text, newline=""))
            there, header, cells, written = _parse(lines)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
        except (UnicodeDecodeError, csv.Error) as error:
            raise ConfigError(f"{path}: not a CSV file in UTF-8: {error}") from error
        columns = _columns(there, cells)
        for wanted in ("path", "part"):
            if wanted not in columns:
                raise ConfigError(
                    f"{path}: no column for the {wanted} ({', '.join(_COLUMNS[wanted])}); it has: "
                    f"{', '.join(there) or 'none'}"
                )
        rows = [
            {name: (row.get(column) or "").strip() for name, column in columns.items()}
            for row in cells
        ]
        for number, said in enumerate(rows, start=1):
            for wanted in ("path", "part"):
                if not said[wanted]:
                    raise ConfigError(f"{path}, row {number}: '{columns[wanted]}' is empty")
        if not rows:
            raise ConfigError(f"{path}: the table has no rows")
        return cls(path=path, header=header, rows=tuple(map(Row, rows, written)))

    def find(self, written: str, root: Path | None) -> Path:
        """Return the file that a row names: beside the table, else below the root."""
        beside = self.path.absolute().parent / written
        below = (root.absolute() if root else self.path.absolute().parent) / written
        return below if not is_there(beside) and is_there(below) else beside


def is_there(path: Path) -> bool:
    """Tell whether there is a file; one that may not be looked at is taken to be there."""
    try:
        return path.is_file()
    except OSError:
        return True


def _parse(
    lines: Sequence[str],
) -> tuple[list[str], str, list[dict[str, str | None]], list[str]]:
    """Return the names of the columns, the header, and the rows as cells and as written."""
    plain = [line.removeprefix("\ufeff") if not at else line for at, line in enumerate(lines)]
    reader = csv.DictReader(plain, strict=True)
    there = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = there
    begin = reader.line_num
    header = "".join(lines[:begin])
    cells: list[dict[str, str | None]] = []
    written = []
    for row in reader:
        if any(row.values()):
            cells.append(row)
            written.append("".join(lines[begin : reader.line_num]))
            begin = reader.line_num
    return there, header, cells, written


def _columns(there: Sequence[str], cells: Sequence[Mapping[str, str | None]]) -> dict[str, str]:
    """Return the column of each thing that is wanted and there."""
    lower = {name.lower(): name for name in reversed(there)}
    columns = {
        wanted: next(lower[name] for name in names if name in lower)
        for wanted, names in _COLUMNS.items()
        if any(name in lower for name in names)
    }
    fold = lower.get(_FOLD)
    if fold and "path" in columns and "round" not in columns and columns.get("part") != fold:
        # Where every file has one fold alone, the column tells rounds that are yet to be made.
        folds: dict[str | None, set[str | None]] = defaultdict(set)
        for row in cells:
            folds[row.get(columns["path"])].add(row.get(fold))
        if any(len(found) > 1 for found in folds.values()):
            columns["round"] = fold
    return columns
