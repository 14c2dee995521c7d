"""Training: a recipe in, a bundle out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from affekt._lazy import on_first_use

if TYPE_CHECKING:
    from affekt.training.callbacks import History
    from affekt.training.console import Say, reading_bar
    from affekt.training.data import QUICK_EPOCHS, Clips, few_of_each, target_label
    from affekt.training.describe import corpora_terms, front_end_of, training_data
    from affekt.training.export import export_bundle, record_figures
    from affekt.training.fit import (
        Run,
        Task,
        check_classes,
        check_recipe,
        fit_network,
        lightning_precision,
        load_recordings,
        missing_corpora,
        read_clips,
        run_settings,
    )
    from affekt.training.measure import by_corpus, clip_name, facts_of, figures_of
    from affekt.training.module import probabilities_of_part
    from affekt.training.opened import open_checkpoint
    from affekt.training.options import MLP, FitConfig
    from affekt.training.recipe import Published, Recipe, find_recipe, load_recipe, read_recipe
    from affekt.training.run import train
    from affekt.training.splits import RULES, RowSplit, Rule, split_rows

__all__ = [
    "MLP",
    "QUICK_EPOCHS",
    "RULES",
    "Clips",
    "FitConfig",
    "History",
    "Published",
    "Recipe",
    "RowSplit",
    "Rule",
    "Run",
    "Say",
    "Task",
    "by_corpus",
    "check_classes",
    "check_recipe",
    "clip_name",
    "corpora_terms",
    "export_bundle",
    "facts_of",
    "few_of_each",
    "figures_of",
    "find_recipe",
    "fit_network",
    "front_end_of",
    "lightning_precision",
    "load_recipe",
    "load_recordings",
    "missing_corpora",
    "open_checkpoint",
    "probabilities_of_part",
    "read_clips",
    "read_recipe",
    "reading_bar",
    "record_figures",
    "run_settings",
    "split_rows",
    "target_label",
    "train",
    "training_data",
]

# Loaded on first use: a table of published figures needs no torch.
_LAZY = {
    "Clips": "affekt.training.data",
    "FitConfig": "affekt.training.options",
    "History": "affekt.training.callbacks",
    "MLP": "affekt.training.options",
    "Published": "affekt.training.recipe",
    "QUICK_EPOCHS": "affekt.training.data",
    "RULES": "affekt.training.splits",
    "Recipe": "affekt.training.recipe",
    "RowSplit": "affekt.training.splits",
    "Rule": "affekt.training.splits",
    "Run": "affekt.training.fit",
    "Say": "affekt.training.console",
    "Task": "affekt.training.fit",
    "by_corpus": "affekt.training.measure",
    "check_classes": "affekt.training.fit",
    "check_recipe": "affekt.training.fit",
    "clip_name": "affekt.training.measure",
    "corpora_terms": "affekt.training.describe",
    "export_bundle": "affekt.training.export",
    "facts_of": "affekt.training.measure",
    "few_of_each": "affekt.training.data",
    "figures_of": "affekt.training.measure",
    "find_recipe": "affekt.training.recipe",
    "fit_network": "affekt.training.fit",
    "front_end_of": "affekt.training.describe",
    "lightning_precision": "affekt.training.fit",
    "load_recipe": "affekt.training.recipe",
    "load_recordings": "affekt.training.fit",
    "missing_corpora": "affekt.training.fit",
    "open_checkpoint": "affekt.training.opened",
    "probabilities_of_part": "affekt.training.module",
    "read_clips": "affekt.training.fit",
    "read_recipe": "affekt.training.recipe",
    "reading_bar": "affekt.training.console",
    "record_figures": "affekt.training.export",
    "run_settings": "affekt.training.fit",
    "split_rows": "affekt.training.splits",
    "target_label": "affekt.training.data",
    "train": "affekt.training.run",
    "training_data": "affekt.training.describe",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = on_first_use(__name__, _LAZY, what="training", extra="train")
