"""Plots of confidence: reliability, risk against coverage, ROC of what is out of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from affekt.evaluation.confidence.answers import ConfidenceFigures
from affekt.metrics import Reliability, RiskCoverage, Roc
from affekt.report import BLUE, GREY, VERMILION, new_figure, to_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLOURS = (BLUE, VERMILION, GREY)


def reliability_plot(diagrams: Mapping[str, Reliability]) -> Figure:
    """Draw accuracy against confidence; a point a bin, as large as its share of clips."""
    with new_figure(4.6, 4.4) as figure:
        axes = figure.add_subplot()
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
        for colour, (name, diagram) in zip(_COLOURS, diagrams.items(), strict=False):
            axes.plot(
                diagram.confidence, diagram.accuracy, "o-", color=colour, label=name, markersize=4
            )
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="share that was right")
        axes.legend(frameon=False, loc="upper left")
    return figure


def risk_plot(curve: RiskCoverage) -> Figure:
    """Draw the share of wrong answers against the share that is answered, the surest first."""
    with new_figure(4.6, 4.0) as figure:
        axes = figure.add_subplot()
        axes.plot(curve.coverage, curve.risk, color=BLUE)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="share answered", ylabel="share of those wrong")
        axes.set_title(f"area {curve.area:.3f}, at best {curve.least_area:.3f}")
    return figure


def roc_plot(curve: Roc) -> Figure:
    """Draw the share of sounds out of domain found against that of speech taken for one."""
    with new_figure(4.6, 4.4) as figure:
        axes = figure.add_subplot()
        axes.plot(curve.false_alarms, curve.found, color=BLUE)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
        axes.set(
            xlim=(0, 1), ylim=(0, 1.01), xlabel="speech flagged", ylabel="synthetic sounds found"
        )
        axes.set_title(f"area {curve.area:.3f}")
    return figure


def diagrams_of(confidence: ConfidenceFigures) -> dict[str, Reliability]:
    """Return the reliability diagrams by what they are of."""
    diagrams = {"as it answers": confidence.given.given.diagram}
    if confidence.before is not None:
        diagrams["network alone"] = confidence.before.given.diagram
    if confidence.given.rescaled is not None:
        diagrams["with a temperature"] = confidence.given.rescaled.diagram
    if confidence.telephone is not None:
        diagrams["over a telephone"] = confidence.telephone.given.diagram
    return diagrams


def draw(confidence: ConfidenceFigures, *, warning: str = "") -> dict[str, bytes]:
    """Return the plots as PNG files, by name, each under the same warning if there is one."""
    figures = {
        "reliability": reliability_plot(diagrams_of(confidence)),
        "risk": risk_plot(confidence.given.risk),
    }
    if confidence.domain is not None:
        figures["domain"] = roc_plot(confidence.domain.curve)
    if warning:
        for figure in figures.values():
            figure.suptitle(warning, fontsize=9, color=VERMILION)
    return {f"{name}.png": to_png(figure, dpi=110) for name, figure in figures.items()}
