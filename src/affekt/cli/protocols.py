"""`affekt protocols`: the protocols by name, and the splits they make."""

from __future__ import annotations

import csv
from pathlib import Path

import click

from affekt.cli.data import data_options, or_all_here
from affekt.cli.options import force_option, remarks_shown
from affekt.cli.saying import echo
from affekt.corpora import DataSource, check_text
from affekt.output import check_output, open_text_output
from affekt.protocols import PROTOCOLS, protocol
from affekt.records import Utterance

# What `--table` and `affekt audit --split` read; a collection says that corpora share speakers.
COLUMNS = (
    *("path", "corpus", "collection", "speaker", "emotion", "native_label", "sentence"),
    *("split", "round", "protocol", "version"),
)
PARTS = ("train", "validation", "test")


@click.group()
def protocols() -> None:
    """List the protocols, and write the splits they make."""


@protocols.command("list")
def list_() -> None:
    """List the protocols, and what each one tests."""
    width = max(map(len, PROTOCOLS))
    for item in PROTOCOLS.values():
        echo(f"{item.name:<{width}}  v{item.version}  {item.description}")


@protocols.command()
@click.argument("name")
@data_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The split: a CSV, a row a recording of every round.",
)
@force_option
def split(name: str, data: DataSource, out: Path, force: bool) -> None:
    """Write the splits of a protocol; without other recordings, of all corpora that are here.

    Each row says the protocol and its version. The file is read by `affekt audit --split`, and,
    where it has one round, by `--table`.
    """
    rule = protocol(name)
    check_output(out, inputs=[data.table] if data.table else (), force=force)
    with remarks_shown():
        utterances = or_all_here(data).open().utterances
        made = rule.splits(utterances)
    rows = [
        _row(item)
        | {"split": part, "round": one.name, "protocol": rule.name, "version": rule.version}
        for one in made
        for part in PARTS
        for item in getattr(one, part)
    ]
    paths = [item.path for item in utterances]
    check_text(paths, out=out)
    inputs = [data.table, *paths] if data.table else paths
    with open_text_output(out, inputs=inputs, force=force) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    echo(f"{out}: {rule.title}, {len(made)} rounds, {len(rows)} rows")


def _row(item: Utterance) -> dict[str, str | int | None]:
    row = {name: getattr(item, name) for name in COLUMNS if hasattr(item, name)}
    return row | {"path": str(item.path.absolute())}
