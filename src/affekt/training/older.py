"""Recipes as they were written before there was one form of them; read for one version more."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

# What a recipe of `affekt train` did where it said nothing.
_TRAINING_FIT: dict[str, Any] = {
    "epochs": 40,
    "batch_size": 64,
    "sampling": "weighted",
    "within_corpus": True,
    "optimiser": "adamw",
    "learning_rate": 2e-3,
    "weight_decay": 0.05,
    "schedule": "one-cycle",
    "mixup_alpha": 0.3,
    "gradient_clip": 5.0,
    "average_decay": 0.998,
}
# What a published system did.
_SYSTEM_FIT: dict[str, Any] = {"initialisation": "xavier", "monitor": "validation_loss"}


def modern(settings: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """Return the settings of a recipe in the form of today, with a warning if they are older.

    Args:
        settings: tables of plain types, as TOML gives them; of a form of today where they have a
            `protocol`.
        where: what to call the recipe in the warning.
    """
    values = dict(settings)
    if "protocol" in values:
        return values
    data = values.get("data")
    if not isinstance(data, dict):  # what is wrong is said where it is read
        return values
    of_system = isinstance(data.get("labels"), (list, tuple))
    values = _system(values) if of_system else _training(values)
    warnings.warn(
        f"{where}: has no [protocol] table, so it is read as an older recipe; the next version "
        "will not. docs/training.md says what moved where",
        FutureWarning,
        stacklevel=2,
    )
    return values


def _training(values: dict[str, Any]) -> dict[str, Any]:
    data, bundle = dict(values["data"]), dict(_table(values, "bundle"))
    protocol = {"name": "tables", **_moved(data, "train_on", "select_on")}
    fit = {**_TRAINING_FIT, **_table(values, "fit")}
    if "select_on" in protocol:
        fit["best_weights"] = True
    changed = {
        **values,
        "data": data,
        "protocol": protocol,
        "fit": fit,
        "calibration": _moved(bundle, "uncertain_share"),
    }
    return {**changed, "bundle": bundle} if bundle else changed


def _system(values: dict[str, Any]) -> dict[str, Any]:
    values, data = dict(values), dict(values["data"])
    fit = {**_SYSTEM_FIT, **_table(values, "fit")}
    stopping = fit.pop("early_stopping", None)
    if stopping is not None:
        fit["patience"] = stopping["patience"] if isinstance(stopping, dict) else stopping
    if fit.pop("oversample", False):
        fit["sampling"] = "balanced"
    labels = data.pop("labels")
    shares = _moved(data, "test_share", "validation_share", "leak")
    protocol = {"name": "published", **shares, **_moved(values, "split_seed")}
    published = {
        **_table(values, "published"),
        **_moved(values, "text", "title", "seeds", "inferred", "tuned"),
    }
    return {
        **values,
        "labels": labels,
        "data": data,
        "protocol": protocol,
        "fit": fit,
        "published": published,
    }


def _table(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = values.get(name, {})
    return table if isinstance(table, dict) else {}


def _moved(table: dict[str, Any], *names: str) -> dict[str, Any]:
    """Take some keys out of a table."""
    return {name: table.pop(name) for name in names if name in table}
