"""One run of a published system: what is asked for, and whether it was done before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.features import FeatureSet
from affekt.published.config import claims_of
from affekt.training import MLP, FitConfig, Recipe, Rule, missing_corpora

RECORD = "run.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is run, and where it goes.

    Attributes:
        system: the configuration, its epochs overridden where that was asked for.
        own_epochs: of the configuration, before any override.
        rule: the protocol.
        seed: of weights, order and random split.
        quick: a small share of the data.
        out: folder of all runs.
        corpora: folder of the recordings.
        command: as the user gave it, for the record.
        embed_audio: put the sound of misclassified clips into the HTML report.
        say: takes one line for the reader at a time.
    """

    system: Recipe
    own_epochs: int
    rule: Rule
    seed: int
    quick: bool
    out: Path
    corpora: Path
    command: str
    embed_audio: bool
    say: Callable[[str], None]

    @property
    def folder(self) -> Path:
        """Folder of this run alone."""
        return self.out / self.system.name / self.rule / f"seed-{self.seed}"

    @property
    def bundle(self) -> Path:
        """The bundle that the run ends with."""
        return self.folder / f"{self.system.name}.onnx"

    def settings(self) -> dict[str, Any]:
        """Return what the figures depend on, as plain types."""
        tuned = {"tuned": True} if claims_of(self.system).tuned else {}
        run = {"rule": self.rule, "seed": self.seed, "quick": self.quick}
        return {**settings_of(self.system), **run, **tuned}

    def finished(self) -> dict[str, Any] | None:
        """Return the record of this very run if it was finished before, its bundle included.

        Raises:
            ConfigError: the folder holds a run of other settings, corpora or features, or its
                record is damaged.
        """
        path = self.folder / RECORD
        if not path.exists():
            return None
        record = read_record(path)
        settings = record["settings"]
        for what, same in (
            ("settings", settings == json.loads(json.dumps(self.settings()))),
            (
                "corpora",
                record["corpora_missing"] == list(missing_corpora(self.system, self.corpora)),
            ),
            ("feature values", record["feature_version"] == feature_version(self.system)),
        ):
            if not same:
                raise ConfigError(
                    f"{self.folder} holds a run of other {what}; choose another place with "
                    "--out, or delete that folder"
                )
        return record if self.bundle.exists() else None


def feature_version(recipe: Recipe) -> int:
    """Return the version of the values that a recipe's features have."""
    source = recipe.features.source
    return source.version if isinstance(source, FeatureSet) else 1


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """Return what the figures of a recipe depend on, in the form that all records have.

    The records of earlier versions had other tables; what is new stands in it where it is used.
    """
    settings = to_mapping(recipe)
    data, protocol, fit = settings["data"], settings["protocol"], settings["fit"]
    looks = recipe.fit.best_weights or recipe.fit.patience is not None
    options = {
        "epochs": fit["epochs"],
        "batch_size": fit["batch_size"],
        "optimiser": fit["optimiser"],
        "learning_rate": fit["learning_rate"],
        "momentum": fit["momentum"],
        "initialisation": "xavier" if recipe.model.name == MLP else fit["initialisation"],
        "l2": fit["l2"],
        "monitor": fit["monitor"] if looks else "validation_loss",
        "best_weights": fit["best_weights"],
        "class_weights": fit["class_weights"],
        "oversample": fit["sampling"] == "balanced",
        "precision": fit["precision"],
    }
    for name in ("gradient_clip", "reduce_on_plateau", "stop_at_accuracy", "start_from"):
        if name in fit:
            options[name] = fit[name]
    if "patience" in fit:
        options["early_stopping"] = {"patience": fit["patience"]}
    plain = to_mapping(FitConfig())
    newer = (
        *("within_corpus", "weight_decay", "schedule", "warm_up", "mixup_alpha"),
        *("label_smoothing", "average_decay", "crop_frames", "encoder_rate", "layer_decay"),
    )
    options |= {name: fit[name] for name in newer if fit[name] != plain[name]}
    weighted = fit["sampling"] == "weighted"
    if weighted:
        options["sampling"] = "weighted"
    unused = () if weighted else ("corpus_power", "class_power", "corpus_weight")
    features = settings["features"]
    return {
        "data": {
            **{key: value for key, value in data.items() if key not in unused},
            "labels": settings["labels"],
            "test_share": protocol["test_share"],
            "validation_share": protocol["validation_share"],
            "leak": protocol["leak"],
        },
        "features": features
        if recipe.features.set == "log-mel"
        else {key: features[key] for key in ("set", "normalise_over") if key in features},
        "model": settings["model"],
        "fit": options,
        "split_seed": protocol["split_seed"],
        "augmentation": settings["augmentation"],
    }


def read_record(path: Path) -> dict[str, Any]:
    """Return the record of a run.

    Raises:
        ConfigError: the file is damaged, or of another kind.
    """
    needed = ("name", "protocol", "seed", "figures", "settings", "corpora_missing", "by_corpus")
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        missing = [key for key in needed if key not in record]
    except (ValueError, TypeError, RecursionError):
        missing = ["everything"]
    if missing:
        raise ConfigError(
            f"{path}: no record of a run of this version (it lacks {missing[0]}); delete it to run "
            "again"
        )
    return record
