"""`affekt features`: list feature sets, extract them from corpora, and show what they hold."""

from __future__ import annotations

import os
import sys
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from affekt.cli.data import data_options
from affekt.cli.interrupts import interrupts_wait
from affekt.cli.options import remarks_shown
from affekt.cli.saying import echo, say
from affekt.corpora import DataSource, corpora_root
from affekt.features import FEATURE_SETS, FeatureSet, find_feature_set
from affekt.records import Utterance
from affekt.report import progress_bars

_SHOWN = 20


@click.group()
def features() -> None:
    """List feature sets, extract them from corpora, and show what they hold."""


@features.command("list")
def list_() -> None:
    """List the feature sets, with the shape of one clip's features and how they are made."""
    for item in FEATURE_SETS.values():
        echo(f"{item.name}: {item.form} {_shape(item.shape)}, version {item.version}")
        echo(textwrap.indent(textwrap.fill(item.description, 92), "    "))


@features.command()
@data_options
@click.option(
    "--set", "set_name", required=True, metavar="SET", help="A set of `affekt features list`."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="TABLE",
    help="The table; the name ends in .parquet, or in .csv for vectors.",
)
@click.option("--min-duration-s", type=click.FloatRange(min=0.0), help="Leave shorter clips out.")
@click.option("--workers", type=click.IntRange(min=1), help="Processes.  [default: one a core]")
@click.option("--force", is_flag=True, help="Replace a table that is there.")
def extract(
    data: DataSource,
    set_name: str,
    out: Path,
    min_duration_s: float | None,
    workers: int | None,
    force: bool,
) -> None:
    """Write the features of every clip into a table, a row a clip.

    Name the recordings with --corpus, --table or --folder.

    Broken off, the same command goes on where it was; the table appears when it is complete. What
    cannot be read is named, passed over, and listed in the table. Exit code 0: all was read, 1:
    something could not be read.
    """
    from affekt.features.tables import extract as extract_features

    chosen = find_feature_set(set_name)
    try:
        with remarks_shown():
            utterances = data.open().utterances
        with progress_bars() as bars, interrupts_wait() as wait:

            def progress(done: int, total: int) -> None:
                bars("clips", done, total)
                wait.over()

            info, was_there = extract_features(
                utterances,
                chosen,
                out,
                root=_root(data),
                min_duration_s=min_duration_s,
                workers=workers or os.cpu_count() or 1,
                force=force,
                progress=progress,
            )
    except KeyboardInterrupt:
        say("interrupted; the same command goes on where it was")
        raise
    for clip, reason in info.skipped:
        say(f"{clip}: {reason}")
    written = info.asked - len(info.skipped) - info.too_short
    said = f"{out}: {written} clips, {chosen.name} ({_shape(chosen.shape)})"
    if info.too_short:
        said += f"; {info.too_short} left out for their length"
    if info.skipped:
        said += f"; {len(info.skipped)} could not be read"
    echo(f"{said}; finished already (--force makes it anew)" if was_there else said)
    sys.exit(1 if info.skipped else 0)


@features.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--set", "set_name", metavar="SET", help="FILE is a recording; compute this set of it."
)
@click.option(
    "--rows",
    type=click.IntRange(min=0),
    default=_SHOWN,
    show_default=True,
    help="Features to list at most.",
)
def show(file: Path, set_name: str | None, rows: int) -> None:
    """Say what a table of features holds, or, with --set, compute the features of a recording.

    Mean, standard deviation and range are those of each entry of a vector, of each coefficient of
    a matrix, of each plane, or of a whole image.
    """
    if set_name is None:
        _show_table(file, rows)
    else:
        _show_clip(file, find_feature_set(set_name), rows)


def _show_table(path: Path, rows: int) -> None:
    from affekt.features.tables import SUFFIXES, read_table, summarise

    if path.suffix.lower() not in SUFFIXES:
        raise click.UsageError(
            f"{path}: no table (.parquet, .csv); for the features of a recording, name a set with "
            "--set"
        )
    table = read_table(path)
    info = table.info
    facts = [
        ("set", f"{info.feature_set}, version {info.set_version}"),
        ("shape", f"{table.feature_set.form} {_shape(info.shape)}"),
        ("written", f"{info.date} by Affekt {info.affekt_version}"),
        ("clips", f"{len(table.utterances)}, {table.durations_s.sum() / 3600:.2f} h"),
        ("speakers", str(len({item.speaker_key for item in table.utterances}))),
    ]
    if info.min_duration_s is not None:
        facts.append(("too short", f"{info.too_short} (under {info.min_duration_s:g} s)"))
    facts.append(("skipped", str(len(info.skipped))))
    for name, value in facts:
        echo(f"{name:<9}  {value}")
    for clip, reason in info.skipped[:rows]:
        echo(f"  {clip}: {reason}")
    echo()
    _echo_table(*_counts(table.utterances))
    echo()
    summary = summarise(table.feature_set, table.blocks())
    figures = zip(summary.mean, summary.std, summary.min, summary.max, strict=True)
    _echo_figures(
        ("feature", "mean", "std", "min", "max"),
        [(name, *row) for name, row in zip(summary.names, figures, strict=True)],
        rows,
    )


def _show_clip(path: Path, chosen: FeatureSet, rows: int) -> None:
    from affekt.audio import decode
    from affekt.features.tables import summarise

    audio = decode(path)
    values = chosen.compute(audio.signal)
    echo(f"{path}: {audio.duration_s:.2f} s, {chosen.name} ({_shape(chosen.shape)})")
    if chosen.form == "vector":
        named = [(name, value) for name, value in zip(chosen.columns, values, strict=True)]
        _echo_figures(("feature", "value"), named, rows)
        return
    summary = summarise(chosen, [values[None]])
    figures = zip(summary.mean, summary.std, summary.min, summary.max, strict=True)
    _echo_figures(
        ("feature", "mean", "std", "min", "max"),
        [(name, *row) for name, row in zip(summary.names, figures, strict=True)],
        rows,
    )


def _root(data: DataSource) -> Path:
    """Return the folder below which clips are named by their paths."""
    if data.corpora:
        return corpora_root(data.root)
    place = data.folder or data.table or Path()
    return place if place.is_dir() else place.parent


def _counts(utterances: Sequence[Utterance]) -> tuple[list[str], list[list[str]]]:
    """Return clips a corpus and emotion; what has no canonical label goes by its own."""
    counts = Counter((item.corpus, item.emotion or item.native_label) for item in utterances)
    corpora = list(dict.fromkeys(item.corpus for item in utterances))
    emotions = sorted({emotion for _, emotion in counts})
    rows = [[name, *(str(counts[name, label] or "-") for label in emotions)] for name in corpora]
    totals = Counter(item.corpus for item in utterances)
    return ["corpus", *emotions, "clips"], [
        [*row, str(totals[name])] for name, row in zip(corpora, rows, strict=True)
    ]


def _echo_figures(head: Sequence[str], rows: Sequence[Sequence[object]], shown: int) -> None:
    _echo_table(
        head, [[str(name), *(f"{value:.5g}" for value in row)] for name, *row in rows[:shown]]
    )
    if len(rows) > shown:
        echo(f"and {len(rows) - shown} more (--rows {len(rows)})")


def _echo_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table, its first column to the left and numbers to the right."""
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    for first, *others in table:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        echo("  ".join([f"{first:<{widths[0]}}", *cells]))


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(str(size) for size in shape)
