"""Reports as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from affekt.text import csv_cell


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a CSV file; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([csv_cell("", name) for name in header])
    for row in rows:
        writer.writerow([csv_cell(*pair) for pair in zip(header, row, strict=True)])
    return text.getvalue()
