"""Draw the picture of the README from the shipped report of the lockbox, or from another one.

python scripts/plot_lockbox.py docs/reports/default.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from affekt.corpora import CORPORA
from affekt.report import BLUE, DARK, GREY, new_figure, to_png

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "lockbox.png"
_SHOWN_IN_FULL = "cremad"


def draw(report: dict[str, Any], path: Path = PICTURE) -> None:
    """Draw UA a corpus, and the confusion matrix of CREMA-D where it was measured.

    The checksum of the measured bundle is written into the picture's metadata.
    """
    measured = {
        item["corpus"]: next(x for x in item["scorings"] if x["name"] == "own")
        for item in report["corpora"]
        if item["scorings"]
    }
    shown = measured.get(_SHOWN_IN_FULL)
    with new_figure(10.0, 4.3) as figure:
        left, right = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
        _recalls(left, measured, report["bundle"])
        if shown is None:
            right.set_axis_off()
        else:
            _confusion(right, shown)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(to_png(figure, source=report["bundle_sha256"]))


def _recalls(axes: Axes, measured: dict[str, Any], bundle: str) -> None:
    names = [name for name in CORPORA if name in measured]
    rows = np.arange(len(names))[::-1]
    values = np.array([100.0 * measured[name]["ua"] for name in names])
    axes.barh(rows, values, height=0.62, color=BLUE)
    for row, name, value in zip(rows, names, values, strict=True):
        scoring = measured[name]
        interval = scoring["ua_interval"]
        if interval is not None:
            low, high = 100.0 * interval["low"], 100.0 * interval["high"]
            axes.plot([low, high], [row, row], color=DARK, linewidth=1.4)
        guess = 100.0 / len(scoring["classes"])
        axes.plot([guess, guess], [row - 0.38, row + 0.38], color=GREY, linewidth=1.6)
        axes.text(109.0, row, f"{value:.0f}", ha="right", va="center", color=DARK)
    axes.set_yticks(rows, [f"{CORPORA[n].title} ({len(measured[n]['classes'])})" for n in names])
    axes.set_xlim(0.0, 110.0)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("unweighted average recall, %  (grey: guessing; line: 95 % interval)")
    axes.set_title(f"{bundle} on speakers outside its training")
    axes.tick_params(left=False)
    axes.spines["left"].set_visible(False)


def _confusion(axes: Axes, scoring: dict[str, Any]) -> None:
    counts = np.array(scoring["confusion"], dtype=float)
    shares = 100.0 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    axes.imshow(shares, cmap="Blues", vmin=0.0, vmax=100.0)
    for row, column in np.ndindex(*shares.shape):
        color = "white" if shares[row, column] > 55.0 else DARK
        axes.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", color=color)
    places = range(len(scoring["labels"]))
    axes.set_xticks(places, scoring["labels"], rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(places, scoring["labels"])
    axes.set_xlabel("answered")
    axes.set_ylabel("the actor was asked for")
    axes.set_title(f"{CORPORA[_SHOWN_IN_FULL].title}, % of each row")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    stored = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    draw(stored.get("figures", stored))
    print(f"{PICTURE}: written")
