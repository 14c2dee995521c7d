"""Write the pages of the shipped reports anew from what is stored of them: nothing is measured.

    python scripts/rewrite_reports.py

The rules that write a page change more often than the models, and the lockbox is not read for that.
The page goes on saying when and with what it was measured, and says which version wrote it.
"""

from __future__ import annotations

import json

from affekt.evaluation.card import read_card, to_html, to_json
from report_card import REPORTS


def main() -> None:
    """Write every shipped report, its page and its JSON."""
    for path in sorted(REPORTS.glob("*.json")):
        card = read_card(path)
        # The curves stay as they were measured: read back, they have lost a little.
        stored = json.loads(path.read_text(encoding="utf-8"))
        confidence = stored.get("confidence", stored.get("doubts"))
        values = json.loads(to_json(card)) | {"confidence": confidence}
        text = json.dumps(values, ensure_ascii=False, allow_nan=False, indent=1)
        path.write_text(f"{text}\n", encoding="utf-8")
        path.with_suffix(".html").write_text(to_html(card), encoding="utf-8")
        print(f"{path}: written, and its page")


if __name__ == "__main__":
    main()
