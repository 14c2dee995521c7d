"""A run's report as one HTML file that needs nothing else: no network, no file beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from affekt.errors import AffektError
from affekt.evaluation.figures import ClassificationFigures, percent
from affekt.evaluation.run_report.sections import CLIPS_SHOWN, shown_of
from affekt.evaluation.run_report.sounds import LONGEST_S, excerpt
from affekt.report import Document, data_address, render


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sound:
    """A misclassified clip to listen to: addresses that hold sound and spectrogram, or why not."""

    clip: str
    speaker: str
    actual: str
    predicted: str
    wav: str
    png: str
    problem: str


def to_html(
    document: Document,
    *,
    figures: ClassificationFigures,
    recordings: Mapping[str, Path] | None,
) -> str:
    """Return the page.

    Args:
        document: what it says.
        figures: what that was made of.
        recordings: clip id to recording, where sound is wanted.
    """
    sounds = list(_sounds(figures, recordings or {}))
    return render(
        __package__,
        "run_report.html",
        document=document,
        sounds=sounds,
        caption=f"{shown_of(figures, len(sounds))}, the most confident first; of each recording at "
        f"most {LONGEST_S:.0f} s",
    )


def _sounds(figures: ClassificationFigures, recordings: Mapping[str, Path]) -> Iterator[_Sound]:
    """The misclassified clips of which there are recordings, with their sound."""
    chosen = [item for item in figures.misclassified if item.clip in recordings]
    for item in chosen[:CLIPS_SHOWN]:
        wav = png = problem = ""
        try:
            found = excerpt(recordings[item.clip])
        except AffektError as error:
            problem = str(error)
        else:
            wav = data_address("audio/wav", found.wav)
            png = data_address("image/png", found.png)
        yield _Sound(
            clip=item.clip,
            speaker=item.speaker,
            actual=f"{item.actual} ({percent(item.probability_of_actual)} %)",
            predicted=f"{item.predicted} ({percent(item.probability_of_predicted)} %)",
            wav=wav,
            png=png,
            problem=problem,
        )
