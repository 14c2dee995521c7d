"""`affekt compare`: models side by side, and beside published figures."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path

import click

from affekt.cli import measuring
from affekt.cli.options import force_option
from affekt.corpora import DataSource
from affekt.evaluation.compare import WRITERS
from affekt.evaluation.compare import compare as measure
from affekt.output import check_output
from affekt.report import progress_bars


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@measuring.clip_options
@measuring.source_options
@click.option(
    "--format",
    "format_name",
    type=click.Choice(list(WRITERS)),
    default="text",
    show_default=True,
    help="How the comparison is written.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write it there instead of printing it.",
)
@measuring.stamp_options
@measuring.reading_options
@force_option
def compare(
    models: tuple[str, ...],
    protocol_name: str | None,
    data: DataSource,
    features: str | None,
    label_words: tuple[str, ...],
    format_name: str,
    out: Path | None,
    audit: bool,
    allowed: bool,
    log: Path | None,
    quiet: bool,
    force: bool,
) -> None:
    """Measure models on the same clips, and put them beside each other and published figures.

    MODEL is anything that `affekt evaluate` takes. The difference between each two is tested by
    swapping their answers speaker by speaker. Of every published figure on the corpora under test
    it is said whether its protocol matches and whether it may be compared. The exit code is 3 where
    a model did not answer all clips, which counts as wrong, or where speakers under test may be its
    training speakers, which is marked.
    """
    sources = [measuring.load_source(model, features, label_words, data) for model in models]
    clips = measuring.load_clips(protocol_name, data, sources=sources, quiet=quiet)
    if out is not None:
        check_output(out, inputs=measuring.read_by(*models, log, clips=clips), force=force)
    measuring.check_log(clips.tested, log)
    copies = measuring.find_copies(clips, sources, audit=audit, quiet=quiet)
    with progress_bars(quiet=quiet) as bars:
        comparison = measure(
            sources,
            clips.utterances,
            clips.rule,
            splits=clips.splits,
            training_clips=clips.training,
            copies=copies,
            progress=lambda source: functools.partial(bars, source.title),
        )
    reports = tuple(measuring.logged(report, log) for report in comparison.reports)
    comparison = dataclasses.replace(comparison, reports=reports)
    measuring.write_out(WRITERS[format_name](comparison), out, force=force)
    measuring.leave(*comparison.reports, allowed=allowed, quiet=quiet)
