"""`affekt train`: from a recipe to a bundle."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from affekt.cli.data import data_options
from affekt.cli.options import force_option
from affekt.cli.saying import echo, say
from affekt.corpora import DataSource


@click.command()
@click.argument("name", metavar="RECIPE", required=False)
@click.option(
    "--init",
    is_flag=True,
    help="Write a recipe to begin with into this folder, and train nothing: with comments, or the "
    "shipped one that RECIPE names.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for checkpoints, logs and the bundle.  [default: runs/NAME]",
)
@data_options
@click.option(
    "--protocol",
    "protocol_name",
    metavar="NAME",
    help="Train one network a split of it, and report on whom each did not learn from; see "
    "`affekt protocols`.  [default: the recipe's]",
)
@click.option("--folds", metavar="N,N", help="Train these splits alone, from 1.")
@click.option("--resume", is_flag=True, help="Go on from the newest checkpoint in the folder.")
@click.option("--epochs", type=click.IntRange(min=1), help="Instead of the recipe's number.")
@force_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
def train(
    name: str | None,
    init: bool,
    data: DataSource,
    out: Path | None,
    protocol_name: str | None,
    folds: str | None,
    resume: bool,
    epochs: int | None,
    force: bool,
    quiet: bool,
) -> None:
    """Train the model that RECIPE describes, calibrate it and export its bundle.

    RECIPE is a TOML file, or the name of a recipe that comes with the package.

    Recordings that are named here are learnt from instead of those of the recipe, with the labels
    that occur in them.

    Under another protocol than the shipped tables it is one network a split, a table of what they
    answer to clips that they did not learn from, and a report.

    An interrupted run goes on with --resume, with the losses it would have had.
    """
    from affekt.training import train as train_model

    if init:
        echo(_begin(name, force=force))
        return
    if name is None:
        raise click.UsageError("give a RECIPE; --init writes one to begin with")
    echo(
        train_model(
            name,
            data=data if data.corpora or data.table or data.folder else None,
            root=data.root,
            protocol=protocol_name,
            folds=_numbers(folds),
            epochs=epochs,
            out=out,
            resume=resume,
            force=force,
            say=lambda line: say(line, prefix=""),
            show_progress=sys.stderr.isatty() and not quiet,
        )
    )


def _begin(name: str | None, *, force: bool) -> Path:
    """Write a shipped recipe into the current folder, under a name of its own."""
    from affekt.output import write_output
    from affekt.training import find_recipe

    text = find_recipe(name or "own").read_text(encoding="utf-8")
    if name is not None:  # its terms are those of the shipped weights
        kept = [line for line in text.splitlines() if not line.startswith("licence_file")]
        text = "\n".join(kept).replace(f'name = "{name}"', f'name = "my-{name}"', 1) + "\n"
    path = Path(f"my-{name}.toml" if name else "own.toml")
    write_output(path, text, force=force)
    return path


def _numbers(text: str | None) -> tuple[int, ...]:
    """Return the numbers of "1,3"."""
    if text is None:
        return ()
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and int(word) > 0 for word in words):
        raise click.BadParameter(f"'{text}': give numbers, such as 1,3", param_hint="--folds")
    return tuple(map(int, words))
