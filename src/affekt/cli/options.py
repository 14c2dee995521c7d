"""Options that several commands have in common."""

from __future__ import annotations

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
