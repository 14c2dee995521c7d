"""`affekt train`: from a recipe to a bundle."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import click

from affekt.cli.options import force_option
from affekt.cli.saying import echo, say


@click.command()
@click.argument("recipe_path", metavar="RECIPE", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for checkpoints, logs and the bundle.  [default: runs/NAME]",
)
@click.option(
    "--corpora",
    type=click.Path(path_type=Path),
    envvar="AFFEKT_CORPORA",
    help="Folder that holds the corpora.  [default: AFFEKT_CORPORA]",
)
@click.option("--resume", is_flag=True, help="Go on from the newest checkpoint in the folder.")
@click.option("--epochs", type=click.IntRange(min=1), help="Instead of the recipe's number.")
@force_option
@click.option("--quiet", is_flag=True, help="No progress bar.")
def train(
    recipe_path: Path,
    out: Path | None,
    corpora: Path | None,
    resume: bool,
    epochs: int | None,
    force: bool,
    quiet: bool,
) -> None:
    """Train the model that RECIPE (a TOML file) describes, calibrate it and export its bundle.

    An interrupted run goes on with --resume, with the losses it would have had.
    """
    from affekt.corpora import corpora_root
    from affekt.training import Run, load_recipe
    from affekt.training import train as train_model

    recipe, licence_text = load_recipe(recipe_path)
    if epochs is not None:
        fit = dataclasses.replace(recipe.fit, epochs=epochs)
        recipe = dataclasses.replace(recipe, fit=fit)
    run = Run(
        recipe=recipe,
        folder=out or Path("runs") / recipe.name,
        corpora=corpora_root(corpora),
        say=lambda line: say(line, prefix=""),
        show_progress=sys.stderr.isatty() and not quiet,
    )
    echo(train_model(run, licence_text=licence_text, resume=resume, force=force))
