"""The pictures of corpora: who says what how often, how long, how loud, how silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from affekt.emotions import CANONICAL
from affekt.inspection.corpus import Clip, Inspection
from affekt.inspection.drawing import BLUE, DARK, DIM, GREEN, GREY, ORANGE, new_figure
from affekt.inspection.tables import NO_CANONICAL, NOT_STATED, count

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GENDERS = {"female": ORANGE, "male": BLUE, NOT_STATED: GREY}
_COLUMNS = 3
_PANEL_IN = (3.6, 2.5)
_HEADER_IN = 0.7
# What lies beyond is gathered in the last bar, so that one long clip does not flatten the rest.
_LONG = 0.995
_LOW_DBFS = -70.0
_HIGH_DBFS = 6.0


def draw_emotions(inspection: Inspection) -> Figure:
    """Draw clips of each canonical emotion, a panel a corpus, divided by gender."""
    names = [*CANONICAL]
    if NO_CANONICAL in count(inspection.clips, "emotion"):
        names.append(NO_CANONICAL)
    with new_figure(*_size(inspection, row_in=2.7)) as figure:
        figure.suptitle("Clips of each emotion, by the gender of the speaker")
        for axes, corpus in _panels(figure, inspection.corpora):
            clips = inspection.of(corpus).clips
            left = np.zeros(len(names))
            for gender, found in _by_gender(clips).items():
                counts = count(found, "emotion")
                values = np.array([counts.get(name, 0) for name in names], dtype=float)
                axes.barh(names, values, left=left, color=_GENDERS[gender], height=0.72)
                left += values
            for place, total in enumerate(left):
                axes.annotate(
                    f"{total:.0f}" if total else "none",
                    (total, place),
                    xytext=(3, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=8,
                    color=DARK if total else DIM,
                )
            axes.invert_yaxis()
            axes.set_xlim(0.0, 1.18 * max(left.max(), 1.0))
            axes.set_title(corpus)
            axes.set_xlabel("clips")
            axes.tick_params(left=False)
        _legend(figure, _used_genders(inspection))
    return figure


def draw_genders(inspection: Inspection) -> Figure:
    """Draw clips a corpus, divided by gender, with the number of speakers."""
    corpora = inspection.corpora
    with new_figure(8.0, 1.6 + 0.4 * len(corpora)) as figure:
        figure.suptitle("Clips of each gender, and speakers")
        axes = figure.subplots()
        left = np.zeros(len(corpora))
        for gender in _used_genders(inspection):
            parts = [
                [clip for clip in inspection.of(corpus).clips if _gender(clip) == gender]
                for corpus in corpora
            ]
            values = np.array([len(part) for part in parts], dtype=float)
            axes.barh(corpora, values, left=left, color=_GENDERS[gender], height=0.7)
            left += values
        for place, corpus in enumerate(corpora):
            axes.annotate(
                _speakers(inspection.of(corpus).clips),
                (left[place], place),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                fontsize=8,
                color=DARK,
            )
        axes.invert_yaxis()
        axes.set_xlim(0.0, 1.4 * left.max())
        axes.set_xlabel("clips")
        axes.tick_params(left=False)
        _legend(figure, _used_genders(inspection))
    return figure


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
    with new_figure(*_size(inspection)) as figure:
        figure.suptitle("Lengths of the clips, and their median")
        for axes, corpus in _panels(figure, inspection.corpora):
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
    with new_figure(*_size(inspection)) as figure:
        figure.suptitle("Levels of the clips; the line is full scale")
        for axes, corpus in _panels(figure, inspection.corpora):
            part = inspection.of(corpus)
            _histogram(axes, _values(part, "rms_dbfs", heard=True), edges, BLUE)
            _histogram(axes, _values(part, "peak_dbfs", heard=True), edges, ORANGE)
            axes.axvline(0.0, color=DARK, linewidth=1.0)
            clipped = np.count_nonzero(_values(part, "clipped_samples"))
            axes.set_title(f"{corpus}: {clipped} of {len(part.clips)} clips clipped")
            axes.set_xlim(edges[0], edges[-1])
            axes.set_xlabel("level, dBFS")
            axes.set_ylabel("share of clips, %")
        _legend(figure, {"RMS": BLUE, "peak": ORANGE})
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
        _legend(figure, dict(zip(titles, (BLUE, ORANGE, GREEN), strict=True)))
    return figure


PLOTS: dict[str, Callable[[Inspection], Figure]] = {
    "emotions.png": draw_emotions,
    "genders.png": draw_genders,
    "lengths.png": draw_lengths,
    "levels.png": draw_levels,
    "silence.png": draw_silence,
}


def _size(inspection: Inspection, *, row_in: float = _PANEL_IN[1]) -> tuple[float, float]:
    count_ = len(inspection.corpora)
    columns = min(_COLUMNS, count_)
    # One panel needs room for the title of the whole.
    width_in = max(6.0, _PANEL_IN[0] * columns)
    return width_in, _HEADER_IN + row_in * -(-count_ // _COLUMNS)


def _panels(figure: Figure, corpora: Sequence[str]) -> Iterator[tuple[Axes, str]]:
    columns = min(_COLUMNS, len(corpora))
    grid = figure.subplots(-(-len(corpora) // columns), columns, squeeze=False).flat
    for axes, corpus in zip(grid, corpora, strict=False):
        yield axes, corpus
    for axes in list(grid)[len(corpora) :]:
        axes.set_axis_off()


def _legend(figure: Figure, colors: dict[str, str]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=label) for label, color in colors.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _by_gender(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = {gender: [] for gender in _GENDERS}
    for clip in clips:
        found[_gender(clip)].append(clip)
    return found


def _gender(clip: Clip) -> str:
    # A table of one's own may hold other words.
    return clip.utterance.gender if clip.utterance.gender in _GENDERS else NOT_STATED


def _used_genders(inspection: Inspection) -> dict[str, str]:
    used = {_gender(clip) for clip in inspection.clips}
    return {gender: color for gender, color in _GENDERS.items() if gender in used}


def _speakers(clips: Sequence[Clip]) -> str:
    genders = {clip.utterance.speaker_key: _gender(clip) for clip in clips}
    found = Counter(genders.values())
    parts = [f"{found[gender]} {gender}" for gender in _GENDERS if found[gender]]
    return f"{len(genders)} speakers: {', '.join(parts)}"


def _values(inspection: Inspection, field: str, *, heard: bool = False) -> npt.NDArray[np.float64]:
    """Collect one figure of all readable clips, or of those that are not silent."""
    return np.array(
        [
            getattr(clip.sound, field)
            for clip in inspection.clips
            if clip.sound is not None and not (heard and clip.sound.silent)
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
        values = scale * _values(inspection.of(corpus), field, heard=True)
        if not values.size:
            continue
        low, q1, median, q3, high = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))
        y = place + shift
        axes.plot([low, high], [y, y], color=DARK, linewidth=0.9, zorder=1)
        axes.barh(y, q3 - q1, left=q1, height=height, color=color, edgecolor=DARK, linewidth=0.8)
        ends = [y - height / 2, y + height / 2]
        axes.plot([median, median], ends, color=DARK, linewidth=2.0, solid_capstyle="butt")
