"""Measure the shipped models on the lockbox, and put the figures where they are shown.

For each model: one reading; the figures go into the metadata of the file; since that changes the
file's checksum, a second reading of the same graph puts the file that ships into the log. Then the
picture and the generated documents are made anew. Running it again changes nothing.

Needs the recordings: AFFEKT_CORPORA.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import generate_docs
from affekt.cli import main as affekt
from affekt.recognition import Bundle, shipped_bundles
from affekt.training.export import record_figures
from plot_lockbox import draw

REPORTS = Path("build")


def main() -> None:
    """Measure, record, draw, and write the documents."""
    for name, path in shipped_bundles().items():
        report = _read(name)
        figures = {"lockbox": _compact(report)}
        if Bundle.load(path).metadata.figures.get("lockbox") != figures["lockbox"]:
            record_figures(path, figures)
            report = _read(name)
        if name == "default":
            draw(report)
    generate_docs.main()


def _read(name: str) -> dict[str, Any]:
    REPORTS.mkdir(exist_ok=True)
    out = REPORTS / f"lockbox-{name}.json"
    words = ["evaluate", name, "--protocol", "lockbox", "--format", "json", "--out", str(out)]
    affekt(words, standalone_mode=False)
    report: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    print(f"{report['bundle']}: {report['log']}")
    return report


def _compact(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return UA and WA a corpus, among its own classes and among all labels."""
    figures: dict[str, dict[str, float]] = {}
    for item in report["corpora"]:
        scorings = {scoring["name"]: scoring for scoring in item["scorings"]}
        if scorings:
            own, everything = scorings["own"], scorings["all"]
            figures[item["corpus"]] = {
                "ua": round(own["ua"], 4),
                "wa": round(own["wa"], 4),
                "ua_all": round(everything["ua"], 4),
                "wa_all": round(everything["wa"], 4),
                "clips": own["clips"],
            }
    return figures


if __name__ == "__main__":
    main()
