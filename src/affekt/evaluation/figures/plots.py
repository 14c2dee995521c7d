"""Plots of figures, drawn without a screen: each function returns a figure, to be written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from affekt.report import (
    BLUE,
    DARK,
    FAINT,
    GREEN,
    ORANGE,
    VERMILION,
    legend_above,
    new_figure,
    plain_axes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SHADES = ("#ffffff", "#9cc7e0", "#0072b2", "#003a5c")
_DARK = 0.55  # share from which a cell is dark enough for white letters

_MARKERS = ("D", "o", "s", "^")
_SERIES = (DARK, BLUE, VERMILION, GREEN)


def confusion_plot(labels: Sequence[str], confusion: Sequence[Sequence[int]]) -> Figure:
    """Draw a confusion matrix: shade and percent by row (recall), with the counts.

    Args:
        labels: `[classes]`.
        confusion: `[classes, classes]` clips, row the actual class, column the predicted one.
    """
    counts = np.array(confusion)
    support = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, support, where=support > 0, out=np.zeros(counts.shape))
    size = max(3.4, 1.3 + 0.7 * len(labels))
    with new_figure(size + 1.9, size) as figure:
        from matplotlib.colors import LinearSegmentedColormap

        axes = figure.add_subplot()
        image = axes.imshow(
            shares, cmap=LinearSegmentedColormap.from_list("shares", _SHADES), vmin=0.0, vmax=1.0
        )
        ticks = range(len(labels))
        axes.set_xticks(ticks, labels, rotation=35, ha="right", rotation_mode="anchor")
        axes.set_yticks(
            ticks,
            [f"{label} ({total})" for label, total in zip(labels, support[:, 0], strict=True)],
        )
        axes.set_xlabel("predicted")
        axes.set_ylabel("actual (clips)")
        for row, column in np.ndindex(*counts.shape):
            if counts[row, column]:
                share = shares[row, column]
                axes.text(
                    column,
                    row,
                    f"{_percent(share)}\n{counts[row, column]}",
                    ha="center",
                    va="center",
                    fontsize=8.5,
                    color="white" if share >= _DARK else DARK,
                    fontweight="bold" if row == column else "normal",
                )
        axes.set_xticks(np.arange(1, len(labels)) - 0.5, minor=True)
        axes.set_yticks(np.arange(1, len(labels)) - 0.5, minor=True)
        axes.grid(which="minor", color=FAINT, linewidth=0.8)
        axes.tick_params(which="both", length=0)
        bar = figure.colorbar(
            image, ax=axes, shrink=0.8, format=lambda share, _: f"{100 * share:.0f}"
        )
        bar.set_label("percent of the actual class")
        bar.outline.set_visible(False)
    return figure


def curves_plot(history: Sequence[Mapping[str, float]]) -> Figure:
    """Draw loss and accuracy by epoch, of training and, where there is one, validation.

    Args:
        history: one mapping an epoch, with `epoch`, `loss` and any of `accuracy`,
            `validation_loss` and `validation_accuracy`. The best epoch is marked.
    """
    kinds: list[Literal["loss", "accuracy"]] = ["loss"]
    if any("accuracy" in row or "validation_accuracy" in row for row in history):
        kinds.append("accuracy")
    with new_figure(4.6 * len(kinds), 3.6) as figure:
        from matplotlib.ticker import MaxNLocator

        best = best_epoch(history)
        for place, kind in enumerate(kinds, start=1):
            axes = figure.add_subplot(1, len(kinds), place)
            scale = 100.0 if kind == "accuracy" else 1.0
            for part, key, colour, style in (
                ("training", kind, BLUE, "-"),
                ("validation", f"validation_{kind}", VERMILION, "--"),
            ):
                points = [(row["epoch"], scale * row[key]) for row in history if key in row]
                if points:
                    epochs, values = zip(*points, strict=True)
                    marker = "o" if len(points) < 12 else ""
                    axes.plot(
                        epochs,
                        values,
                        style,
                        marker=marker,
                        ms=4,
                        lw=1.8,
                        color=colour,
                        label=part,
                        clip_on=False,  # a line along 0 or 100 percent keeps its width
                    )
            if best is not None:
                label = f"best epoch, {best[0]} ({best[1]})"
                axes.axvline(best[0], color=DARK, linewidth=1.2, linestyle=":", label=label)
            axes.set_xlabel("epoch")
            axes.set_ylabel("accuracy, percent" if kind == "accuracy" else "loss")
            axes.set_ylim(bottom=0.0)
            if kind == "accuracy":
                axes.set_ylim(top=100.0)
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
            plain_axes(axes, grid="y")
        legend_above(figure, *axes.get_legend_handles_labels(), columns=3 if len(kinds) > 1 else 2)
    return figure


def best_epoch(history: Sequence[Mapping[str, float]]) -> tuple[int, str] | None:
    """Return the epoch that did best on the validation part, and by which figure.

    The highest validation accuracy counts, the first of equals; without it the lowest validation
    loss. None where a run has no validation part.
    """
    for key, sign in (("validation_accuracy", -1.0), ("validation_loss", 1.0)):
        rows = [row for row in history if np.isfinite(row.get(key, np.nan))]
        if rows:
            best = min(rows, key=lambda row: sign * row[key])
            return int(best["epoch"]), key.replace("_", " ")
    return None


def recalls_plot(
    labels: Sequence[str],
    measured: Sequence[float | None],
    published: Mapping[str, float] | None = None,
) -> Figure:
    """Draw the recall of each class as bars, beside published ones where there are any.

    Args:
        labels: `[classes]`.
        measured: `[classes]`, 0 to 1; None for a class without clips.
        published: label to recall, 0 to 1; some may be missing.
    """
    width = 0.4 if published else 0.62
    with new_figure(max(5.2, 1.2 + 0.92 * len(labels)), 3.6) as figure:
        axes = figure.add_subplot()
        places = np.arange(len(labels), dtype=float)
        if published:
            beside = [published.get(label) for label in labels]
            _bars(
                axes, places - width / 2, beside, width, colour=ORANGE, hatch="//", name="published"
            )
            places = places + width / 2
        _bars(axes, places, measured, width, colour=BLUE, hatch="", name="measured")
        known = [share for share in measured if share is not None]
        if known:
            mean = 100.0 * float(np.mean(known))
            words = f"measured mean (UA), {mean:.1f}"
            axes.axhline(mean, color=DARK, linewidth=1.0, linestyle="--", label=words, zorder=0.9)
        axes.set_xticks(range(len(labels)), labels, rotation=25, ha="right", rotation_mode="anchor")
        axes.set_ylabel("recall, percent")
        axes.set_ylim(0.0, 108.0)
        axes.set_yticks(range(0, 101, 20))
        plain_axes(axes, grid="y")
        line, *bars = axes.get_legend_handles_labels()[0]
        shown = [*bars, line] if known else [line, *bars]
        legend_above(figure, shown, [str(item.get_label()) for item in shown], columns=3)
    return figure


def comparison_plot(names: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> Figure:
    """Draw figures of several systems, a line each: published beside measured.

    Args:
        names: of the systems, from top to bottom.
        series: name to `[systems]` figures in percent, None where there is none; up to four.
    """
    with new_figure(8.2, 1.4 + 0.38 * len(names)) as figure:
        axes = figure.add_subplot()
        for row in range(len(names)):
            known = [value for values in series.values() if (value := values[row]) is not None]
            if known:
                axes.plot([min(known), max(known)], [row, row], color=FAINT, linewidth=3, zorder=1)
        for (name, values), marker, colour in zip(series.items(), _MARKERS, _SERIES, strict=False):
            points = [(value, row) for row, value in enumerate(values) if value is not None]
            axes.scatter(
                [value for value, _ in points],
                [row for _, row in points],
                marker=marker,
                s=52,
                color="white" if colour == DARK else colour,
                edgecolor=colour,
                linewidth=1.5,
                zorder=3,
                label=name,
            )
        axes.set_yticks(range(len(names)), names)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(0.0, 100.0)
        axes.set_xlabel("percent")
        plain_axes(axes, grid="x")
        legend_above(figure, *axes.get_legend_handles_labels(), columns=2 if len(series) > 3 else 3)
    return figure


def spectrogram_plot(level_db: npt.NDArray[np.floating], *, duration_s: float) -> Figure:
    """Draw a small spectrogram, low bands at the bottom.

    Args:
        level_db: `[frames, bands]`.
        duration_s: of the clip.
    """
    with new_figure(4.4, 1.7) as figure:
        axes = figure.add_subplot()
        top = float(level_db.max())
        axes.imshow(
            level_db.T,
            origin="lower",
            aspect="auto",
            cmap="magma",
            vmin=top - 80.0,
            vmax=top,
            extent=(0.0, duration_s, 0.0, level_db.shape[1]),
        )
        axes.set_yticks([])
        axes.set_xlabel("seconds", fontsize=8)
        axes.set_ylabel("mel bands", fontsize=8)
        axes.tick_params(labelsize=8)
    return figure


def _percent(share: float) -> str:
    return "<1 %" if 0.0 < share < 0.005 else f"{100 * share:.0f} %"


def _bars(
    axes: Axes,
    places: npt.NDArray[np.float64],
    shares: Sequence[float | None],
    width: float,
    *,
    colour: str,
    hatch: str,
    name: str,
) -> None:
    heights = [0.0 if share is None else 100.0 * share for share in shares]
    bars = axes.bar(
        places, heights, width * 0.94, color=colour, hatch=hatch, edgecolor="white", label=name
    )
    words = ["" if share is None else f"{100 * share:.0f}" for share in shares]
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.85}
    for word in axes.bar_label(bars, words, padding=3, fontsize=8.5, color=DARK):
        word.set_bbox(box if word.get_text() else None)
