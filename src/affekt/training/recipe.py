"""The recipe: everything a training run is told, in one TOML file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from affekt.audio import SAMPLING_RATE_HZ
from affekt.config import from_mapping, read_toml
from affekt.corpora import CORPORA
from affekt.emotions import CANONICAL
from affekt.errors import ConfigError, did_you_mean
from affekt.features.spectra import LogMelConfig
from affekt.files import read_text

Part = Literal["train", "select", "calibrate"]
Precision = Literal["auto", "32", "bf16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """Which recordings, and how often each is seen.

    Attributes:
        corpora: names; a corpus that is not on the disk is reported and passed over.
        train_on: speaker parts to learn from; lockbox speakers can never be named.
        select_on: the part whose UA is followed after each epoch, if any; "select" alone can be.
        corpus_power: a corpus is drawn in proportion to its size to this power (1: as it is,
            0: all corpora alike).
        class_power: the same for the classes within a corpus.
        corpus_weight: further factor on a corpus' share.
    """

    corpora: tuple[str, ...]
    train_on: tuple[Part, ...] = ("train",)
    select_on: Part | None = None
    corpus_power: float = 0.5
    class_power: float = 0.5
    corpus_weight: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.corpora or "train" not in self.train_on:
            raise ValueError("corpora must not be empty, and train_on must hold 'train'")
        for key, names in (("corpora", self.corpora), ("train_on", self.train_on)):
            if len(set(names)) != len(names):
                raise ValueError(f"{key} names something twice")
        unknown = next((name for name in self.corpora if name not in CORPORA), None)
        if unknown is not None:
            raise ValueError(f"no corpus is called '{unknown}'{did_you_mean(unknown, CORPORA)}")
        if "calibrate" in self.train_on:
            raise ValueError("calibrate speakers fit the temperature; they cannot be trained on")
        if self.select_on == "calibrate":
            raise ValueError("calibrate speakers fit the temperature; select_on cannot be them")
        if self.select_on is not None and self.select_on in self.train_on:
            raise ValueError(f"select_on '{self.select_on}' is trained on, so it can tell nothing")
        if not (0.0 <= self.corpus_power <= 1.0 and 0.0 <= self.class_power <= 1.0):
            raise ValueError("corpus_power and class_power must lie in 0 to 1")
        stranger = next((name for name in self.corpus_weight if name not in self.corpora), None)
        if stranger is not None:
            raise ValueError(f"corpus_weight: '{stranger}'{did_you_mean(stranger, self.corpora)}")
        if any(weight <= 0.0 for weight in self.corpus_weight.values()):
            raise ValueError("corpus_weight must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The architecture: a name known to `create_model`, and what differs from that variant."""

    name: str = "residual-se"
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitConfig:
    """How the network is fitted.

    Attributes:
        epochs: at most; an epoch draws as many clips as the training part holds.
        batch_size: clips in a step.
        crop_frames: shortest and longest crop; each batch draws one length, shorter clips repeat.
        learning_rate: peak of the one-cycle schedule (Smith and Topin 2018), for AdamW.
        weight_decay: of AdamW (Loshchilov and Hutter 2019).
        warm_up: share of the steps in which the rate rises.
        mixup_alpha: of the Beta distribution; 0 is off.
        label_smoothing: share of the target spread over the classes a clip competes among.
        gradient_clip: largest norm of the gradient.
        average_decay: of the moving average of the weights, which is what is measured and kept.
        patience: epochs without a better UA on `select_on` before stopping; None never stops.
        precision: "auto" takes bfloat16 where the processor has matrix units for it.
        workers: processes that prepare batches; 0 prepares them in the training process.
    """

    epochs: int = 40
    batch_size: int = 64
    crop_frames: tuple[int, ...] = (112, 208)
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    warm_up: float = 0.15
    mixup_alpha: float = 0.3
    label_smoothing: float = 0.0
    gradient_clip: float = 5.0
    average_decay: float = 0.998
    patience: int | None = None
    precision: Precision = "auto"
    workers: int = 0

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2:
            raise ValueError("epochs must be at least 1 and batch_size at least 2")
        if len(self.crop_frames) != 2 or not 1 < self.crop_frames[0] <= self.crop_frames[1]:
            raise ValueError("crop_frames must be [shortest, longest]")
        if self.learning_rate <= 0.0 or self.gradient_clip <= 0.0:
            raise ValueError("learning_rate and gradient_clip must be positive")
        if not 0.0 <= self.label_smoothing < 1.0 or not 0.0 < self.warm_up < 1.0:
            raise ValueError("label_smoothing and warm_up must lie in 0 to 1, 1 excluded")
        if not 0.0 <= self.average_decay < 1.0:
            raise ValueError("average_decay must lie in 0 to 1, 1 excluded")
        if self.weight_decay < 0.0 or self.mixup_alpha < 0.0 or self.workers < 0:
            raise ValueError("weight_decay, mixup_alpha and workers must not be negative")
        if self.patience is not None and self.patience < 1:
            raise ValueError("patience must be at least 1; leave it out to never stop early")


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleConfig:
    """What the exported file says of itself.

    Attributes:
        version: of the model.
        description: a few sentences.
        licence: short name of the terms of the weights.
        licence_file: those terms in full; relative to the recipe.
        not_for: uses the model must not be put to.
        uncertain_share: the threshold is set so that this share of the `calibrate` clips falls
            below it (0 to 1).
    """

    version: str
    description: str
    licence: str
    licence_file: Path
    not_for: tuple[str, ...] = ()
    uncertain_share: float = 0.2

    def __post_init__(self) -> None:
        if not 0.0 <= self.uncertain_share <= 1.0:
            raise ValueError("uncertain_share must lie in 0 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training run: one seed and one file give the same losses on the same processor.

    Attributes:
        name: of the run and of the bundle it exports.
        labels: classes in the order of the model's output; beside the canonical ones a recipe may
            name a native label of a corpus (EmoDB's boredom).
        augmentation: steps in order, each `name` and its settings (see `affekt.augment`).
    """

    name: str
    labels: tuple[str, ...]
    data: DataConfig
    bundle: BundleConfig
    seed: int = 0
    features: LogMelConfig = field(default_factory=LogMelConfig)
    augmentation: tuple[dict[str, Any], ...] = ()
    model: ModelConfig = field(default_factory=ModelConfig)
    fit: FitConfig = field(default_factory=FitConfig)

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name) is None:
            raise ValueError(f"name: '{self.name}' names files; use letters, digits, . _ and -")
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise ValueError("labels must be two or more, none twice")
        own = [name for corpus in self.data.corpora for name in CORPORA[corpus].classes]
        stranger = next((name for name in self.labels if name not in (*CANONICAL, *own)), None)
        if stranger is not None:
            raise ValueError(f"labels: '{stranger}'{did_you_mean(stranger, (*CANONICAL, *own))}")
        if self.features.sampling_rate_hz != SAMPLING_RATE_HZ:
            raise ValueError(f"features.sampling_rate_hz must be {SAMPLING_RATE_HZ}")
        if "n_mels" in self.model.settings:
            raise ValueError("model.settings: n_mels follows features.n_mels")
        if self.fit.patience is not None and self.data.select_on is None:
            raise ValueError("fit.patience needs data.select_on, whose UA it watches")


def load_recipe(path: Path) -> tuple[Recipe, str]:
    """Read and check a recipe; return it with the text of its licence file.

    A `[search]` table, which is for `affekt tune`, is passed over.

    Raises:
        ConfigError: a file cannot be read, or a key or value is wrong.
    """
    settings = read_toml(path)
    settings.pop("search", None)
    recipe = from_mapping(Recipe, settings, where=str(path))
    licence = path.parent / recipe.bundle.licence_file
    try:
        return recipe, read_text(licence)
    except OSError as error:
        raise ConfigError(f"{path}: bundle.licence_file: {licence}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: bundle.licence_file: {licence}: is no UTF-8 text") from None
