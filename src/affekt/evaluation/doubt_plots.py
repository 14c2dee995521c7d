"""Plots of doubt: reliability, risk against coverage, and the ROC of what is out of the domain."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from affekt.evaluation.doubt_run import BundleDoubt
from affekt.evaluation.plots import BLUE, GREY, VERMILION
from affekt.metrics.calibration import Reliability
from affekt.metrics.risk import RiskCoverage, Roc

# After `plots`, which names the extra where matplotlib is missing.
from matplotlib.figure import Figure  # isort: skip

_COLOURS = (BLUE, VERMILION, GREY)


def reliability_plot(diagrams: Mapping[str, Reliability]) -> Figure:
    """Draw accuracy against confidence; a point a bin, as large as its share of clips."""
    figure = Figure(figsize=(4.6, 4.4), layout="constrained")
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
    figure = Figure(figsize=(4.6, 4.0), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(curve.coverage, curve.risk, color=BLUE)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="share answered", ylabel="share of those wrong")
    axes.set_title(f"area {curve.area:.3f}, at best {curve.least_area:.3f}", fontsize=10)
    return figure


def roc_plot(curve: Roc) -> Figure:
    """Draw the share of strange sounds found against that of speech taken for one."""
    figure = Figure(figsize=(4.6, 4.4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(curve.false_alarms, curve.found, color=BLUE)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--")
    axes.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="speech flagged", ylabel="synthetic sounds found")
    axes.set_title(f"area {curve.area:.3f}", fontsize=10)
    return figure


def draw(doubt: BundleDoubt, folder: Path) -> None:
    """Write the plots as PNG into a folder."""
    diagrams = {"calibrated": doubt.clean.given.diagram}
    if doubt.before is not None:
        diagrams["network alone"] = doubt.before.given.diagram
    diagrams["over a telephone"] = doubt.telephone.given.diagram
    figures = {"reliability": reliability_plot(diagrams), "risk": risk_plot(doubt.clean.risk)}
    if doubt.domain is not None:
        figures["domain"] = roc_plot(doubt.domain.curve)
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=110, metadata={"Software": "Affekt"})
