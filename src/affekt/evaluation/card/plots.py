"""Plots of the model card; see `affekt.report.plots` for how they look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from affekt.evaluation.figures import CorpusFigures
from affekt.evaluation.robustness import Robustness
from affekt.report import (
    BLUE,
    DARK,
    FAINT,
    GREY,
    VERMILION,
    legend_above,
    new_figure,
    plain_axes,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def corpora_plot(corpora: Sequence[CorpusFigures]) -> Figure:
    """Draw what is recognised of each corpus, with intervals, beside guessing."""
    scored = [
        (item.corpus, own, everything)
        for item in corpora
        if (own := item.scoring("own")) and (everything := item.scoring("all"))
    ]
    with new_figure(8.2, 1.5 + 0.42 * len(scored)) as figure:
        axes = figure.add_subplot()
        for row, (_, own, everything) in enumerate(scored):
            if own.ua_interval is not None:
                ends = (100.0 * own.ua_interval.low, 100.0 * own.ua_interval.high)
                axes.plot(ends, (row, row), color=BLUE, linewidth=2, zorder=2)
            first = row == 0
            for value, marker, colour, name in (
                (1.0 / len(own.classes), "|", GREY, "guessing"),
                (own.ua, "o", BLUE, "among its own emotions, 95 % interval"),
                (everything.ua, "s", VERMILION, "among all labels"),
            ):
                axes.scatter(
                    [100.0 * value],
                    [row],
                    marker=marker,
                    s=110 if marker == "|" else 44,
                    color=colour,
                    zorder=3,
                    label=name if first else None,
                )
        axes.set_yticks(range(len(scored)), [name for name, _, _ in scored])
        axes.set_ylim(len(scored) - 0.4, -0.6)
        axes.set_xlim(0.0, 100.0)
        axes.set_xlabel("recognised, every emotion counting the same (UA), percent")
        plain_axes(axes, grid="x")
        legend_above(figure, *axes.get_legend_handles_labels(), columns=3)
    return figure


def robustness_plot(robustness: Robustness) -> Figure:
    """Draw the figure under each condition against the clean one."""
    conditions = robustness.conditions
    with new_figure(8.2, 1.3 + 0.26 * len(conditions)) as figure:
        axes = figure.add_subplot()
        clean = 100.0 * robustness.clean.own.mean_ua
        axes.axvline(clean, color=DARK, linewidth=1.2, linestyle="--", label=f"clean, {clean:.1f}")
        values = [100.0 * item.own.mean_ua for item in conditions]
        rows = range(len(conditions))
        axes.hlines(rows, values, clean, color=FAINT, linewidth=3, zorder=1)
        axes.scatter(values, rows, color=BLUE, s=34, zorder=3, label="under the condition")
        axes.set_yticks(rows, [f"{item.group}, {item.name}" for item in conditions], fontsize=8.5)
        axes.set_ylim(len(conditions) - 0.4, -0.6)
        axes.set_xlim(0.0, 100.0)
        axes.set_xlabel("recognised among own emotions, mean over corpora (UA), percent")
        plain_axes(axes, grid="x")
        legend_above(figure, *axes.get_legend_handles_labels(), columns=2)
    return figure
