"""Tables of utterances: people's own, and the common table that `scan` writes."""

from __future__ import annotations

import csv
import dataclasses
import os
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from affekt.corpora.folders import said_by_path
from affekt.corpora.locate import is_there, locate
from affekt.corpora.scan import Scan
from affekt.corpora.stretches import within_recordings
from affekt.corpora.tables import find_columns, read_table_file, stretch_columns, value_of
from affekt.corpora.utterances import Reading, RecordingFacts, make_utterances
from affekt.errors import CorpusError
from affekt.output import open_output, open_text_output
from affekt.parquet import load_pyarrow
from affekt.records import Utterance

COLUMNS: tuple[str, ...] = tuple(item.name for item in dataclasses.fields(Utterance))
_SHOWN = 5


class Tabled(NamedTuple):
    """What a table holds.

    Attributes:
        scan: its utterances.
        columns: the column of each thing that it says.
        unread: columns that say nothing that is known here.
    """

    scan: Scan
    columns: Mapping[str, str]
    unread: tuple[str, ...]


def read_utterances(path: Path, reading: Reading, *, root: Path | None = None) -> Tabled:
    """Read people's own table of utterances, a row each.

    Columns for the path and for the emotion are needed; the others in `COLUMNS` are read where
    there are any. Paths lead from the table's folder, else from `root`.

    Args:
        path: the table, as `affekt.corpora.tables.files` reads it.
        reading: how it is read.
        root: folder of the corpora, if any.

    Raises:
        ConfigError: the label map cannot be used.
        CorpusError: the table cannot be read, lacks a column, or a row is wrong; the message
            names the rows.
        MissingExtraError: Parquet without pyarrow.
    """
    file = read_table_file(path)
    needed = ("path",) if _labelled_by_path(reading) else ("path", "emotion")
    try:
        columns = find_columns(file.columns, needed=needed)
    except CorpusError as error:
        raise CorpusError(f"{path}: {error}") from None
    if not file.rows:
        raise CorpusError(f"{path}: the table has no rows")
    if odd := stretch_columns(file.columns, columns):
        warnings.warn(
            f"{path}: whole recordings are taken; {', '.join(odd)} may be stretches of them: "
            "give start and end in seconds",
            stacklevel=2,
        )
    rows = [
        (row.where, {field: value_of(row.cells[name]) for field, name in columns.items()})
        for row in file.rows
    ]
    scan = scan_rows(rows, reading, source=path, root=root)
    unread = tuple(name for name in file.columns if name not in columns.values())
    return Tabled(scan, columns, unread)


def scan_rows(
    rows: Sequence[tuple[str, Mapping[str, str]]],
    reading: Reading,
    *,
    source: Path,
    root: Path | None,
    name: str = "",
) -> Scan:
    """Return the utterances of rows: where each stands, and what it says.

    Raises:
        ConfigError, CorpusError: as `read_utterances`.
    """
    for where, said in rows:
        if not said["path"]:
            raise CorpusError(f"{source}, {where}: 'path' is empty")
    folders = [source.parent, *([root] if root else [])]
    paths = locate([said["path"] for _, said in rows], folders, where=str(source))
    recordings = []
    for path, (where, said) in zip(paths, rows, strict=True):
        by_path = said_by_path(Path(said["path"].replace("\\", "/")), reading, whole=False)
        recordings.append(RecordingFacts(path, where, {**said, **by_path}))
    name = name or source.stem
    utterances = make_utterances(recordings, reading, name=name, where=str(source))
    _check_rows(recordings, utterances, source)
    return Scan(
        corpus=reading.name or name,
        folder=source,
        utterances=tuple(within_recordings(utterances, where=str(source))),
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
        arrow, parquet = load_pyarrow()
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


def _labelled_by_path(reading: Reading) -> bool:
    return any("emotion" in pattern.fields for pattern in reading.patterns)


def _check_rows(
    recordings: Sequence[RecordingFacts], utterances: Sequence[Utterance], source: Path
) -> None:
    """Refuse recordings that are listed twice, or are not there."""
    first: dict[tuple[str, float | None, float | None], str] = {}
    absent: dict[Path, str] = {}
    for (path, where, said), item in zip(recordings, utterances, strict=True):
        key = (os.path.abspath(path), item.start_s, item.end_s)  # noqa: PTH100 - no links
        if key in first:
            several = "; give each round of a split its table" if said.get("round") else ""
            raise CorpusError(
                f"{source}, {where}: the same recording as {first[key]} ({path}){several}"
            )
        first[key] = where
        if path not in absent and not is_there(path):
            absent[path] = where
    if absent:
        shown = [f"{where} ({path})" for path, where in list(absent.items())[:_SHOWN]]
        more = f" and {len(absent) - _SHOWN} more" if len(absent) > _SHOWN else ""
        raise CorpusError(
            f"{source}: no such recording: {', '.join(shown)}{more}; paths are read from "
            f"{source.resolve().parent}"
        )
