"""One trial of a search: what `affekt tune` trains and measures.

A trial learns from the speakers that no table of the protocols names, and its figure is the UA on
the `select` speakers. The speakers of `calibrate` and of the lockbox decide nothing.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from affekt.config import from_mapping
from affekt.errors import CorpusError
from affekt.records import Utterance
from affekt.training.callbacks import Watch
from affekt.training.console import Say, reading_bar
from affekt.training.data import QUICK_EPOCHS, Clips, Numbers, few_of_each
from affekt.training.fit import (
    Task,
    check_classes,
    check_recipe,
    fit_network,
    load_recordings,
    read_clips,
)
from affekt.training.module import logits_of_part, validation_ua
from affekt.training.parts import parts_of
from affekt.training.recipe import ProtocolConfig, Recipe
from affekt.training.tuning.space import with_values

# Choices are made on `select` speakers, whatever the recipe's own protocol.
_BY_SELECT = ProtocolConfig(name="tables", select_on="select")
TABLES = (
    *("augmentation", "data.class_power", "data.corpus_power", "data.corpus_weight"),
    *("data.copies", "features", "fit", "model"),
)
"""What of a recipe a search may change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOptions:
    """What holds for every trial.

    Attributes:
        corpora: folder of the corpora; None reads AFFEKT_CORPORA.
        epochs: instead of the recipe's.
        quick: two epochs, and a small share of the corpora.
        say: takes one line for the reader at a time.
        show_progress: draw progress bars.
    """

    corpora: Path | None
    epochs: int | None
    quick: bool
    say: Say
    show_progress: bool


class Trials:
    """A recipe, learnt from the speakers that no table names, whatever its protocol is.

    The select speakers are the validation part. Copies are learnt from and never scored on.
    """

    def __init__(self, options: TrialOptions, settings: Mapping[str, Any], where: str) -> None:
        self._options = options
        self._settings = settings
        self._where = where
        self._utterances: list[Utterance] = []
        self._kept: tuple[object, Clips] | None = None

    def check(self, values: Mapping[str, Any]) -> None:
        """Raise ConfigError where the recipe with these values is none."""
        check_recipe(self._recipe(values), has_validation=True)

    def prepare(self) -> list[str]:
        """Look for the recordings, and return the corpora that are there.

        Raises:
            CorpusError: there is nobody to learn from or to choose by.
        """
        recipe, say = self._recipe({}), self._options.say
        utterances, missing = load_recordings(recipe, self._options.corpora)
        if missing:
            say(f"{recipe.name}: goes on without {', '.join(missing)}")
        chosen = few_of_each(utterances) if self._options.quick else utterances
        parts = parts_of(chosen, _BY_SELECT)
        self._utterances = [*parts.train, *parts.select]
        if not parts.select:
            raise CorpusError(
                f"{recipe.name}: its corpora that are here have no select speaker to choose by; "
                "add one that has"
            )
        rows = self._rows(recipe)
        train, _ = select_split(rows)
        check_classes(recipe, rows.part(train))
        return sorted({item.corpus for item in self._utterances})

    def measure(self, values: Mapping[str, Any], watch: Watch, folder: Path) -> float:
        """Train with these values, and return the UA on `select` speakers, 0 to 1."""
        recipe = self._recipe(values)
        rows = self._rows(recipe)
        train, select = (rows.part(numbers) for numbers in select_split(rows))
        with _scratch(folder) as place:
            task = Task(
                recipe=recipe,
                train=train,
                validation=select,
                checkpoints=Path(place),
                settings={"recipe": recipe.name},
                say=_silent,
            )
            module, _ = fit_network(task, watch=watch)
        return validation_ua(select, select.rows, logits_of_part(module, select), recipe.fit)

    def _rows(self, recipe: Recipe) -> Clips:
        """Load the rows of a recipe; those of the trial before serve again if they may."""
        key = (recipe.data, recipe.features)
        if self._kept is None or self._kept[0] != key:
            self._kept = None  # two tables at once may fill the memory
            with reading_bar(show=self._options.show_progress) as progress:
                self._kept = (key, read_clips(recipe, self._utterances, progress))
        return self._kept[1]

    def _recipe(self, values: Mapping[str, Any]) -> Recipe:
        settings = with_values(self._settings, values, where=self._where)
        recipe = from_mapping(Recipe, settings, where=self._where)
        options, fit = self._options, recipe.fit
        epochs = options.epochs or (QUICK_EPOCHS if options.quick else fit.epochs)
        fit = dataclasses.replace(fit, epochs=epochs)
        if recipe.protocol.name == "tables":  # a run that follows the select speakers keeps these
            fit = dataclasses.replace(fit, best_weights=True, monitor="validation_ua")
        return dataclasses.replace(recipe, protocol=_BY_SELECT, fit=fit)


def select_split(rows: Clips) -> tuple[Numbers, Numbers]:
    """Return the row numbers to learn from, and those of the originals of `select` speakers."""
    parts = parts_of(rows.utterances, _BY_SELECT)
    learnt, scored = (_places(rows, part) for part in (parts.train, parts.select))
    return learnt, scored[rows.copy[scored] == 0]


def _places(rows: Clips, part: Sequence[Utterance]) -> Numbers:
    inside = {id(item) for item in part}
    chosen = np.array([id(item) in inside for item in rows.utterances], dtype=bool)
    return np.flatnonzero(chosen[rows.clip])


def _scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a place for the checkpoints of a trial, which nobody needs afterwards."""
    return tempfile.TemporaryDirectory(prefix="trial-", dir=folder, ignore_cleanup_errors=True)


def _silent(_: str) -> None:
    """Say nothing: a trial is one line."""
