"""`affekt audit`: copies, leaks and faults in corpora and splits."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from affekt.auditing import SEVERITIES, Severity, at_least
from affekt.cli.data import data_options, or_all_here
from affekt.cli.options import force_option, remarks_shown
from affekt.cli.saying import echo, say
from affekt.corpora import DataSource, root_at_hand
from affekt.errors import ConfigError
from affekt.output import check_output, utf8, write_output
from affekt.report import progress_bars

FORMATS = ("text", "json", "md", "html")


@click.command()
@data_options
@click.option(
    "--split",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A split, anybody's: a table (CSV, JSON lines or Parquet) with a column for the path "
    "(path, file, filename) and one for the part (split, part, subset, set); speaker, emotion, "
    "sentence and round where known.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How the report is written.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the report there instead of printing it.",
)
@click.option(
    "--mend",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the split there without the rows that leak or cannot be read; rows of a tested "
    "part go only where the recording itself is at fault.",
)
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help="End with exit code 3 when something of this severity or a higher one is found, in the "
    "order error, warning, suspected, note.",
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes.  [default: one a core]")
@force_option
def audit(
    data: DataSource,
    split: Path | None,
    format_name: str,
    out: Path | None,
    mend: Path | None,
    fail_on: Severity | None,
    workers: int | None,
    force: bool,
) -> None:
    """Look for copies, leaks and faults in corpora, in your own recordings, or in a split.

    Without --corpus, --table, --folder and --split, all corpora that are here are audited. --split
    keeps the rows of a split as they are, its rounds included, so that --mend can write it anew.

    Recordings are compared by their sound: copies are found that were re-encoded, resampled, cut,
    moved, made louder, changed in pitch or pace, turned backwards, filtered, or mixed with noise.
    What is alike as copies are and cannot be confirmed is called suspected. What was read is kept,
    and read again only when a file has changed; broken off, the same command goes on where it was.
    """
    from affekt.auditing import WRITERS, Table, check_target
    from affekt.auditing import audit as look

    inputs = [place for place in (split, data.table) if place is not None]
    if mend is not None:
        if split is None:
            raise ConfigError("--mend writes a mended split: name the split with --split")
        if out is not None and out.resolve() == mend.resolve():
            raise ConfigError(f"{out}: --out and --mend name one file: give each its own")
        check_target(Table.read(split), mend, force=force)
    if out is not None:
        check_output(out, inputs=inputs, force=force)
    own = dataclasses.replace(data, corpora=()) if data.table or data.folder else None
    if own is None and split is None:
        data = or_all_here(data)
    root = root_at_hand(data.root)
    with remarks_shown(), progress_bars() as progress:
        dataset = own.scan() if own else None
        found = look(
            data.corpora,
            root=root,
            split=split,
            dataset=dataset,
            workers=workers,
            progress=progress,
        )
    # Names of files need not be text.
    report = utf8(WRITERS[format_name](found))
    if out is None:
        echo(report.decode(), nl=False)
    else:
        write_output(out, report, inputs=inputs, force=force)
        say(f"{out}: {len(found.findings)} findings", prefix="")
    if mend is not None and found.mending is not None:
        found.mending.write(mend, force=force)
        rows, gone = len(found.mending.table.rows), len(found.mending.dropped)
        say(f"{mend}: {rows - gone} of {rows} rows", prefix="")
        for line in found.mending.told():
            say(f"  {line}", prefix="")
    if fail_on is not None and at_least(found.findings, fail_on):
        sys.exit(3)
