"""`affekt tune`: search the settings of a recipe."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from affekt.cli.options import force_option
from affekt.cli.saying import echo, say


@click.command()
@click.argument("recipe", metavar="RECIPE")
@click.option(
    "--trials",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many the study shall have in all.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for best.toml, trials.csv and the study.  [default: runs/tune-NAME]",
)
@click.option("--storage", metavar="URL", help="Data base.  [default: sqlite:///OUT/study.db]")
@click.option(
    "--corpora",
    type=click.Path(path_type=Path),
    envvar="AFFEKT_CORPORA",
    help="Folder that holds the corpora.  [default: AFFEKT_CORPORA]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of what is drawn.")
@click.option("--epochs", type=click.IntRange(min=1), help="Instead of the recipe's number.")
@click.option(
    "--quick",
    is_flag=True,
    help="Two epochs, and a small share of a published system's clips: try the whole path.",
)
@force_option
@click.option("--quiet", is_flag=True, help="No progress.")
def tune(
    recipe: str,
    trials: int,
    out: Path | None,
    storage: str | None,
    corpora: Path | None,
    seed: int,
    epochs: int | None,
    quick: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Search the settings of RECIPE for the highest UA on the select speakers.

    RECIPE is a TOML file, or the name of a recipe that comes with the package. Its [search]
    table says which keys are drawn from what; without one it is the learning rate. The same
    command goes on with a study, with a higher --trials too.
    """
    try:
        from affekt.training.tuning import TrialOptions, TuneRequest, shown
        from affekt.training.tuning import tune as run_search
    except ModuleNotFoundError as error:
        if error.name not in {"optuna", "sqlalchemy"}:
            raise
        from affekt.errors import MissingExtraError

        raise MissingExtraError(what="tuning", package="optuna", extra="train") from None
    from affekt.corpora import root_at_hand

    tuned = run_search(
        TuneRequest(
            recipe=recipe,
            out=out,
            storage=storage,
            trials=trials,
            seed=seed,
            force=force,
            options=TrialOptions(
                corpora=root_at_hand(corpora),
                epochs=epochs,
                quick=quick,
                say=lambda line: None if quiet else say(line, prefix=""),
                show_progress=sys.stderr.isatty() and not quiet,
            ),
        )
    )
    best = tuned.best
    if best is None:
        echo(f"No trial was completed; see {tuned.folder / 'trials.csv'}")
        return
    echo(f"trial {best.number}: UA {100.0 * (best.figure or 0.0):.1f} % on select speakers")
    for key, value in best.values.items():
        echo(f"{key} = {shown(value)}")
    echo(tuned.folder / "best.toml")
