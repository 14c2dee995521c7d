"""Writing tables of features; see `affekt.features.tables.table` for what is in them."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, TextIO

import numpy as np

from affekt.errors import ConfigError
from affekt.features.sets import FeatureSet, find_feature_set
from affekt.features.tables.info import TableInfo
from affekt.features.tables.table import (
    COLUMNS,
    FIELDS,
    METADATA_KEY,
    Rows,
    check_suffix,
    csv_info_path,
)
from affekt.output import open_output, open_text_output, write_output
from affekt.parquet import load_pyarrow


def write_table(path: str | Path, info: TableInfo, rows: Iterable[Rows]) -> None:
    """Write a table; it appears under its name only when it is complete.

    Args:
        path: the file, `.parquet` or `.csv`; one that is there is replaced, whoever wrote it.
        info: what the table is made of.
        rows: the clips in their order, as many at a time as shall be in memory at once.

    Raises:
        ConfigError: the name has another ending, the set does not fit into CSV, or the file
            cannot be written.
        MissingExtraError: Parquet without pyarrow.
    """
    path = Path(path)
    features = find_feature_set(info.feature_set)
    check_target(path, features)
    with told_to_the_user(path):
        if path.suffix.lower() == ".csv":
            with open_text_output(path, force=True) as text:
                _write_csv(text, features, rows)
                write_output(csv_info_path(path), info.to_json() + "\n", force=True)
        else:
            with open_output(path, force=True) as file:
                _write_parquet(file, info, features, rows)


def check_target(path: Path, features: FeatureSet) -> None:
    """Refuse a name that a table of this set cannot have, before any work is done.

    Raises:
        ConfigError: it ends in neither .parquet nor .csv, or in .csv for what is no vector.
        MissingExtraError: Parquet without pyarrow.
    """
    if check_suffix(path) == ".parquet":
        load_pyarrow()
    elif features.form != "vector":
        shape = " x ".join(str(size) for size in features.shape)
        raise ConfigError(
            f"{path}: CSV holds vectors only, and {features.name} gives {shape} values a clip: "
            f"name the file {path.with_suffix('.parquet').name}"
        )


@contextlib.contextmanager
def told_to_the_user(path: Path) -> Iterator[None]:
    """Turn what the system says of a place into a `ConfigError` that names it."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
    except UnicodeEncodeError as error:
        raise ConfigError(
            f"{path}: cannot be written: {error.object!r} is no text in UTF-8; rename that clip"
        ) from None


def _cells(part: Rows) -> dict[str, list[Any]]:
    """Return what is said of the clips, column by column."""
    cells: dict[str, list[Any]] = {"clip": [item.path.as_posix() for item in part.utterances]}
    cells |= {name: [getattr(item, name) for item in part.utterances] for name in FIELDS}
    return cells | {"duration_s": part.durations_s.tolist()}


def _write_csv(file: TextIO, features: FeatureSet, rows: Iterable[Rows]) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*COLUMNS, *features.columns])
    for part in rows:
        for item in part.utterances:
            item.path.as_posix().encode()  # what is no text could not be read back
        # The shortest text that gives the same single-precision value back.
        values = part.features.astype(str)
        cells = _cells(part).values()
        writer.writerows([*said, *row] for *said, row in zip(*cells, values, strict=True))


def _write_parquet(
    file: BinaryIO, info: TableInfo, features: FeatureSet, rows: Iterable[Rows]
) -> None:
    arrow, parquet = load_pyarrow()
    kinds = dict.fromkeys(("duration_s", "start_s", "end_s"), arrow.float64())
    kinds["age"] = arrow.int64()
    fields = [(name, kinds.get(name, arrow.string())) for name in COLUMNS]
    if features.form == "vector":
        fields += [(name, arrow.float32()) for name in features.columns]
    else:
        size = int(np.prod(features.shape))
        fields.append(("features", arrow.list_(arrow.float32(), size)))
    schema = arrow.schema(fields, metadata={METADATA_KEY: info.to_json()})
    described = list(COLUMNS)
    # A file of our own: pyarrow's errors of the system are long, and have no number.
    with parquet.ParquetWriter(
        file, schema, compression="zstd", use_dictionary=described, write_statistics=described
    ) as writer:
        for part in rows:
            writer.write_table(arrow.table(_arrays(arrow, part, features), schema=schema))


def _arrays(arrow: Any, part: Rows, features: FeatureSet) -> dict[str, Any]:
    if features.form == "vector":
        columns = np.ascontiguousarray(part.features.T)
        return {**_cells(part), **dict(zip(features.columns, columns, strict=True))}
    flat = np.ascontiguousarray(part.features).reshape(-1)
    size = int(np.prod(features.shape))
    return {**_cells(part), "features": arrow.FixedSizeListArray.from_arrays(flat, size)}
