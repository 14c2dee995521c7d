"""`affekt tune`: a search over the settings of a recipe."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.config import from_mapping, to_toml
from affekt.output import check_output, write_output
from affekt.report import csv_text
from affekt.training.fit import with_labels
from affekt.training.module import VALIDATION_UA
from affekt.training.recipe import Recipe, find_recipe, read_recipe, with_places
from affekt.training.tuning.search import Search, Trial, best_of, search, trials_of
from affekt.training.tuning.space import Space, check_tables, examples, read_space, with_values
from affekt.training.tuning.study import sqlite_url, without_password
from affekt.training.tuning.trials import TABLES, TrialOptions, Trials

BEST, TRIALS = "best.toml", "trials.csv"

# No figure depends on what these tables and keys say.
_KEPT = ("text", "title", "metric", "seeds")  # of a published system that was tuned
_FREE = ("bundle", "protocol", "published")


@dataclass(frozen=True, slots=True, kw_only=True)
class TuneRequest:
    """What a user asks `affekt tune` for.

    Attributes:
        recipe: path of a recipe, or the name of a shipped one.
        out: folder of the study and of what it ends with; None takes `runs/tune-NAME`.
        storage: URL of the data base; None keeps it in `out`.
        trials: of the study in all.
        seed: of what is drawn; the trainings have the recipe's.
        force: replace files that Affekt did not write.
        options: of every trial.
    """

    recipe: str
    out: Path | None
    storage: str | None
    trials: int
    seed: int
    options: TrialOptions
    force: bool = False


@dataclass(frozen=True, slots=True)
class Tuned:
    """How a search ended.

    Attributes:
        best: the best complete trial, if there is one.
        trials: all of them.
        folder: of `best.toml` and `trials.csv`.
    """

    best: Trial | None
    trials: tuple[Trial, ...]
    folder: Path


def tune(request: TuneRequest) -> Tuned:
    """Search, or go on with a search, and write the best recipe and the table of trials.

    Raises:
        ConfigError: the recipe or its `[search]` table is wrong, the study is another one, or the
            folder holds files of that name that are not Affekt's.
        CorpusError: none of the recipe's corpora is there, or no `select` speaker is in them.
        KeyboardInterrupt: interrupted; the study is kept, and so are both files.
    """
    where = request.recipe
    settings = read_recipe(find_recipe(where))
    table = settings.pop("search", None)
    options = request.options
    if not settings.get("labels"):
        settings["labels"] = _labels(settings, where, options)
    runs = Trials(options, settings, where)
    runs.check({})
    space = read_space(_default(settings) if table is None else table, where=f"{where} [search]")
    check_tables(space, TABLES, where=f"{where} [search]")
    for values in examples(space):
        runs.check(values)
    name = str(settings["name"])
    found = runs.prepare()
    folder = request.out or Path("runs") / f"tune-{name}"
    for file in (BEST, TRIALS):
        check_output(folder / file, inputs=[request.recipe], force=request.force, makes_folder=True)
    folder.mkdir(parents=True, exist_ok=True)
    wanted = Search(
        name=name,
        space=space,
        asked={
            **{key: value for key, value in settings.items() if key not in _FREE},
            "--epochs": options.epochs,
            "--quick": options.quick,
            "corpora found": found,
        },
        trials=request.trials,
        seed=request.seed,
        storage=request.storage or sqlite_url(str(folder / "study.db")),
        check=runs.check,
        measure=lambda values, watch: runs.measure(values, watch, folder),
        say=options.say,
    )
    options.say(f"searching {', '.join(space)}; the study is {without_password(wanted.storage)}")
    try:
        trials = search(wanted)
    except KeyboardInterrupt:
        _write(folder, settings, where, space, trials_of(wanted), force=request.force)
        options.say("interrupted; the same command goes on with the study")
        raise
    _write(folder, settings, where, space, trials, force=request.force)
    return Tuned(best_of(trials), trials, folder)


def _labels(settings: Mapping[str, Any], where: str, options: TrialOptions) -> list[str]:
    """Return the labels that occur, where the recipe leaves them out."""
    recipe = from_mapping(Recipe, settings, where=where)
    return list(with_labels(recipe, options.corpora).labels)


def _default(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the table of a recipe that has none: a decade of rates on either side of its own."""
    rate = settings.get("fit", {}).get("learning_rate", 1e-3)
    return {"fit.learning_rate": {"low": rate / 10, "high": rate * 10, "log": True}}


def _write(
    folder: Path,
    settings: Mapping[str, Any],
    where: str,
    space: Space,
    trials: tuple[Trial, ...],
    *,
    force: bool,
) -> None:
    """Write the table of trials, and the recipe with the best one's values."""
    header = ["trial", "state", VALIDATION_UA, "epochs", "seconds", *space, "note"]
    write_output(folder / TRIALS, csv_text(header, _rows(space, trials)), force=force)
    best = best_of(trials)
    if best is None:
        return
    changed = with_values(settings, best.values, where=where)
    if "published" in changed:  # what it does now is no claim of its text
        changed |= {
            "name": f"{settings['name']}-tuned",
            "published": {
                **{
                    name: settings["published"][name]
                    for name in _KEPT
                    if name in settings["published"]
                },
                "tuned": True,
                "inferred": [f"Settings of {where}, those of {', '.join(space)} by `affekt tune`."],
            },
        }
    # What it names is found from where the recipe lies.
    changed = with_places(changed, lambda place: Path(os.path.relpath(place, folder)))
    if "licence_file" in changed.get("bundle", {}):
        licence = find_recipe(where).parent / changed["bundle"]["licence_file"]
        changed["bundle"]["licence_file"] = Path(os.path.relpath(licence, folder)).as_posix()
    comment = (
        f"Best of {len(trials)} trials of {where}: UA {100.0 * (best.figure or 0.0):.1f} % on the "
        "select speakers.\n"
        f"Searched: {', '.join(space)}."
    )
    write_output(folder / BEST, to_toml(changed, comment=comment), force=force)


def _rows(space: Space, trials: tuple[Trial, ...]) -> Iterator[list[object]]:
    for trial in trials:
        figure = "" if trial.figure is None else f"{trial.figure:.6f}"
        values = (trial.values.get(key, "") for key in space)
        facts = [trial.number, trial.state, figure, trial.epochs, f"{trial.seconds:.1f}"]
        yield [*facts, *values, trial.note]
