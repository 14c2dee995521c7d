"""Answers as a Parquet table; pyarrow is loaded for it alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from affekt.parquet import load_pyarrow
from affekt.recognition import Failure, columns, row
from affekt.records import Prediction

_ROWS_AT_ONCE = 1000
_KINDS = {
    "duration_s": "float64",
    "sampling_rate_hz": "int64",
    "channels": "int64",
    "confidence": "float64",
    "uncertain": "bool",
    "prediction_set": "list",
    "out_of_domain": "bool",
    "novelty": "float64",
    "intensity": "float64",
    "left_out": "float64",
    "warnings": "list",
}


class ParquetWriter:
    """One row a recording, with the columns of CSV in types of their own.

    Args:
        out: where the table goes.
        labels: every label that may be answered.

    Raises:
        MissingExtraError: pyarrow is not installed.
    """

    def __init__(self, out: BinaryIO, labels: Sequence[str]) -> None:
        pa, parquet = load_pyarrow()
        kinds: dict[str, Any] = {
            "float64": pa.float64(),
            "int64": pa.int64(),
            "bool": pa.bool_(),
            "list": pa.list_(pa.string()),
            "string": pa.string(),
        }
        self._arrow = pa
        self._schema = pa.schema([(name, kinds[_kind(name)]) for name in columns(labels)])
        self._table = parquet.ParquetWriter(out, self._schema)
        self._rows: list[dict[str, Any]] = []

    def write(self, answer: Prediction | Failure) -> None:
        """Keep a row until there are enough of them."""
        # Parquet is UTF-8; a name that is no text is written as in JSON.
        path = answer.path and answer.path.encode("utf-8", "backslashreplace").decode()
        self._rows.append(row(answer) | {"path": path})
        if len(self._rows) == _ROWS_AT_ONCE:
            self._flush()

    def close(self) -> None:
        """Write the last rows and the end of the table."""
        self._flush()
        self._table.close()

    def _flush(self) -> None:
        self._table.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows = []


@contextmanager
def open_parquet_writer(out: BinaryIO, labels: Sequence[str]) -> Iterator[ParquetWriter]:
    """Give a writer of Parquet, and end its table."""
    writer = ParquetWriter(out, labels)
    yield writer
    writer.close()


def _kind(name: str) -> str:
    return "float64" if name.startswith("score_") else _KINDS.get(name, "string")
