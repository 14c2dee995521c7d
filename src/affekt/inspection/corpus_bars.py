"""Bars of corpora: who says what how often, in which language, how strongly; rates, clipping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from affekt.inspection.corpus import Clip, Inspection
from affekt.inspection.corpus_statistics import (
    NO_CANONICAL,
    NOT_STATED,
    count,
    emotions_of,
    split,
    summarise,
)
from affekt.report import (
    BLUE,
    DARK,
    DIM,
    GREY,
    ORANGE,
    legend_below,
    new_figure,
    new_panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_GENDERS = {"female": ORANGE, "male": BLUE, NOT_STATED: GREY}
_ROW_IN = 0.3
# A table of one's own may hold any number of words.
_MOST_VALUES = 12
_MOST_NAMES = 5


def draw_emotions(inspection: Inspection) -> Figure:
    """Draw clips of each emotion, a panel a corpus, divided by gender."""
    names = emotions_of(inspection.clips)
    if NO_CANONICAL in count(inspection.clips, "emotion"):
        names.append(NO_CANONICAL)
    title = "Clips of each emotion, by the gender of the speaker"
    with new_panels(title, inspection.corpora, row_in=2.7) as (figure, panels):
        for axes, corpus in panels:
            found = split(inspection.of(corpus).clips, "emotion")
            rows = {name: found.get(name, []) for name in names}
            _bars(axes, rows, _by_gender(rows.values()), [_number(row) for row in rows.values()])
        used = set(map(_gender, inspection.clips))
        legend_below(figure, {name: color for name, color in _GENDERS.items() if name in used})
    return figure


def draw_genders(inspection: Inspection) -> Figure:
    """Draw clips a corpus, divided by gender, with the number of speakers."""
    rows = {corpus: inspection.of(corpus).clips for corpus in inspection.corpora}
    return _draw_rows("Clips of each gender, and speakers", rows, _speakers)


def draw_languages(inspection: Inspection) -> Figure:
    """Draw clips of each language, divided by gender, with the corpora that hold them."""
    rows = _commonest(split(inspection.clips, "language"))
    return _draw_rows("Clips of each language, and corpora", rows, _corpora)


def draw_intensities(inspection: Inspection) -> Figure:
    """Draw clips of each intensity, in the words of each corpus, divided by gender."""
    rows = {
        f"{corpus}: {value}": clips
        for corpus in inspection.corpora
        for value, clips in _commonest(split(inspection.of(corpus).clips, "intensity")).items()
    }
    return _draw_rows("Clips of each intensity, in the words of the corpus", rows, _number)


def draw_sampling_rates(inspection: Inspection) -> Figure:
    """Draw how many files of each corpus have which sampling rate, or could not be read."""
    rows: dict[str, int] = {}
    for corpus in inspection.corpora:
        (found,) = summarise(inspection.of(corpus))
        rows |= {f"{corpus}: {hz} Hz": clips for hz, clips in found.sampling_rates_hz.items()}
        if found.unreadable:
            rows[f"{corpus}: not read"] = found.unreadable
    with _rows_figure("Clips of each sampling rate, as the files have it", len(rows)) as figure:
        _bars(figure.subplots(), rows, {BLUE: [*rows.values()]}, [f"{n}" for n in rows.values()])
    return figure


def draw_clipping(inspection: Inspection) -> Figure:
    """Draw what share of the clips of each corpus touch full scale, and in how many samples."""
    notes = []
    shares = []
    for corpus in inspection.corpora:
        (found,) = summarise(inspection.of(corpus))
        shares.append(100.0 * found.clipped_share)
        read = found.clips - found.unreadable
        samples = f"{found.clipped_samples} sample{'s' * (found.clipped_samples != 1)}"
        notes.append(f"{found.clipped_clips} of {read} clips, {samples}")
    with _rows_figure("Clips with samples at full scale", len(shares)) as figure:
        axes = figure.subplots()
        _bars(axes, inspection.corpora, {ORANGE: shares}, notes)
        axes.set_xlabel("share of clips, %")
    return figure


@contextmanager
def _rows_figure(title: str, rows: int) -> Iterator[Figure]:
    with new_figure(8.0, 1.35 + _ROW_IN * rows) as figure:
        figure.suptitle(title)
        yield figure


def _draw_rows(
    title: str, rows: Mapping[str, Sequence[Clip]], note: Callable[[Sequence[Clip]], str]
) -> Figure:
    """Draw a bar for each group of clips, divided by gender, and a note at its end."""
    with _rows_figure(title, len(rows)) as figure:
        parts = _by_gender(rows.values())
        _bars(figure.subplots(), rows, parts, [note(clips) for clips in rows.values()])
        legend_below(figure, {name: color for name, color in _GENDERS.items() if any(parts[color])})
    return figure


def _bars(
    axes: Axes,
    labels: Iterable[str],
    parts: Mapping[str, Sequence[float]],
    notes: Sequence[str],
) -> None:
    """Draw a bar a label: the parts, which stand under their colours, end to end; then a note."""
    left = np.zeros(len(notes))
    for color, values in parts.items():
        axes.barh(range(len(notes)), values, left=left, color=color, height=0.72)
        left += values
    for place, (total, note) in enumerate(zip(left, notes, strict=True)):
        axes.annotate(
            note,
            (total, place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
            color=DARK if total else DIM,
        )
    axes.set_yticks(range(len(notes)), [*labels])
    axes.set_ylim(len(notes) - 0.4, -0.6)
    axes.set_xlim(0.0, max(left.max(), 1.0))
    axes.set_xlabel("clips")
    axes.locator_params(axis="x", integer=True)
    axes.tick_params(left=False)


def _by_gender(groups: Iterable[Sequence[Clip]]) -> dict[str, list[float]]:
    """Count each gender in each group of clips; keys are the colours."""
    genders = [Counter(map(_gender, clips)) for clips in groups]
    return {color: [found[name] for found in genders] for name, color in _GENDERS.items()}


def _commonest(found: Mapping[str, list[Clip]]) -> dict[str, list[Clip]]:
    """Gather rare values in one group, where a picture could not hold a row for each."""
    kept = sorted(found, key=lambda value: -len(found[value]))[:_MOST_VALUES]
    rows = {value: clips for value, clips in found.items() if value in kept}
    rest = [clip for value, clips in found.items() if value not in kept for clip in clips]
    return rows | ({f"{len(found) - len(kept)} others": rest} if rest else {})


def _gender(clip: Clip) -> str:
    # A table of one's own may hold other words.
    return clip.utterance.gender if clip.utterance.gender in _GENDERS else NOT_STATED


def _speakers(clips: Sequence[Clip]) -> str:
    genders = {clip.utterance.speaker_key: _gender(clip) for clip in clips}
    found = Counter(genders.values())
    parts = [f"{found[gender]} {gender}" for gender in _GENDERS if found[gender]]
    return f"{len(genders)} speaker{'s' * (len(genders) > 1)}: {', '.join(parts)}"


def _corpora(clips: Sequence[Clip]) -> str:
    names = list(dict.fromkeys(clip.utterance.corpus for clip in clips))
    few = len(names) <= _MOST_NAMES
    return f"{len(clips)} in {', '.join(names) if few else f'{len(names)} corpora'}"


def _number(clips: Sequence[Clip]) -> str:
    return f"{len(clips) or 'none'}"
