"""Databases in audformat: a header `db.yaml`, and tables of files or of stretches beside it.

The format is described in audeering's documentation of audformat. A table of emotions gives the
recordings; the other tables, and the labels of schemes, say more of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from affekt.corpora.tables import TableFile, find_columns, part_of, read_table_file, value_of
from affekt.errors import CorpusError, MissingExtraError
from affekt.files import read_text

HEADER = "db.yaml"
_KINDS = (".csv", ".parquet")
_FACTS = ("speaker", "gender", "age", "language", "sentence", "intensity", "take")
_WHERE = ("path", "start", "end")
Said = dict[str, str]


class Database(NamedTuple):
    """What a database holds.

    Attributes:
        name: its own.
        header: the file that describes it.
        rows: where each recording stands, and what is said of it.
        columns: the column of each field of its tables.
    """

    name: str
    header: Path
    rows: list[tuple[str, Said]]
    columns: Mapping[str, str]


class _Table(NamedTuple):
    id: str
    part: str
    file: TableFile
    columns: Mapping[str, str]
    # Scheme of each of its fields: label to what is known of it.
    schemes: Mapping[str, Mapping[str, Mapping[str, str]]]


def header_of(place: Path) -> Path | None:
    """Return the header of a database that a path names: its folder, header or table."""
    header = place / HEADER if place.is_dir() else place.parent / HEADER
    return header if header.is_file() else None


def read_database(header: Path, chosen: Path | None = None) -> Database:
    """Read the recordings of a database.

    Several tables of emotions are read together where each is a split of its own.

    Args:
        header: its `db.yaml`.
        chosen: the one table of emotions to read.

    Raises:
        CorpusError: it cannot be read, has no table of emotions, or several to choose from.
        MissingExtraError: PyYAML, or pyarrow for Parquet, is not installed.
    """
    described = _described(header)
    tables = [_table(header, name, found, described) for name, found in described["tables"].items()]
    wanted = [table for table in tables if "emotion" in table.columns]
    if chosen is not None:
        wanted = [table for table in wanted if table.file.path.name == chosen.name]
    _check_wanted(header, wanted, chosen)
    more = [table for table in tables if table not in wanted and "path" in table.columns]
    facts: dict[tuple[str, ...], Said] = {}
    for table in more:
        for _, said in _rows(table):
            for key in _keys(said):
                known = facts.setdefault(key, {})
                known.update({field: said[field] for field in _FACTS if said.get(field)})
    rows = []
    for table in wanted:
        for where, said in _rows(table):
            beside: Said = {}
            for key in _keys(said):
                beside |= facts.get(key, {})
            merged = beside | {name: value for name, value in said.items() if value}
            rows.append((f"{table.file.path.name}, {where}", {"path": "", **merged}))
    columns = {field: name for table in (*more, *wanted) for field, name in table.columns.items()}
    return Database(str(described.get("name") or header.parent.name), header, rows, columns)


def _keys(said: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Return what facts of a recording stand under: its file, and its stretch."""
    path, *stretch = (said.get(field, "") for field in _WHERE)
    return [(path,), (path, *stretch)] if any(stretch) else [(path,)]


def _check_wanted(header: Path, wanted: Sequence[_Table], chosen: Path | None) -> None:
    if not wanted:
        raise CorpusError(
            f"{chosen or header}: no table of the database has a column of emotions"
            if chosen is None
            else f"{chosen}: has no column of emotions, or is no table of {header}"
        )
    parts = [table.part for table in wanted]
    if len(wanted) > 1 and ("" in parts or len(set(parts)) < len(parts)):
        places = ", ".join(str(table.file.path) for table in wanted)
        raise CorpusError(f"{header}: several tables hold emotions, name one of them: {places}")


def _rows(table: _Table) -> Iterator[tuple[str, Said]]:
    """Yield what each row says, with what the schemes say of its values."""
    for row in table.file.rows:
        said = {field: value_of(row.cells[name]) for field, name in table.columns.items()}
        for field, labels in table.schemes.items():
            for fact, value in labels.get(said.get(field, ""), {}).items():
                said[fact] = said.get(fact) or value
        if table.part:
            said.setdefault("split", table.part)
        yield row.where, said


def _table(header: Path, name: str, found: Any, described: Mapping[str, Any]) -> _Table:
    file = _file(header, name)
    names = list(file.columns)
    by_scheme = {
        column: str(about.get("scheme_id") or "")
        for column, about in _mapping(_mapping(found).get("columns")).items()
        if isinstance(about, dict)
    }
    columns = find_columns(names, strict=False)
    # A column goes by the name of its scheme where its own says nothing.
    for column, scheme in by_scheme.items():
        for field in find_columns([scheme], strict=False) if scheme else ():
            if column in names and field not in columns:
                columns[field] = column
    schemes = {
        field: _facts(described["schemes"].get(by_scheme.get(column, "")), header)
        for field, column in columns.items()
    }
    split_id = str(_mapping(found).get("split_id") or "")
    split = _mapping(described["splits"].get(split_id))
    part = part_of(str(split.get("type") or split_id))
    return _Table(name, part, file, columns, schemes)


def _facts(scheme: Any, header: Path) -> dict[str, dict[str, str]]:
    """Return what a scheme's labels say: a speaker's gender and age, say.

    They stand in the header, or in a table of their own.
    """
    labels = _mapping(scheme).get("labels")
    if isinstance(labels, str):
        file = _file(header, labels)
        key, *others = file.columns
        return {
            row.cells[key]: _known_facts({name: row.cells[name] for name in others})
            for row in file.rows
        }
    return {
        str(label): _known_facts(about)
        for label, about in _mapping(labels).items()
        if isinstance(about, dict)
    }


def _known_facts(about: Mapping[Any, Any]) -> dict[str, str]:
    cells = {str(name): "" if value is None else str(value) for name, value in about.items()}
    columns = find_columns(list(cells), known=_FACTS, strict=False)
    return {fact: value_of(cells[name]) for fact, name in columns.items()}


def _file(header: Path, name: str) -> TableFile:
    base = header.with_suffix("").name
    places = [header.with_name(f"{base}.{name}{kind}") for kind in _KINDS]
    place = next((path for path in places if path.is_file()), None)
    if place is None:
        raise CorpusError(
            f"{header}: the table '{name}' is neither {places[0].name} nor {places[1].name}; save "
            "the database as CSV or Parquet"
        )
    return read_table_file(place)


def _described(header: Path) -> dict[str, Any]:
    try:
        import yaml
    except ImportError:
        raise MissingExtraError(
            what="reading an audformat database", package="PyYAML", extra="train"
        ) from None
    try:
        found = yaml.safe_load(read_text(header))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise CorpusError(f"{header}: not the header of an audformat database: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("tables"), dict):
        raise CorpusError(f"{header}: not the header of an audformat database: it names no tables")
    return {
        **found,
        **{name: _mapping(found.get(name)) for name in ("tables", "schemes", "splits")},
    }


def _mapping(found: Any) -> Mapping[Any, Any]:
    """Return a mapping of the header; what is none holds nothing."""
    return found if isinstance(found, dict) else {}
