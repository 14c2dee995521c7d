"""JSON and CSV: everything that is known, for programs."""

from __future__ import annotations

import csv
import io
import json

from affekt.records import Timeline
from affekt.text import csv_cell


def to_json(timeline: Timeline) -> str:
    """Return the record of the timeline; `docs/timeline.md` lists its keys."""
    return json.dumps(timeline.to_dict(), indent=1) + "\n"


def to_csv(timeline: Timeline) -> str:
    """Return one row a segment, silence included, with a column for each label of the model."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(
        (
            *("path", "model", "purpose", "track", "channel", "analysed"),
            *("start_s", "end_s", "speech", "emotion", "confidence", "uncertain"),
            *("out_of_domain", "intensity"),
            *(f"score_{label}" for label in timeline.labels),
        )
    )
    record = timeline.to_dict()
    for track in record["tracks"]:
        source = (
            csv_cell("path", record["path"]),
            *(record["model"], record["purpose"]),
            *(csv_cell("track", track["name"]), track["index"], _truth(track["analysed"])),
        )
        for segment in track["segments"]:
            scores = {item["label"]: item["score"] for item in segment["predictions"]}
            rows.writerow(
                (
                    *source,
                    *(f"{segment[key]:.3f}" for key in ("start_s", "end_s")),
                    _truth(segment["speech"]),
                    *(
                        csv_cell("emotion", segment["emotion"]),
                        segment["confidence"],
                        _truth(segment["uncertain"]),
                    ),
                    _truth(segment["out_of_domain"]),
                    segment["intensity"],
                    *(scores.get(label, "") for label in timeline.labels),
                )
            )
    return out.getvalue()


def _truth(value: bool | None) -> str:
    return {True: "true", False: "false", None: ""}[value]
