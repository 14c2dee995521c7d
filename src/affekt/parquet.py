"""Parquet, which pyarrow reads and writes; it is loaded where such a file is met."""

from __future__ import annotations

from typing import Any

from affekt.errors import MissingExtraError


def load_pyarrow() -> tuple[Any, Any]:
    """Return `pyarrow` and `pyarrow.parquet`.

    Raises:
        MissingExtraError: they are not installed.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError(
            what="reading and writing Parquet", package="pyarrow", extra="train"
        ) from None
    return pa, parquet
