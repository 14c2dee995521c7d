"""`affekt protocols`: the protocols by name, and the splits they make."""

from __future__ import annotations

import csv
from pathlib import Path

import click

from affekt.cli.options import corpora_option, force_option, remarks_shown
from affekt.cli.saying import echo
from affekt.corpora import CORPORA, corpora_root, load_corpus
from affekt.corpora.tables import TableCorpus, check_text
from affekt.output import check_output, open_text_output
from affekt.protocols import PROTOCOLS, protocol
from affekt.records import Utterance

# What `--table` and `affekt audit --split` read; a collection tells that corpora share speakers.
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
@click.option(
    "--corpus", "names", multiple=True, metavar="CORPUS", help="A corpus; may be repeated."
)
@corpora_option
@click.option(
    "--table",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Your own data: CSV or Parquet with path, emotion and speaker.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="The split: a CSV, a row a recording of every round.",
)
@force_option
def split(
    name: str,
    names: tuple[str, ...],
    root: Path | None,
    table: Path | None,
    out: Path,
    force: bool,
) -> None:
    """Write the splits of a protocol; without --corpus and --table, of all corpora that are here.

    Each row tells the protocol and its version. The file is read by `affekt audit --split`, and,
    where it has one round, by `--table`.
    """
    rule = protocol(name)
    check_output(out, inputs=[table] if table else (), force=force)
    with remarks_shown():
        utterances = _utterances(names, root, table)
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
    inputs = [table, *paths] if table else paths
    with open_text_output(out, inputs=inputs, force=force) as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    echo(f"{out}: {rule.title}, {len(made)} rounds, {len(rows)} rows")


def _row(item: Utterance) -> dict[str, str | int | None]:
    row = {name: getattr(item, name) for name in COLUMNS if hasattr(item, name)}
    return row | {"path": str(item.path.absolute())}


def _utterances(names: tuple[str, ...], root: Path | None, table: Path | None) -> list[Utterance]:
    found = TableCorpus(table).load() if table else []
    if names or not table:
        root = corpora_root(root)
        chosen = names or tuple(name for name in CORPORA if (root / name).is_dir())
        found += [item for name in dict.fromkeys(chosen) for item in load_corpus(name, root)]
    return found
