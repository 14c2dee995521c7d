"""What an inspection found, for a terminal; and all of it as files in a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from affekt.errors import CorpusError
from affekt.inspection.corpus import Inspection
from affekt.inspection.corpus_plots import PLOTS
from affekt.inspection.corpus_statistics import (
    ALL,
    NO_CANONICAL,
    NOT_STATED,
    Spread,
    Summary,
    clips_csv,
    count,
    counts_csv,
    emotions_of,
    summarise,
    summary_csv,
    to_json,
)
from affekt.output import check_output, write_outputs
from affekt.report import require_matplotlib, to_png
from affekt.terminal import open_console, print_table

if TYPE_CHECKING:
    from rich.table import Table

_NOTHING = "-"

TABLES: dict[str, Callable[[Inspection], str]] = {
    "inspection.json": to_json,
    "summary.csv": summary_csv,
    "counts.csv": counts_csv,
    "clips.csv": clips_csv,
}


def prepare_folder(folder: Path, *, force: bool = False) -> None:
    """Make the folder, so that an hour of listening does not end at a missing permission.

    Raises:
        CorpusError: it cannot be made.
        ConfigError: it holds files of a report's names that Affekt did not write, without `force`.
        MissingExtraError: matplotlib, which draws the plots, is not installed.
    """
    require_matplotlib()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CorpusError(f"{folder}: cannot be made: {error.strerror or error}") from error
    for name in (*TABLES, *PLOTS):
        check_output(folder / name, force=force)


def write_report(inspection: Inspection, folder: Path, *, force: bool = False) -> list[Path]:
    """Write tables and plots into a folder.

    Args:
        inspection: what was found.
        folder: made if it does not exist.
        force: replace files that Affekt did not write.

    Returns:
        The files, tables first.

    Raises:
        ConfigError: a file may not be replaced, or cannot be written.
        MissingExtraError: matplotlib is not installed.
    """
    files: dict[str, str | bytes] = {name: text(inspection) for name, text in TABLES.items()}
    files |= {name: to_png(draw(inspection)) for name, draw in PLOTS.items()}
    write_outputs(folder, files, force=force)
    return [folder / name for name in files]


def print_report(inspection: Inspection, out: TextIO) -> None:
    """Print the tables for people."""
    console = open_console(out)
    summaries = summarise(inspection)
    for table in (
        _lengths(summaries),
        _levels(summaries),
        _silence(summaries),
        _emotions(inspection, summaries),
        _labels(inspection),
    ):
        print_table(console, table)
        console.print()


WRITERS: dict[str, Callable[[Inspection, TextIO], object]] = {
    "text": print_report,
    "json": lambda inspection, out: out.write(to_json(inspection)),
    "csv": lambda inspection, out: out.write(summary_csv(inspection)),
}


def _lengths(summaries: Sequence[Summary]) -> Table:
    table = _table(
        "Recordings; lengths in seconds",
        ["corpus", "clips", "speakers", "hours", "min", "25 %", "median", "75 %", "max"],
        ["Hz", "channels"],
    )
    for item in summaries:
        table.add_row(
            item.corpus,
            str(item.clips),
            str(item.speakers),
            f"{item.hours:.2f}",
            *_five(item.length_s, ".2f"),
            _found(item.sampling_rates_hz),
            _found(item.channels),
        )
    return table


def _levels(summaries: Sequence[Summary]) -> Table:
    table = _table(
        "Levels in dBFS; clips that touch full scale",
        ["corpus", "RMS 25 %", "RMS median", "RMS 75 %", "peak median", "peak highest"],
        ["clipped clips", "share", "samples"],
        right=True,
    )
    for item in summaries:
        table.add_row(
            item.corpus,
            *_five(item.rms_dbfs, ".1f")[1:-1],
            _figure(item.peak_dbfs and item.peak_dbfs.median, ".1f"),
            _figure(item.peak_dbfs and item.peak_dbfs.max, ".1f"),
            str(item.clipped_clips),
            f"{item.clipped_share:.1%}",
            str(item.clipped_samples),
        )
    return table


def _silence(summaries: Sequence[Summary]) -> Table:
    table = _table(
        "Silence, 30 dB below the loudest frame of a clip: medians, upper quartiles",
        ["corpus", "before, s", "75 %", "after, s", "75 %", "share of frames", "75 %"],
        ["silent clips", "damaged", "not read"],
        right=True,
    )
    for item in summaries:
        table.add_row(
            item.corpus,
            *_two(item.leading_s, ".2f"),
            *_two(item.trailing_s, ".2f"),
            *_two(item.silent_share, ".0%"),
            str(item.silent_clips),
            str(item.damaged),
            str(item.unreadable),
        )
    return table


def _emotions(inspection: Inspection, summaries: Sequence[Summary]) -> Table:
    names = emotions_of(inspection.clips)
    table = _table("Clips of each emotion", ["corpus", *names, "none"], [])
    for item in summaries:
        part = inspection if item.corpus == ALL else inspection.of(item.corpus)
        found = count(part.clips, "emotion")
        table.add_row(
            item.corpus, *(str(found.get(name, _NOTHING)) for name in (*names, NO_CANONICAL))
        )
    return table


def _labels(inspection: Inspection) -> Table:
    table = _table("What the corpora say of their clips", ["corpus"], ["", "clips"])
    titles = {
        "native_label": "their own labels",
        "gender": "gender",
        "language": "language",
        "intensity": "intensity",
        "speaker": "speakers",
    }
    for corpus in inspection.corpora:
        clips = inspection.of(corpus).clips
        for place, (name, title) in enumerate(titles.items()):
            found = count(clips, name)
            table.add_row(
                corpus if place == 0 else "",
                title,
                _range(found) if name == "speaker" else _listed(found),
                end_section=place == len(titles) - 1,
            )
    return table


def _table(title: str, first: Sequence[str], rest: Sequence[str], *, right: bool = False) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    table.padding = (0, 1, 0, 0)  # so that eighty columns hold every table
    for place, name in enumerate(first):
        table.add_column(name, justify="right" if place else "left", no_wrap=place == 0)
    for name in rest:
        table.add_column(name, justify="right" if right else "left")
    return table


def _five(spread: Spread | None, form: str) -> list[str]:
    return [_figure(value, form) for value in spread or (None,) * len(Spread._fields)]


def _two(spread: Spread | None, form: str) -> list[str]:
    chosen = (None, None) if spread is None else (spread.median, spread.q3)
    return [_figure(value, form) for value in chosen]


def _figure(value: float | None, form: str) -> str:
    return _NOTHING if value is None else format(value, form)


def _found(values: Mapping[int, int]) -> str:
    """Name a single value, and say how often where there are several."""
    if len(values) == 1:
        return str(next(iter(values)))
    parts = [f"{value} ({clips} clip{'s' * (clips > 1)})" for value, clips in values.items()]
    return ", ".join(parts) or _NOTHING


def _listed(found: Mapping[str, int]) -> str:
    if list(found) == [NOT_STATED]:
        return NOT_STATED
    return ", ".join(f"{value} {clips}" for value, clips in found.items())


def _range(found: Mapping[str, int]) -> str:
    fewest, most = min(found.values()), max(found.values())
    each = f"{most}" if fewest == most else f"{fewest} to {most}"
    return f"{len(found)}, with {each} clips each"
