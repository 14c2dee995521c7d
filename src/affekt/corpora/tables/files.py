"""Files of tables, whatever wrote them: CSV with any separator, JSON lines, Parquet.

Here a table is rows of text under the names of its columns; `columns` says what they mean.
"""

from __future__ import annotations

import csv
import io
import json
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from affekt.corpora.tables.columns import COLUMNS, plain
from affekt.errors import CorpusError
from affekt.files import read_bytes
from affekt.output import open_output, write_output
from affekt.parquet import load_pyarrow

CSV_SUFFIXES = (".csv", ".tsv", ".txt")
JSON_SUFFIXES = (".jsonl", ".ndjson")
PARQUET_SUFFIXES = (".parquet", ".pq")
SUFFIXES = (*CSV_SUFFIXES, *JSON_SUFFIXES, *PARQUET_SUFFIXES)
_SEPARATORS = ",;\t"
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_NAMES = {plain(name) for names in COLUMNS.values() for name in names}


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        where: its place, in words: "line 3", or "row 2" of Parquet, counted from 1.
        cells: its values by column, "" where there is none.
        written: as it stands in the file, with its end of line; "" of Parquet.
    """

    where: str
    cells: Mapping[str, str]
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """A table as it stands in its file.

    Attributes:
        path: the file.
        columns: their names, in order.
        rows: in order; blank lines belong to the row that follows.
        header: the first line as it is written, a byte order mark included; "" without one.
        encoding: of its text.
    """

    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    header: str = ""
    encoding: str = "utf-8"

    def write_rows(self, out: Path, kept: Collection[int], *, force: bool = False) -> None:
        """Write the table with those rows alone; the rows stay word for word.

        Args:
            out: the file, of the same kind.
            kept: numbers of the rows, from 0.
            force: replace a file that Affekt did not write.

        Raises:
            ConfigError: the file may not be replaced, or cannot be written.
        """
        if self.path.suffix.lower() in PARQUET_SUFFIXES:
            _, parquet = load_pyarrow()
            chosen = parquet.read_table(self.path).take(sorted(kept))
            with open_output(out, inputs=[self.path], force=force) as sink:
                parquet.write_table(chosen, sink)
            return
        rows = [row.written for number, row in enumerate(self.rows) if number in kept]
        content = "".join([self.header, *rows]).encode(self.encoding)
        write_output(out, content, inputs=[self.path], force=force)


def read_table_file(path: Path) -> TableFile:
    """Read a table: its kind follows from its name, its separator from its first line.

    A text that is not UTF-8 is taken for Windows-1252, and a warning says so.

    Raises:
        CorpusError: there is none, or it cannot be read; the message names the line.
        MissingExtraError: Parquet without pyarrow.
    """
    suffix = path.suffix.lower()
    if not path.exists():
        raise CorpusError(f"{path}: no such table")
    if suffix not in SUFFIXES:
        raise CorpusError(
            f"{path}: a table's name ends in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"
        )
    if suffix in PARQUET_SUFFIXES:
        return _read_parquet(path)
    text, encoding = _text(path)
    # Not translated, so that rows can be written again as they were.
    lines = list(io.StringIO(text, newline=""))
    if suffix in JSON_SUFFIXES:
        return _read_json(path, lines, encoding)
    try:
        return _read_csv(path, lines, encoding)
    except csv.Error as error:
        raise CorpusError(f"{path}: not a CSV file: {error}") from error


def _text(path: Path) -> tuple[str, str]:
    """Return the text of a file and its encoding; a byte order mark stays in the text."""
    try:
        content = read_bytes(path)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from error
    encoding = _UTF16.get(content[:2], "utf-8")
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError as error:
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise CorpusError(
                f"{path}: text in neither UTF-8 nor Windows-1252: {error}; save it as UTF-8"
            ) from None
        warnings.warn(f"{path}: not UTF-8; read as Windows-1252 (cp1252)", stacklevel=2)
        return text, "cp1252"


def _read_csv(path: Path, lines: Sequence[str], encoding: str) -> TableFile:
    plain_lines = [line.removeprefix("\ufeff") if not at else line for at, line in enumerate(lines)]
    reader = csv.reader(plain_lines, delimiter=_separator(plain_lines), strict=True)
    columns = tuple(name.strip() for name in next(reader, []))
    begin = reader.line_num
    header = "".join(lines[:begin])
    rows = []
    for values in reader:
        if not any(value.strip() for value in values):
            continue
        where = f"line {reader.line_num}"
        if any(value.strip() for value in values[len(columns) :]):
            raise CorpusError(
                f"{path}, {where}: {len(values)} values for {len(columns)} columns; put a value "
                "that holds the separator in quotes"
            )
        values += [""] * (len(columns) - len(values))
        cells = dict(zip(columns, (value.strip() for value in values), strict=False))
        rows.append(Row(where, cells, "".join(lines[begin : reader.line_num])))
        begin = reader.line_num
    return TableFile(path=path, columns=columns, rows=tuple(rows), header=header, encoding=encoding)


def _separator(lines: Sequence[str]) -> str:
    """Return what separates the columns: what gives most names that are known, then most names."""

    def merit(separator: str) -> tuple[int, int]:
        try:
            names = next(csv.reader(lines, delimiter=separator), [])
        except csv.Error:
            return (0, 0)
        return sum(plain(name) in _NAMES for name in names), len(names)

    return max(_SEPARATORS, key=merit)


def _read_json(path: Path, lines: Sequence[str], encoding: str) -> TableFile:
    columns: dict[str, None] = {}
    rows = []
    for number, line in enumerate(lines, start=1):
        text = line.removeprefix("\ufeff").strip()
        if not text:
            continue
        try:
            found = json.loads(text, parse_int=str, parse_float=str)
        except (ValueError, RecursionError) as error:
            raise CorpusError(f"{path}, line {number}: not JSON: {error}") from None
        if not isinstance(found, dict):
            raise CorpusError(f"{path}, line {number}: not an object: {{...}} is expected")
        cells = {name.strip(): _cell(value) for name, value in found.items()}
        columns |= dict.fromkeys(cells)
        rows.append(Row(f"line {number}", cells, line))
    full = [row._replace(cells=dict.fromkeys(columns, "") | dict(row.cells)) for row in rows]
    return TableFile(path=path, columns=tuple(columns), rows=tuple(full), encoding=encoding)


def _cell(value: object) -> str:
    return "" if value is None else str(value).strip()


def _read_parquet(path: Path) -> TableFile:
    arrow, parquet = load_pyarrow()
    try:
        found = parquet.read_table(path)
        columns = [_column(arrow, column) for column in found.columns]
    except (arrow.ArrowException, OSError) as error:
        raise CorpusError(f"{path}: not a readable Parquet file: {error}") from error
    names = found.column_names
    return TableFile(
        path=path,
        columns=tuple(names),
        rows=tuple(
            Row(f"row {number}", dict(zip(names, map(_cell, values), strict=True)), "")
            for number, values in enumerate(_across(columns, found.num_rows), start=1)
        ),
    )


def _column(arrow: Any, column: Any) -> list[Any]:
    """Return the values of a column; a length of time in seconds, a category by its word."""
    kind = column.type
    if arrow.types.is_dictionary(kind):
        return _column(arrow, column.cast(kind.value_type))
    if arrow.types.is_duration(kind):
        units = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
        ticks = column.cast(arrow.int64()).to_pylist()
        return [None if tick is None else tick / units[kind.unit] for tick in ticks]
    values: list[Any] = column.to_pylist()
    return values


def _across(columns: Sequence[Sequence[Any]], rows: int) -> Iterator[tuple[Any, ...]]:
    yield from zip(*columns, strict=True) if columns else ((),) * rows
