"""A split as it is written: its columns under whatever names, its rows word for word."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from affekt.corpora import locate
from affekt.corpora.tables import TableFile, find_columns, read_table_file, stretch_of, value_of
from affekt.errors import CorpusError


class Row(NamedTuple):
    """A row of a split.

    Attributes:
        said: what it says by the keys of `affekt.corpora.tables.columns.COLUMNS`, "" where empty.
        written: how it is written.
    """

    said: Mapping[str, str]
    written: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A split's table.

    Attributes:
        file: as it stands on the disk.
        rows: in their order.
    """

    file: TableFile
    rows: tuple[Row, ...]

    @property
    def path(self) -> Path:
        """The file."""
        return self.file.path

    @classmethod
    def read(cls, path: Path) -> Table:
        """Read a table with a column for the path and one for the part.

        Raises:
            CorpusError: it cannot be read, lacks a column, or has no rows or an empty cell there.
            MissingExtraError: Parquet without pyarrow.
        """
        file = read_table_file(path)
        try:
            columns = find_columns(file.columns, needed=("path",))
            if "fold" in columns:
                columns.setdefault("split", columns["fold"])
            if "split" not in columns:
                find_columns(file.columns, needed=("split",))  # which says what is missing
        except CorpusError as error:
            raise CorpusError(f"{path}: {error}") from None
        columns = _with_rounds(columns, file)
        rows = []
        for row in file.rows:
            said = {told: value_of(row.cells[column]) for told, column in columns.items()}
            for needed in ("path", "split"):
                if not said[needed]:
                    raise CorpusError(f"{path}, {row.where}: '{columns[needed]}' is empty")
            try:
                stretch_of(said)
            except CorpusError as error:
                raise CorpusError(f"{path}, {row.where}: {error}") from None
            rows.append(Row(said, row.written or repr(row.cells)))
        if not rows:
            raise CorpusError(f"{path}: the table has no rows")
        return cls(file=file, rows=tuple(rows))

    def files(self, root: Path | None) -> list[Path]:
        """Return the file that each row names: beside the table, else below the root."""
        folders = [self.path.absolute().parent, *([root.absolute()] if root else [])]
        return locate([row.said["path"] for row in self.rows], folders, where=str(self.path))


def _with_rounds(columns: dict[str, str], file: TableFile) -> dict[str, str]:
    """Take a column of folds for the part, or, beside a part, for rounds of a cross-validation."""
    fold = columns.get("fold")
    if fold is None or "round" in columns or columns["split"] == fold:
        return columns
    # Where every file has one fold alone, the column tells rounds that are yet to be made.
    folds: dict[str, set[str]] = defaultdict(set)
    for row in file.rows:
        folds[row.cells[columns["path"]]].add(row.cells[fold])
    several = any(len(found) > 1 for found in folds.values())
    return columns | {"round": fold} if several else columns
