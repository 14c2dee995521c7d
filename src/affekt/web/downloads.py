"""The results as files to take home."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from affekt.recognition import NOTICE_RECOGNISER, CsvWriter
from affekt.text import csv_cell
from affekt.web.analysis import Analysis

_EXTRA = ("channel", "voice")


def to_json(analyses: Iterable[Analysis]) -> str:
    """Return everything that was worked out, as one JSON document."""
    document = {
        "notice": NOTICE_RECOGNISER,
        "recordings": [analysis.to_dict() for analysis in analyses],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def to_csv(analyses: Iterable[Analysis], labels: Sequence[str]) -> str:
    """Return a row an analysed voice: the columns of `affekt predict`, and its channel."""
    plain = io.StringIO()
    writer = CsvWriter(plain, labels)
    extra: list[tuple[object, ...]] = [_EXTRA]
    for analysis in analyses:
        for voice in analysis.voices:
            writer.write(voice.prediction)
            channel = "" if voice.plan.index is None else str(voice.plan.index)
            extra.append((channel, csv_cell("voice", voice.plan.name or "")))
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    for row, more in zip(csv.reader(io.StringIO(plain.getvalue())), extra, strict=True):
        rows.writerow((*row, *more))
    return out.getvalue()
