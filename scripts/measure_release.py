"""Measure the shipped models on the lockbox, and put the figures where they are shown.

For each model: one reading, logged under the checksum of the file that then holds the figures in
its metadata, and the report on the same clips. Then the picture and the generated
documents are made anew. Running it again reads the same files, finds the same figures, and changes
nothing but the reports' dates.

Needs the recordings: AFFEKT_CORPORA.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import generate_docs
from affekt.cli import main as affekt
from affekt.recognition import shipped_bundles
from plot_lockbox import draw
from report_card import REPORTS as TRUST

REPORTS = Path("build")


def main() -> None:
    """Measure, record, draw, and write the documents."""
    for name in shipped_bundles():
        report = _read(name)
        if name == "default":
            draw(report)
        words = ["report", name, "--protocol", "lockbox", "--out", str(TRUST), "--force"]
        affekt(words, standalone_mode=False)
    generate_docs.main()


def _read(name: str) -> dict[str, Any]:
    REPORTS.mkdir(exist_ok=True)
    out = REPORTS / f"lockbox-{name}.json"
    words = ["evaluate", name, "--protocol", "lockbox", "--record"]
    affekt([*words, "--format", "json", "--out", str(out), "--force"], standalone_mode=False)
    report: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    print(f"{report['bundle']}: {report['log']}")
    return report


if __name__ == "__main__":
    main()
