"""Time what the published systems are run with, as a user would run it.

    python benchmarks/systems.py --corpora FOLDER

The vector of 162 beside librosa's way (see `features.py`), the extraction of CREMA-D by
`affekt features extract`, and `affekt reproduce all --quick`; both commands start with an empty
cache. Run it on an idle machine. The figures are printed, and written to `docs/system-speed.json`,
from which `make generate` makes the table of docs/reproductions.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import features

OUT = Path(__file__).resolve().parent.parent / "docs" / "system-speed.json"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpora", type=Path, required=True)
    corpora = parser.parse_args().corpora.resolve()
    clips = features.sounds()
    librosa_ms, affekt_ms = map(statistics.median, features.vector_times_ms(clips))
    with tempfile.TemporaryDirectory() as place:
        extract = ["features", "extract", "--corpus", "cremad", "--set", "vector-162"]
        extraction_s = _seconds([*extract, "--out", f"{place}/table.parquet"], corpora, place)
        quick_s = _seconds(["reproduce", "all", "--quick", "--out", f"{place}/out"], corpora, place)
    record = {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": f"{platform.machine()}, cores: {os.cpu_count()}",
        "librosa_ms": round(librosa_ms, 2),
        "affekt_ms": round(affekt_ms, 2),
        "extraction_s": round(extraction_s, 1),
        "quick_s": round(quick_s, 1),
    }
    print(json.dumps(record, indent=1))
    OUT.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _seconds(arguments: list[str], corpora: Path, place: str) -> float:
    """Run a command of ours with an empty cache, and return how long it took; stop if it fails."""
    with tempfile.TemporaryDirectory(dir=place) as cache:
        began_s = time.monotonic()
        done = subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-m", "affekt", *arguments],
            env={**os.environ, "AFFEKT_CORPORA": str(corpora), "AFFEKT_CACHE": cache},
            check=False,
        )
        took_s = time.monotonic() - began_s
    if done.returncode not in (0, 1):  # 1: clips were left out; CREMA-D has a silent one
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}")
    return took_s


if __name__ == "__main__":
    main()
