"""One run of a published system: what is asked for, and whether it was done before."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.config import to_mapping
from affekt.errors import ConfigError
from affekt.features.sets import find_feature_set
from affekt.systems.config import System
from affekt.systems.data import Rule, missing_corpora

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

    system: System
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
        system = to_mapping(self.system)
        told = {key: system[key] for key in ("data", "features", "model", "fit", "split_seed")}
        return {
            **told,
            "augmentation": system["augmentation"],
            "rule": self.rule,
            "seed": self.seed,
            "quick": self.quick,
            **({"tuned": True} if self.system.tuned else {}),
        }

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
        version = find_feature_set(self.system.features.set).version
        for what, same in (
            ("settings", settings == json.loads(json.dumps(self.settings()))),
            ("corpora", record["corpora_missing"] == missing_corpora(self.system, self.corpora)),
            ("feature values", record["feature_version"] == version),
        ):
            if not same:
                raise ConfigError(
                    f"{self.folder} holds a run of other {what}; choose another place with "
                    "--out, or delete that folder"
                )
        return record if self.bundle.exists() else None


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
