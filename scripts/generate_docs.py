"""Write the generated parts of the documents anew, or check that they are fresh.

    python scripts/generate_docs.py           write
    python scripts/generate_docs.py --check   fail with a diff where something is stale, and
                                              where a claim is false (see claims.py)

A generated part stands between the comments `generated: NAME` and `end of NAME`, or is a whole
file. Adding one means a function that returns Markdown, and a line in `PARTS` or `FILES`.
"""

from __future__ import annotations

import difflib
import functools
import re
import sys
from collections.abc import Callable
from pathlib import Path

import claims
import cli_reference
import doc_tables
import model_cards
import readme_clip
import report_card
import reproductions
from affekt.recognition import shipped_bundles

ROOT = Path(__file__).resolve().parent.parent

# None: what the part is made of is not at hand, and it stays as it stands.
Generator = Callable[[], str | None]

PARTS: dict[str, dict[str, Generator]] = {
    "README.md": {
        "clip": readme_clip.example,
        "telephone": report_card.telephone,
        "figures": doc_tables.figures,
        "overview": reproductions.overview,
    },
    "docs/index.md": {"figures": doc_tables.figures},
    "docs/recognise.md": {
        "telephone": report_card.telephone,
        "vocabularies": doc_tables.vocabularies,
    },
    "docs/timeline.md": {"telephone": report_card.telephone},
    "docs/audit.md": {"copies": doc_tables.copies},
    "docs/app.md": {"relevance": doc_tables.relevance},
    "docs/calibration.md": {"reached": report_card.calibration},
    "docs/corpora.md": {
        "corpora": doc_tables.corpora,
        "columns": doc_tables.columns,
        "faults": doc_tables.faults,
    },
    "docs/migration.md": {"releases": report_card.releases},
    "docs/features.md": {"sets": doc_tables.feature_sets},
    "docs/choose-a-model.md": {"choices": model_cards.choices},
    "docs/limitations.md": {"limitations": model_cards.limitations},
    "docs/models/index.md": {"models": model_cards.overview},
    "docs/training.md": {
        "augmentations": doc_tables.augmentations,
        "other augmentations": doc_tables.other_augmentations,
    },
    "docs/evaluation.md": {
        "leaks": doc_tables.leaks,
        "protocols": doc_tables.protocols,
        "stamp": report_card.stamp,
        "floors": doc_tables.floors,
        "readings": doc_tables.readings,
    },
    "docs/report.md": {"warnings": report_card.limits},
    "docs/reproductions.md": dict(reproductions.PARTS),
    "docs/reference/architecture.md": {"rooms": doc_tables.rooms},
}

FILES: dict[str, Generator] = {
    "docs/reference/cli.md": cli_reference.page,
    "docs/images/reproductions.svg": reproductions.drawing,
    "src/affekt/weights/measured.json": report_card.measured,
    **{
        f"docs/models/{name}.md": functools.partial(model_cards.card, name)
        for name in shipped_bundles()
    },
}


def main(*, check: bool = False) -> int:
    """Write, or compare and show the differences; return the exit code."""
    stale = 0
    for place, text in fresh().items():
        path = ROOT / place
        present = path.read_text(encoding="utf-8") if path.exists() else ""
        if text == present:
            continue
        stale += 1
        if check:
            sys.stdout.writelines(
                difflib.unified_diff(
                    present.splitlines(keepends=True),
                    text.splitlines(keepends=True),
                    f"{place} (as it stands)",
                    f"{place} (fresh)",
                )
            )
        else:
            path.write_text(text, encoding="utf-8")
            print(f"{place}: written")
    if not check:
        return 0
    if stale:
        print(f"\n{stale} generated document(s) are stale; make generate writes them anew")
    false = claims.false_claims(claims.documents())
    print(*false, sep="\n", end="\n" if false else "")
    return 1 if stale or false else 0


def fresh() -> dict[str, str]:
    """Return every document with generated parts as it should be, by its place."""
    texts: dict[str, str] = {}
    for place, parts in PARTS.items():
        text = (ROOT / place).read_text(encoding="utf-8")
        for name, generator in parts.items():
            made = generator()
            text = text if made is None else _replace(text, name, made, place)
        texts[place] = text
    for place, generator in FILES.items():
        made = generator()
        if made is not None:
            texts[place] = made
    return texts


def _replace(text: str, name: str, made: str, place: str) -> str:
    begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise SystemExit(f"{place}: expected '{begin}' and '{end}' once")
    return pattern.sub(lambda _: f"{begin}\n{made.strip()}\n{end}", text)


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
