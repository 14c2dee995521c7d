"""Tables of features: a row a clip, in Parquet or CSV, with what they are made of.

Parquet holds everything in one file: the metadata stand in its schema under `affekt`. A CSV file
has them beside it, in `NAME.csv.json`, and holds vectors only.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.errors import ConfigError, did_you_mean
from affekt.features.sets import FeatureSet, find_feature_set
from affekt.features.spectra import FloatArray
from affekt.features.tables.info import TableInfo, check_info, damaged
from affekt.files import read_text
from affekt.parquet import load_pyarrow
from affekt.records import Utterance

SUFFIXES = (".parquet", ".csv")
# What a table says of a clip; `path` is called `clip` there, the path below the common folder.
FIELDS = (
    *("corpus", "collection", "speaker", "emotion", "native_label", "language", "gender"),
    *("age", "intensity", "sentence", "take", "split", "start_s", "end_s"),
)
COLUMNS = ("clip", *FIELDS, "duration_s")
METADATA_KEY = b"affekt"


class Rows(NamedTuple):
    """Some rows of a table.

    Attributes:
        utterances: the clips; `path` is relative to the common folder, where it lies below it.
        durations_s: `[rows]`, seconds.
        features: `[rows, *shape]`.
    """

    utterances: tuple[Utterance, ...]
    durations_s: npt.NDArray[np.float64]
    features: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """A table on the disk: its clips in memory, its features where they are.

    Attributes:
        path: the file.
        info: what it is made of.
        utterances: the clips; `path` is relative to the common folder, where it lies below it.
        durations_s: `[clips]`, seconds.
        blocks: gives the features from the first clip to the last, `[some, *shape]` at a time.
    """

    path: Path
    info: TableInfo
    utterances: tuple[Utterance, ...]
    durations_s: npt.NDArray[np.float64]
    blocks: Callable[[], Iterator[FloatArray]]

    @property
    def feature_set(self) -> FeatureSet:
        """The set that the features are of."""
        return find_feature_set(self.info.feature_set)

    def features(self) -> FloatArray:
        """Return the features of all clips, `[clips, *shape]`, in memory.

        Raises:
            ConfigError: the file is damaged.
        """
        array = np.empty((len(self.utterances), *self.info.shape), dtype=np.float32)
        start = 0
        for block in self.blocks():
            array[start : start + len(block)] = block
            start += len(block)
        return array


def read_table(path: str | Path) -> FeatureTable:
    """Open a table of features.

    Raises:
        ConfigError: there is none, it is damaged or none of ours, or its features were made by
            another version of their set.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    suffix = check_suffix(path)
    if not path.is_file():
        raise ConfigError(f"{path}: no such table")
    return _read_csv(path) if suffix == ".csv" else _read_parquet(path)


def check_suffix(path: Path) -> str:
    """Return `.parquet` or `.csv`.

    Raises:
        ConfigError: the name ends in neither.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ConfigError(f"{path}: the name of a table of features ends in .parquet or .csv")
    return suffix


def read_info(path: Path) -> TableInfo:
    """Return what a table is made of, of whatever version.

    Raises:
        ConfigError: it is damaged, or none of ours.
        MissingExtraError: Parquet without pyarrow.
    """
    if check_suffix(path) == ".csv":
        beside = csv_info_path(path)
        try:
            return TableInfo.from_json(read_text(beside), where=beside)
        except (OSError, UnicodeDecodeError):
            raise ConfigError(
                f"{path}: no table of features, or {beside.name} does not lie beside it any more"
            ) from None
    metadata = open_parquet(path).schema_arrow.metadata or {}
    if METADATA_KEY not in metadata:
        raise ConfigError(f"{path}: no table of features; 'affekt features extract' writes them")
    return TableInfo.from_json(metadata[METADATA_KEY], where=path)


def csv_info_path(path: Path) -> Path:
    """Return where the metadata of a CSV file lie."""
    return path.with_name(f"{path.name}.json")


def open_parquet(path: Path) -> Any:
    """Open a Parquet file as `pyarrow.parquet.ParquetFile`.

    Raises:
        ConfigError: it is none, or damaged.
        MissingExtraError: pyarrow is not installed.
    """
    arrow, parquet = load_pyarrow()
    try:
        return parquet.ParquetFile(path)
    except (arrow.ArrowException, OSError) as error:
        raise damaged(path, str(error)) from None


def _read_parquet(path: Path) -> FeatureTable:
    arrow, _ = load_pyarrow()
    info = read_info(path)
    check_info(info, where=path)
    file = open_parquet(path)
    names = _feature_columns(info)
    _check_columns(path, file.schema_arrow.names, [*COLUMNS, *names])
    try:
        rows = file.read(columns=list(COLUMNS)).to_pylist()
    except (arrow.ArrowException, OSError) as error:
        raise damaged(path, str(error)) from None

    def blocks() -> Iterator[FloatArray]:
        for group in range(file.num_row_groups):
            try:
                part = file.read_row_group(group, columns=list(names))
                yield _block(part, info.shape)
            except (arrow.ArrowException, OSError, ValueError) as error:
                raise damaged(path, str(error)) from None

    return _table(path, info, rows, blocks)


def _block(part: Any, shape: tuple[int, ...]) -> FloatArray:
    if len(shape) == 1:
        columns = [part.column(name).to_numpy() for name in part.column_names]
        return np.stack(columns, axis=1).astype(np.float32, copy=False)
    values = part.column("features").combine_chunks().flatten().to_numpy()
    array: FloatArray = values.reshape(part.num_rows, *shape)
    return array


def _read_csv(path: Path) -> FeatureTable:
    info = read_info(path)
    check_info(info, where=path)
    names = _feature_columns(info)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, strict=True)
            _check_columns(path, next(reader, []), [*COLUMNS, *names])
            rows, features = [], []
            for values in reader:
                rows.append(dict(zip((*COLUMNS, *names), values, strict=True)))
                features.append(np.array(values[len(COLUMNS) :], dtype=np.float32))
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        raise damaged(path, str(error)) from None
    array = np.stack(features) if features else np.empty((0, *info.shape), dtype=np.float32)
    return _table(path, info, rows, lambda: iter([array]))


def _table(
    path: Path,
    info: TableInfo,
    rows: list[dict[str, Any]],
    blocks: Callable[[], Iterator[FloatArray]],
) -> FeatureTable:
    expected = info.asked - len(info.skipped) - info.too_short
    if len(rows) != expected:
        raise damaged(path, f"{len(rows)} clips of {expected}")
    try:
        utterances = tuple(_utterance(row) for row in rows)
        durations_s = np.array([float(row["duration_s"]) for row in rows])
    except (ValueError, TypeError) as error:
        raise damaged(path, str(error)) from None
    return FeatureTable(
        path=path, info=info, utterances=utterances, durations_s=durations_s, blocks=blocks
    )


def _utterance(row: dict[str, Any]) -> Utterance:
    known: dict[str, Any] = {name: row[name] or None for name in FIELDS}
    for name, kind in (("age", int), ("start_s", float), ("end_s", float)):
        if known[name] is not None:
            known[name] = kind(known[name])
    return Utterance(path=Path(row["clip"]), **known)


def _feature_columns(info: TableInfo) -> tuple[str, ...]:
    return find_feature_set(info.feature_set).columns if len(info.shape) == 1 else ("features",)


def _check_columns(path: Path, found: list[str], wanted: list[str]) -> None:
    if found != wanted:
        absent = next((name for name in wanted if name not in found), None)
        what = "its columns are not in their order"
        if absent is not None:
            what = f"no column '{absent}'{did_you_mean(absent, found) if found else ''}"
        raise damaged(path, what)
