"""Tables of utterances: people's own as a corpus, and the common table that `scan` writes."""

from __future__ import annotations

import csv
import dataclasses
import difflib
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from affekt.corpora import collection_of
from affekt.corpora.folders import UNKNOWN_SPEAKER
from affekt.corpora.labels import canonical_label, check_labels
from affekt.corpora.stretches import within_recordings
from affekt.errors import CorpusError, MissingExtraError
from affekt.files import open_text
from affekt.output import open_output, open_text_output
from affekt.records import Utterance, with_one_spelling

COLUMNS: tuple[str, ...] = tuple(item.name for item in dataclasses.fields(Utterance))
# Read if there; the common table itself can be read again.
OPTIONAL = (
    *("speaker", "split", "start", "end", "start_s", "end_s", "corpus", "collection"),
    *("native_label", "language", "gender", "age", "intensity", "sentence", "take"),
)
_SHOWN = 5


@dataclass(frozen=True)
class TableCorpus:
    """A CSV or Parquet file with a row an utterance.

    Columns `path` (relative to the table's folder, or absolute) and `emotion`; optional
    `speaker`, `split`, `start` and `end` (seconds in the file), and the other columns of the
    common table. Columns of other names are left alone.

    Attributes:
        table: the file, `.csv` or `.parquet`; a path as text becomes a `Path`.
        name: what to call the corpus; the file's own name if empty. A column `corpus` wins.
        language: ISO 639-1 code; a column `language` wins.
        labels: word to canonical label (or None for none), asked before the synonyms.

    Raises:
        ValueError: the label map cannot be used.
    """

    table: Path
    name: str = field(default="", kw_only=True)
    language: str | None = field(default=None, kw_only=True)
    labels: Mapping[str, str | None] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Check the settings."""
        object.__setattr__(self, "table", Path(self.table))
        check_labels(self.labels)

    def load(self) -> list[Utterance]:
        """Return the utterances in the order of the table.

        Raises:
            CorpusError: the table cannot be read, lacks a column, or a row is wrong; the message
                names the rows (of a CSV: its lines, the header is line 1; of Parquet: from 1).
            MissingExtraError: Parquet without pyarrow.
        """
        rows = _read(self.table)
        utterances: list[Utterance] = []
        first: dict[tuple[str, float | None, float | None], str] = {}
        absent: list[str] = []
        for where, row in rows:
            item = self._utterance(row, where=f"{self.table}, {where}")
            key = (os.path.abspath(item.path), item.start_s, item.end_s)  # noqa: PTH100 - no links
            if key in first:
                raise CorpusError(
                    f"{self.table}, {where}: the same recording as {first[key]} ({item.path})"
                )
            first[key] = where
            # A name that the system refuses (too long, say) is a missing file and no error.
            if not os.path.isfile(item.path):  # noqa: PTH113
                absent.append(f"{where} ({item.path})")
            utterances.append(item)
        if absent:
            more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
            raise CorpusError(
                f"{self.table}: no such recording: {', '.join(absent[:_SHOWN])}{more}; paths are "
                f"read from {self.table.resolve().parent}"
            )
        if not utterances:
            raise CorpusError(f"{self.table}: the table has no rows")
        spelt = with_one_spelling(utterances, where=str(self.table))
        return within_recordings(spelt, where=str(self.table))

    def _utterance(self, row: Mapping[str, str], *, where: str) -> Utterance:
        for column in ("path", "emotion"):
            if not row.get(column) and not (column == "emotion" and row.get("native_label")):
                raise CorpusError(f"{where}: '{column}' is empty")
        start_s = _seconds(row, "start", where=where)
        end_s = _seconds(row, "end", where=where)
        if start_s is not None and end_s is not None and end_s <= start_s:
            raise CorpusError(f"{where}: it ends at {end_s:g} s, before or as it starts")
        # Programs that keep years beside gaps write them as 31.0.
        age = (row.get("age") or "").removesuffix(".0")
        if age and not (age.isdecimal() and len(age) <= 3):
            raise CorpusError(f"{where}: 'age' is '{age}', not a number of years")
        corpus = row.get("corpus") or self.name or self.table.stem
        emotion = row.get("emotion")
        return Utterance(
            path=self.table.parent / row["path"],
            corpus=corpus,
            collection=row.get("collection") or collection_of(corpus),
            speaker=row.get("speaker") or UNKNOWN_SPEAKER,
            native_label=row.get("native_label") or row["emotion"],
            emotion=canonical_label(emotion, self.labels, where=where) if emotion else None,
            language=row.get("language") or self.language,
            gender=row.get("gender") or None,
            age=int(age) if age else None,
            intensity=row.get("intensity") or None,
            sentence=row.get("sentence") or None,
            take=row.get("take") or None,
            split=row.get("split") or None,
            start_s=start_s,
            end_s=end_s,
        )


def write_table(utterances: Sequence[Utterance], path: Path, *, force: bool = False) -> None:
    """Write the common table, a column for each field of `Utterance`; paths are absolute.

    Args:
        utterances: a row each.
        path: the file, `.csv` or `.parquet`; a recording of the table is never written over.
        force: replace a file that Affekt did not write.

    Raises:
        CorpusError: the name ends neither in .csv nor in .parquet, or a path is no text.
        ConfigError: the file may not be replaced, or cannot be written.
        MissingExtraError: Parquet without pyarrow.
    """
    rows = [_row(item) for item in utterances]
    inputs = [item.path for item in utterances]
    check_text(inputs, out=path)
    if path.suffix.lower() == ".csv":
        with open_text_output(path, inputs=inputs, force=force) as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    elif path.suffix.lower() == ".parquet":
        arrow, parquet = _pyarrow()
        kinds = {"age": arrow.int64(), "start_s": arrow.float64(), "end_s": arrow.float64()}
        schema = arrow.schema([(name, kinds.get(name, arrow.string())) for name in COLUMNS])
        table = arrow.Table.from_pylist(rows, schema=schema)
        with open_output(path, inputs=inputs, force=force) as sink:
            parquet.write_table(table, sink)
    else:
        raise CorpusError(f"{path}: a table's name ends in .csv or .parquet")


def check_text(paths: Iterable[Path], *, out: Path) -> None:
    """Refuse a path that a table could not be read back with.

    Raises:
        CorpusError: its bytes are no text.
    """
    for path in paths:
        try:
            str(path.absolute()).encode("utf-8")
        except UnicodeEncodeError as error:
            raise CorpusError(
                f"{out}: cannot be written: {error.object!r} is no text in UTF-8; rename that "
                "folder"
            ) from None


def _row(item: Utterance) -> dict[str, Any]:
    row = {name: getattr(item, name) for name in COLUMNS}
    return row | {"path": str(item.path.absolute())}


def _read(table: Path) -> list[tuple[str, dict[str, str]]]:
    if not table.is_file():
        raise CorpusError(f"{table}: no such table")
    if table.suffix.lower() == ".csv":
        columns, rows = _read_csv(table)
    elif table.suffix.lower() == ".parquet":
        columns, rows = _read_parquet(table)
    else:
        raise CorpusError(f"{table}: a table's name ends in .csv or .parquet")
    _check_columns(table, columns)
    return rows


def _read_csv(table: Path) -> tuple[list[str], list[tuple[str, dict[str, str]]]]:
    try:
        with open_text(table, "utf-8-sig", newline="") as file:
            return _rows_of_csv(table, csv.reader(file, strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{table}: not a CSV file in UTF-8: {error}") from error


def _rows_of_csv(table: Path, reader: Any) -> tuple[list[str], list[tuple[str, dict[str, str]]]]:
    columns = [name.strip() for name in next(reader, [])]
    rows: list[tuple[str, dict[str, str]]] = []
    for values in reader:
        if not any(value.strip() for value in values):
            continue
        where = f"line {reader.line_num}"
        if len(values) != len(columns):
            raise CorpusError(
                f"{table}, {where}: {len(values)} values for {len(columns)} columns; put a value "
                "that holds a comma in quotes"
            )
        rows.append(
            (where, {name: value.strip() for name, value in zip(columns, values, strict=True)})
        )
    return columns, rows


def _read_parquet(table: Path) -> tuple[list[str], list[tuple[str, dict[str, str]]]]:
    arrow, parquet = _pyarrow()
    try:
        found = parquet.read_table(table)
    except (arrow.ArrowException, OSError) as error:
        raise CorpusError(f"{table}: not a readable Parquet file: {error}") from error
    return list(found.column_names), [
        (
            f"row {number}",
            {name: "" if value is None else str(value) for name, value in row.items()},
        )
        for number, row in enumerate(found.to_pylist(), start=1)
    ]


def _check_columns(table: Path, columns: list[str]) -> None:
    wanted = ("path", "emotion", *OPTIONAL)
    doubled = next((name for name in columns if name in wanted and columns.count(name) > 1), None)
    if doubled:
        raise CorpusError(f"{table}: column '{doubled}' is there twice")
    for name in columns:
        close = difflib.get_close_matches(name.lower(), wanted, n=1, cutoff=0.85)
        # A misspelt 'speaker' would otherwise silently make every recording the same speaker's.
        if name not in wanted and close and close[0] not in columns:
            raise CorpusError(f"{table}: unknown column '{name}' (did you mean '{close[0]}'?)")
    for name in ("path", "emotion"):
        if name not in columns:
            raise CorpusError(
                f"{table}: no column '{name}'; a table needs 'path' and 'emotion', and has: "
                f"{', '.join(columns) or 'none'}{_separator_hint(columns)}"
            )


def _separator_hint(columns: list[str]) -> str:
    other = len(columns) == 1 and any(mark in columns[0] for mark in ";\t")
    return "; separate the columns by commas" if other else ""


def _seconds(row: Mapping[str, str], name: str, *, where: str) -> float | None:
    written = row.get(name) or row.get(f"{name}_s") or ""
    if not written:
        return None
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0.0):
        raise CorpusError(f"{where}: '{name}' is '{written}', not a number of seconds")
    return value


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError(
            what="reading and writing Parquet", package="pyarrow", extra="train"
        ) from None
    return pa, parquet
