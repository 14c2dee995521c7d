"""The pictures of corpora, and those of them that show how long, how loud, how silent."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from affekt.inspection.corpus import Inspection
from affekt.inspection.corpus_bars import (
    draw_clipping,
    draw_emotions,
    draw_genders,
    draw_intensities,
    draw_languages,
    draw_sampling_rates,
)
from affekt.report import (
    BLUE,
    DARK,
    GREEN,
    GREY,
    ORANGE,
    legend_below,
    new_figure,
    new_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# What lies beyond is gathered in the last bar, so that one long clip does not flatten the rest.
_LONG = 0.995
_LOW_DBFS = -70.0
_HIGH_DBFS = 6.0


def draw_lengths(inspection: Inspection) -> Figure:
    """Draw how long the clips of each corpus are, on one time axis."""
    per_corpus = {
        corpus: _values(inspection.of(corpus), "duration_s") for corpus in inspection.corpora
    }
    limit_s = max(
        (float(np.quantile(x, _LONG)) for x in per_corpus.values() if x.size), default=1.0
    )
    edges = np.linspace(0.0, np.ceil(limit_s * 2.0) / 2.0, 41)
    beyond = any((values > edges[-1]).any() for values in per_corpus.values())
    title = "Lengths of the clips, and their median"
    with new_panels(title, inspection.corpora) as (figure, panels):
        for axes, corpus in panels:
            values = per_corpus[corpus]
            _histogram(axes, values, edges, BLUE)
            if values.size:
                median = float(np.median(values))
                axes.axvline(median, color=DARK, linewidth=1.2, linestyle="--")
                axes.set_title(f"{corpus}: median {median:.2f} s, {values.sum() / 3600.0:.2f} h")
            axes.set_xlim(edges[0], edges[-1])
            axes.set_xlabel("length, s" + (" (the last bar holds longer ones)" if beyond else ""))
            axes.set_ylabel("share of clips, %")
    return figure


def draw_levels(inspection: Inspection) -> Figure:
    """Draw how loud the clips of each corpus are: RMS and peak, and where full scale is."""
    edges = np.arange(_LOW_DBFS, _HIGH_DBFS + 0.5, 2.0)
    title = "Levels of the clips; the line is full scale"
    with new_panels(title, inspection.corpora) as (figure, panels):
        for axes, corpus in panels:
            part = inspection.of(corpus)
            _histogram(axes, _values(part, "rms_dbfs", sounding=True), edges, BLUE)
            _histogram(axes, _values(part, "peak_dbfs", sounding=True), edges, ORANGE)
            axes.axvline(0.0, color=DARK, linewidth=1.0)
            axes.set_xlim(edges[0], edges[-1])
            axes.set_xlabel("level, dBFS")
            axes.set_ylabel("share of clips, %")
        legend_below(figure, {"RMS": BLUE, "peak": ORANGE})
    return figure


def draw_silence(inspection: Inspection) -> Figure:
    """Draw how much silence lies before, after and within the clips of each corpus."""
    corpora = inspection.corpora
    with new_figure(10.0, 1.9 + 0.45 * len(corpora)) as figure:
        figure.suptitle("Silence: 30 dB and more below the loudest frame of a clip")
        left, right = figure.subplots(1, 2, sharey=True)
        for shift, field, color in ((-0.19, "leading_s", BLUE), (0.19, "trailing_s", ORANGE)):
            _boxes(left, inspection, field, color, shift=shift, height=0.32)
        left.set_xlabel("seconds (box: quartiles; whiskers: 5 to 95 % of the clips)")
        _boxes(right, inspection, "silent_share", GREEN, scale=100.0, height=0.5)
        right.set_xlabel("silent frames of a clip, %")
        right.set_xlim(right=100.0)
        left.set_yticks(range(len(corpora)), corpora)
        left.invert_yaxis()
        for axes in (left, right):
            # A median of nothing shall not hide behind the frame.
            axes.set_xlim(left=-0.01 * axes.get_xlim()[1])
            axes.tick_params(left=False)
            axes.grid(axis="x", color=GREY, alpha=0.3)
            axes.set_axisbelow(True)
        titles = ("before the first loud frame", "after the last one", "anywhere")
        legend_below(figure, dict(zip(titles, (BLUE, ORANGE, GREEN), strict=True)))
    return figure


PLOTS: dict[str, Callable[[Inspection], Figure]] = {
    "emotions.png": draw_emotions,
    "genders.png": draw_genders,
    "languages.png": draw_languages,
    "intensities.png": draw_intensities,
    "lengths.png": draw_lengths,
    "sampling_rates.png": draw_sampling_rates,
    "levels.png": draw_levels,
    "clipping.png": draw_clipping,
    "silence.png": draw_silence,
}


def _values(
    inspection: Inspection, field: str, *, sounding: bool = False
) -> npt.NDArray[np.float64]:
    """Collect one figure of all readable clips, or of those that are not silent."""
    return np.array(
        [
            getattr(clip.sound, field)
            for clip in inspection.clips
            if clip.sound is not None and not (sounding and clip.sound.silent)
        ],
        dtype=np.float64,
    )


def _histogram(
    axes: Axes, values: npt.NDArray[np.float64], edges: npt.NDArray[np.float64], color: str
) -> None:
    if values.size:
        shares = np.full(values.size, 100.0 / values.size)
        inside = np.clip(values, edges[0], edges[-1])
        axes.hist(inside, bins=edges.tolist(), weights=shares, color=color, alpha=0.75)


def _boxes(
    axes: Axes,
    inspection: Inspection,
    field: str,
    color: str,
    *,
    shift: float = 0.0,
    height: float,
    scale: float = 1.0,
) -> None:
    for place, corpus in enumerate(inspection.corpora):
        values = scale * _values(inspection.of(corpus), field, sounding=True)
        if not values.size:
            continue
        low, q1, median, q3, high = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))
        y = place + shift
        axes.plot([low, high], [y, y], color=DARK, linewidth=0.9, zorder=1)
        axes.barh(y, q3 - q1, left=q1, height=height, color=color, edgecolor=DARK, linewidth=0.8)
        ends = [y - height / 2, y + height / 2]
        axes.plot([median, median], ends, color=DARK, linewidth=2.0, solid_capstyle="butt")
