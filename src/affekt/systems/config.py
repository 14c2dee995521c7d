"""What a published system is made of, in one TOML file a configuration."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from affekt.augment import Pipeline
from affekt.augment.copies import CopyConfig
from affekt.config import from_mapping, read_toml
from affekt.corpora import CORPORA
from affekt.emotions import CANONICAL
from affekt.errors import ConfigError, did_you_mean
from affekt.features.sets import find_feature_set
from affekt.training.mlp import ignored_by_mlp
from affekt.training.options import ClassifierFit

SEEDS = 2**32
"""How many seeds there are, from 0: as many as scikit-learn takes."""

Metric = Literal["accuracy", "ua", "macro_f1", "weighted_f1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What the text claims.

    Attributes:
        metric: the figure that is compared.
        value: of it on the test part, in percent; None where the text gives none.
        train_value: of it on the training part, in percent.
        others: further claims, by name, in percent.
        recalls: published recall by class, in percent.
    """

    metric: Metric = "accuracy"
    value: float | None = None
    train_value: float | None = None
    others: dict[str, float] = field(default_factory=dict)
    recalls: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        claims = [self.value, self.train_value, *self.others.values(), *self.recalls.values()]
        if not all(0.0 <= claim <= 100.0 for claim in claims if claim is not None):
            raise ValueError("what a text claims lies in 0 to 100 percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemData:
    """Which recordings, under which labels, and how they are split.

    Attributes:
        corpora: of the text; one that is not on the disk is reported and passed over.
        labels: the classes, in the order of the output.
        relabel: canonical label to the one it is joined to.
        min_duration_s: shorter clips are dropped.
        test_share, validation_share: of all clips, and of what is left for training.
        copies: pre-computed augmented copies of every clip.
        copies_in: "all" parts hold the copies of their clips, or "train" alone.
        leak: "copies" splits originals and copies as if they were clips of their own, so that
            copies of one recording lie on both sides. That is the mistake of the text, by name.
        copy_seed: draws the copies, which all runs share.
    """

    corpora: tuple[str, ...]
    labels: tuple[str, ...]
    test_share: float
    relabel: dict[str, str] = field(default_factory=dict)
    min_duration_s: float = 0.0
    validation_share: float = 0.0
    copies: tuple[CopyConfig, ...] = ()
    copies_in: Literal["all", "train"] = "train"
    leak: Literal["none", "copies"] = "none"
    copy_seed: int = 1

    def __post_init__(self) -> None:
        _check_names("corpora", self.corpora, CORPORA, least=1)
        _check_names("labels", self.labels, CANONICAL, least=2)
        _check_names("relabel", tuple(self.relabel), CANONICAL)
        stray = next((name for name in self.relabel.values() if name not in self.labels), None)
        if stray is not None:
            raise ValueError(f"relabel: '{stray}' is none of the labels")
        if self.min_duration_s < 0.0:
            raise ValueError("min_duration_s must not be negative")
        if not 0.0 < self.test_share < 1.0 or not 0.0 <= self.validation_share < 1.0:
            raise ValueError("test_share must lie between 0 and 1, validation_share in 0 to 1")
        if self.leak == "copies" and (not self.copies or self.copies_in != "all"):
            raise ValueError("leak = 'copies' needs copies, and copies_in = 'all'")
        if self.copy_seed < 0:
            raise ValueError("copy_seed must not be negative")


def _check_names(
    key: str, names: tuple[str, ...], known: Collection[str], *, least: int = 0
) -> None:
    """Refuse names that are not known, twice there, or too few."""
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise ValueError(f"{key}: '{unknown}' is not known{did_you_mean(unknown, known)}")
    if len(names) < least or len(set(names)) < len(names):
        raise ValueError(f"{key}: give at least {max(least, 1)}, and each once")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFeatures:
    """What the model sees.

    Attributes:
        set: name of a feature set.
        normalise_over: axes of the features that share a mean and a deviation; an empty list
            keeps one pair an entry; without the key nothing is normalised.
    """

    set: str
    normalise_over: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        try:
            shape = find_feature_set(self.set).shape
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if any(not 0 <= axis < len(shape) for axis in self.normalise_over or ()):
            raise ValueError(f"normalise_over: {self.set} has the axes 0 to {len(shape) - 1}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemModel:
    """The architecture: a name known to `create_classifier`, and what differs from its default."""

    name: str
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """One published configuration.

    Attributes:
        name: of the configuration.
        text: number of the text and author.
        title: of the text.
        seeds: of the runs that the table averages over.
        split_seed: draws the speaker-disjoint split, the same for every run.
        augmentation: steps on the training rows, drawn anew in each epoch.
        inferred: what the text does not say and was chosen here, one sentence each.
        tuned: the settings were chosen on the `select` speakers of the shipped tables, who are
            therefore left out of every test part.
    """

    name: str
    text: str
    title: str
    published: Published
    data: SystemData
    features: SystemFeatures
    model: SystemModel
    fit: ClassifierFit
    seeds: tuple[int, ...] = (1, 2, 3)
    split_seed: int = 1
    augmentation: tuple[dict[str, Any], ...] = ()
    inferred: tuple[str, ...] = ()
    tuned: bool = False

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name) is None:
            raise ValueError(f"name: '{self.name}' names files; use letters, digits, . _ and -")
        if not self.seeds:
            raise ValueError("seeds must not be empty")
        _check_names("published.recalls", tuple(self.published.recalls), self.data.labels)
        if self.model.name == "pathak-mlp":
            if len(self.data.labels) < 3:
                raise ValueError("labels: scikit-learn's MLP has one output for two; give three")
            ignored = ignored_by_mlp(self.fit)
            if ignored:
                raise ValueError(f"fit.{ignored[0]}: scikit-learn's MLP does not know this option")
        if self.augmentation:
            if find_feature_set(self.features.set).form != "image":
                raise ValueError(f"augmentation: {self.features.set} is no image")
            try:
                Pipeline.for_images(self.augmentation, where="augmentation")
            except ConfigError as error:
                raise ValueError(str(error)) from None
        if not all(0 <= seed < SEEDS for seed in (*self.seeds, self.split_seed)):
            raise ValueError(f"seeds and split_seed must lie in 0 to {SEEDS - 1}")


SYSTEMS = (
    "shukla-cnn1d",
    "santamaria-baseline",
    "santamaria-deep",
    "pathak-mlp",
    "pathak-cnn",
    "pathak-lstm",
    "pathak-cnn-lstm",
    "crema-cnn1d",
    "crema-cnn2d",
    "crema-cnn2d-external",
    "mittal-cnn2d",
)
"""The eleven configurations, in the order of their texts."""

VARIANTS = ("gru",)
"""What a text names without building it; `all` leaves these out."""


def load_system(name: str) -> System:
    """Return one of `SYSTEMS` or `VARIANTS`, or a configuration of your own.

    Args:
        name: of a published configuration, or the path of a TOML file made like theirs.

    Raises:
        ConfigError: there is none of that name, or the file is wrong.
    """
    if name in (*SYSTEMS, *VARIANTS):
        return _shipped(name)
    path = Path(name)
    if path.suffix != ".toml":
        raise ConfigError(
            f"no published system is called '{name}'{did_you_mean(name, (*SYSTEMS, *VARIANTS))}; "
            "or give the path of a TOML file"
        )
    values = read_toml(path)
    values.pop("search", None)  # what `affekt tune` reads
    system = from_mapping(System, values, where=name)
    if system.name in (*SYSTEMS, *VARIANTS, "all"):
        raise ConfigError(
            f"{name}: name: '{system.name}' stands for what is published; call yours otherwise"
        )
    return system


@cache
def _shipped(name: str) -> System:
    file = resources.files(__package__).joinpath("configs", f"{name}.toml")
    return from_mapping(System, tomllib.loads(file.read_text(encoding="utf-8")), where=file.name)
