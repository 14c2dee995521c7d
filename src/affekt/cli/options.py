"""Options that several commands have in common."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

corpora_option = click.option(
    "--corpora",
    "root",
    type=click.Path(path_type=Path),
    metavar="ROOT",
    envvar="AFFEKT_CORPORA",
    help="The folder that holds one folder a corpus.  [default: AFFEKT_CORPORA]",
)

log_option = click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Log of readings of lockbox speakers. Inside a checkout of Affekt, "
    "docs/lockbox-log.csv in it.",
)


@contextmanager
def remarks_shown(*, quiet: bool = False) -> Iterator[None]:
    """Print what is remarked on within, on standard error, in the command's own form."""
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        yield
    for remark in remarks if not quiet else ():
        click.echo(f"affekt: {remark.message}", err=True)
