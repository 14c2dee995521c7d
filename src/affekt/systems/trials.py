"""One trial of a search: what `affekt tune` trains and measures, of each kind of recipe.

A trial learns from the speakers that no table of the protocols names, and its figure is the UA on
the `select` speakers. The speakers of `calibrate` and of the lockbox decide nothing.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from affekt.augment import Pipeline
from affekt.config import from_mapping
from affekt.errors import CorpusError
from affekt.metrics import confusion_matrix, unweighted_average_recall
from affekt.models import create_model
from affekt.protocols import partition
from affekt.systems.config import System
from affekt.systems.data import Rows, load_rows
from affekt.systems.reproduce import QUICK_EPOCHS
from affekt.systems.run import check_classes, check_system, fit_network
from affekt.training.checkpoint import Watch
from affekt.training.classifier import probabilities_of
from affekt.training.console import Say, reading_bar
from affekt.training.features import FeatureRows, fit_normalisation
from affekt.training.fit import Run, fit, load_parts
from affekt.training.options import ClassifierFit
from affekt.training.recipe import FitConfig, Recipe
from affekt.training.search_space import with_values

Fit = TypeVar("Fit", FitConfig, ClassifierFit)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOptions:
    """What holds for every trial.

    Attributes:
        corpora: folder of the recordings.
        epochs: instead of the recipe's.
        quick: two epochs, and of the corpora of a published system a small share.
        say: takes one line for the reader at a time.
        show_progress: draw progress bars.
    """

    corpora: Path
    epochs: int | None
    quick: bool
    say: Say
    show_progress: bool


class Trials(Protocol):
    """What the search needs to know of a kind of recipe."""

    tables: tuple[str, ...]

    def check(self, values: Mapping[str, Any]) -> None:
        """Raise ConfigError where the recipe with these values is none."""

    def prepare(self) -> list[str]:
        """Look for the recordings, and return the corpora that are there."""

    def measure(self, values: Mapping[str, Any], watch: Watch, folder: Path) -> float:
        """Train with these values, and return the UA on `select` speakers, 0 to 1."""


class RecipeTrials:
    """A recipe of ours. Whatever it learns from itself, a trial keeps the select speakers out."""

    tables: tuple[str, ...] = (
        *("augmentation", "data.class_power", "data.corpus_power", "data.corpus_weight"),
        *("features", "fit", "model"),
    )

    def __init__(self, options: TrialOptions, settings: Mapping[str, Any], where: str) -> None:
        self._options = options
        self._settings = settings
        self._where = where

    def check(self, values: Mapping[str, Any]) -> None:
        """Make recipe, augmentation and network, and drop them."""
        recipe = self._recipe(values)
        features = recipe.features
        Pipeline.from_settings(
            recipe.augmentation,
            fmin_hz=features.fmin_hz,
            fmax_hz=features.fmax_hz,
            where="[[augmentation]]",
        )
        own = {**recipe.model.settings, "n_mels": features.n_mels}
        create_model(recipe.model.name, n_classes=len(recipe.labels), settings=own)

    def prepare(self) -> list[str]:
        """List the recordings."""
        recipe = self._recipe({})
        parts = load_parts(recipe, self._options.corpora, self._options.say)
        if not parts.select:
            raise _no_select(recipe.name)
        return sorted({item.corpus for item in (*parts.train, *parts.select)})

    def measure(self, values: Mapping[str, Any], watch: Watch, folder: Path) -> float:
        """Train; the figure is that of the best epoch, whose weights a run ends with."""
        figures: list[float] = []

        def keep(epoch: int, figure: float) -> None:
            figures.append(figure)
            watch(epoch, figure)

        with _scratch(folder) as place:
            run = Run(
                recipe=self._recipe(values),
                folder=Path(place),
                corpora=self._options.corpora,
                say=_silent,
                show_progress=False,
            )
            fit(run, resume=False, watch=keep)
        return max(figures)

    def _recipe(self, values: Mapping[str, Any]) -> Recipe:
        settings = with_values(self._settings, values, where=self._where)
        recipe = from_mapping(Recipe, settings, where=self._where)
        learnt = tuple(part for part in recipe.data.train_on if part != "select")
        return dataclasses.replace(
            recipe,
            data=dataclasses.replace(recipe.data, train_on=learnt, select_on="select"),
            fit=_shortened(recipe.fit, self._options),
        )


class SystemTrials:
    """A published system, learnt from the speakers that no table names.

    Where its options look at a validation part, the select speakers are that part. Copies are
    learnt from and never scored on.
    """

    tables: tuple[str, ...] = ("augmentation", "data.copies", "features", "fit", "model")

    def __init__(self, options: TrialOptions, settings: Mapping[str, Any], where: str) -> None:
        self._options = options
        self._settings = settings
        self._where = where
        self._kept: tuple[object, Rows] | None = None

    def check(self, values: Mapping[str, Any]) -> None:
        """Make recipe, augmentation and network, and drop them."""
        check_system(self._system(values), has_validation=True)

    def prepare(self) -> list[str]:
        """Compute the features of the recipe as it stands."""
        system = self._system({})
        rows = self._rows(system)
        train, select = select_split(rows)
        if not len(select):
            raise _no_select(system.name)
        check_classes(system, FeatureRows(rows.features, rows.targets, train))
        if rows.missing:
            self._options.say(f"{system.name}: goes on without {', '.join(rows.missing)}")
        return sorted({item.corpus for item in rows.utterances})

    def measure(self, values: Mapping[str, Any], watch: Watch, folder: Path) -> float:
        """Train; the figure is that of the weights that the options keep."""
        system = self._system(values)
        rows = self._rows(system)
        train, select = (FeatureRows(rows.features, rows.targets, n) for n in select_split(rows))
        normalisation = fit_normalisation(train, over=system.features.normalise_over)
        with _scratch(folder) as place:
            network, _ = fit_network(
                system,
                train,
                select,
                normalisation,
                seed=system.seeds[0],
                folder=Path(place),
                settings={"system": system.name},
                say=_silent,
                watch=watch,
            )
        chosen = probabilities_of(network, normalisation, select).argmax(axis=1)
        confusion = confusion_matrix(select.own_targets, chosen, len(system.data.labels))
        return unweighted_average_recall(confusion)

    def _rows(self, system: System) -> Rows:
        """Load the rows of a system; those of the trial before serve again if they may."""
        key = (system.data, system.features)
        if self._kept is None or self._kept[0] != key:
            self._kept = None  # two tables at once may fill the memory
            with reading_bar(show=self._options.show_progress) as progress:
                rows = load_rows(
                    system, self._options.corpora, quick=self._options.quick, progress=progress
                )
            self._kept = (key, rows)
        return self._kept[1]

    def _system(self, values: Mapping[str, Any]) -> System:
        settings = with_values(self._settings, values, where=self._where)
        system = from_mapping(System, settings, where=self._where)
        return dataclasses.replace(system, fit=_shortened(system.fit, self._options))


def select_split(rows: Rows) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the row numbers to learn from, and those of the originals of `select` speakers."""
    parts = partition(rows.utterances)
    learnt, scored = ({item.path for item in part} for part in (parts.train, parts.select))
    paths = [rows.utterances[clip].path for clip in rows.clip]
    train = np.array([path in learnt for path in paths])
    select = np.array([path in scored for path in paths]) & (rows.copy == 0)
    return np.flatnonzero(train), np.flatnonzero(select)


def _shortened(fit: Fit, options: TrialOptions) -> Fit:
    epochs = options.epochs or (QUICK_EPOCHS if options.quick else None)
    return fit if epochs is None else dataclasses.replace(fit, epochs=epochs)


def _no_select(name: str) -> CorpusError:
    return CorpusError(
        f"{name}: its corpora that are here have no select speaker to choose by; add one that has"
    )


def _scratch(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a place for the checkpoints of a trial, which nobody needs afterwards."""
    return tempfile.TemporaryDirectory(prefix="trial-", dir=folder, ignore_cleanup_errors=True)


def _silent(_: str) -> None:
    """Say nothing: a trial is one line."""
