"""The recipe: everything that a training run depends on, in one TOML file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from affekt.audio import SAMPLING_RATE_HZ
from affekt.augment import CopyConfig, Pipeline
from affekt.config import from_mapping, read_toml
from affekt.corpora import CORPORA, DataSource, Labels
from affekt.emotions import CANONICAL
from affekt.errors import ConfigError, did_you_mean
from affekt.features import FeatureSet, LogMelConfig, find_feature_set
from affekt.files import read_text
from affekt.protocols import protocol
from affekt.training.older import modern
from affekt.training.options import MLP, FitConfig, ignored_by_mlp

SEEDS = 2**32
"""How many seeds there are, from 0: as many as scikit-learn takes."""

SHARES = ("published", "split-before-copies", "speaker-shares")
"""Protocols of one split, drawn by shares."""

SpeakerPart = Literal["train", "select", "calibrate"]
Metric = Literal["accuracy", "ua", "macro_f1", "weighted_f1"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """Which recordings, under which labels, and how often each is seen.

    Attributes:
        corpora: names; a corpus that is not on the disk is reported and passed over.
        table, folder: recordings of your own, as `affekt.open_dataset` reads them; relative to the
            recipe.
        labels: "canonical" or "own", of all of these.
        label_map: a word to the label it becomes, or to "" for none.
        label_from, speaker_from: patterns of paths that tell label and speaker.
        relabel: canonical label to the one it is joined to.
        min_duration_s: shorter clips are left out.
        copies: pre-computed augmented copies of every clip.
        copies_in: "all" parts hold the copies of their clips, or "train" alone.
        copy_seed: draws the copies, which all runs share.
        copy_share: share of the draws of weighted sampling that go to copies (0 to 1); without it
            a copy is drawn as often as its original.
        vote_share: how much of the target of a clip of CREMA-D its listeners' votes make (0 to 1).
        join_labels: a sound that stands under several labels has all of them as its target, be it
            cut shorter under one of them.
        corpus_power: with weighted sampling a corpus is drawn in proportion to its size to this
            power (1: as it is, 0: all corpora alike).
        class_power: the same for the classes within a corpus.
        corpus_weight: further factor on a corpus' share.
    """

    corpora: tuple[str, ...] = ()
    table: Path | None = None
    folder: Path | None = None
    labels: Labels = "canonical"
    label_map: dict[str, str] = field(default_factory=dict)
    label_from: str | None = None
    speaker_from: str | None = None
    relabel: dict[str, str] = field(default_factory=dict)
    min_duration_s: float = 0.0
    copies: tuple[CopyConfig, ...] = ()
    copies_in: Literal["all", "train"] = "train"
    copy_seed: int = 1
    copy_share: float | None = None
    vote_share: float = 0.0
    join_labels: bool = False
    corpus_power: float = 0.5
    class_power: float = 0.5
    corpus_weight: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_names("corpora", self.corpora, CORPORA, least=0 if self.has_own else 1)
        _check_names("relabel", tuple(self.relabel), CANONICAL)
        if self.min_duration_s < 0.0 or self.copy_seed < 0:
            raise ValueError("min_duration_s and copy_seed must not be negative")
        if not all(0.0 <= share <= 1.0 for share in (self.copy_share or 0.0, self.vote_share)):
            raise ValueError("copy_share and vote_share must lie in 0 to 1")
        if not (0.0 <= self.corpus_power <= 1.0 and 0.0 <= self.class_power <= 1.0):
            raise ValueError("corpus_power and class_power must lie in 0 to 1")
        stranger = next((name for name in self.corpus_weight if name not in self.corpora), None)
        if stranger is not None and not self.has_own:  # whose names the recordings tell
            raise ValueError(f"corpus_weight: '{stranger}'{did_you_mean(stranger, self.corpora)}")
        if any(weight <= 0.0 for weight in self.corpus_weight.values()):
            raise ValueError("corpus_weight must be positive")

    @property
    def has_own(self) -> bool:
        """Whether recordings of people's own are among them."""
        return self.table is not None or self.folder is not None

    @property
    def has_soft_targets(self) -> bool:
        """Whether a target may be shares of several classes."""
        return self.vote_share > 0.0 or self.join_labels

    def places(self, root: Path | None) -> list[Path]:
        """Return the folders below which the recordings are called by their paths."""
        beside = self.table.parent if self.table is not None else None
        return [place for place in (root, self.folder, beside) if place is not None]

    def source(self, root: Path | None, *, without: Collection[str] = ()) -> DataSource:
        """Return where the recordings lie.

        Args:
            root: the folder that holds the corpora.
            without: corpora to leave out.
        """
        return DataSource(
            corpora=tuple(name for name in self.corpora if name not in without),
            table=self.table,
            folder=self.folder,
            root=root,
            labels=self.labels,
            label_map={word: label or None for word, label in self.label_map.items()},
            label_from=self.label_from,
            speaker_from=self.speaker_from,
        )


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
class ProtocolConfig:
    """Who is learnt from, who decides, and who is measured.

    Attributes:
        name: "tables" trains one model on the speaker parts of the shipped tables.
            "published" draws clips at random by shares, its leak included; "split-before-copies"
            the same without that leak; "speaker-shares" keeps each speaker in one part.
            Any protocol of `affekt protocols` trains one network a split: "random",
            "leave-one-speaker-out", "cross-corpus:cremad:emodb" and so on.
        train_on: of "tables", the parts to learn from; lockbox speakers can never be named.
        select_on: of "tables", the part that is followed after each epoch, if any; "select" alone
            can be.
        test_share, validation_share: of all clips, and of what is left for training.
        leak: "copies" splits originals and copies as if they were clips of their own, so that
            copies of one recording lie on both sides. That is the mistake of a text, by name.
        split_seed: draws the split of "speaker-shares", the same for every run.
    """

    name: str = "tables"
    train_on: tuple[SpeakerPart, ...] = ("train",)
    select_on: SpeakerPart | None = None
    test_share: float = 0.2
    validation_share: float = 0.0
    leak: Literal["none", "copies"] = "none"
    split_seed: int = 1

    def __post_init__(self) -> None:
        if self.name not in ("tables", *SHARES):
            _check_protocol(self.name)
        if "train" not in self.train_on or len(set(self.train_on)) != len(self.train_on):
            raise ValueError("train_on must hold 'train', and each part once")
        if "calibrate" in self.train_on:
            raise ValueError("calibrate speakers fit the temperature; they cannot be trained on")
        if self.select_on == "calibrate":
            raise ValueError("calibrate speakers fit the temperature; select_on cannot be them")
        if self.select_on is not None and self.select_on in self.train_on:
            raise ValueError(f"select_on '{self.select_on}' is trained on, so it can tell nothing")
        if not 0.0 < self.test_share < 1.0 or not 0.0 <= self.validation_share < 1.0:
            raise ValueError("test_share must lie between 0 and 1, validation_share in 0 to 1")
        if not 0 <= self.split_seed < SEEDS:
            raise ValueError(f"split_seed must lie in 0 to {SEEDS - 1}")

    @property
    def has_validation(self) -> bool:
        """Whether some clips decide about the training."""
        if self.name == "tables":
            return self.select_on is not None
        return self.validation_share > 0.0 if self.name in SHARES else True


def _check_protocol(name: str) -> None:
    """Refuse a protocol that is none, or that nothing can be trained under."""
    if name in ("lockbox", "select", "calibrate"):
        raise ValueError(f"'{name}' measures models; train with 'tables' and evaluate on it")
    try:
        protocol(name)
    except ConfigError as error:
        known = ", ".join(("tables", *SHARES))
        raise ValueError(f"{error}; of recipes alone: {known}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturesConfig(LogMelConfig):
    """What the model sees: log-mels, which become part of the bundle, or a named set of features.

    Attributes:
        set: "log-mel", computed as the other keys say, of clips of any length; or the name of a
            feature set, whose features have one shape.
        normalise_over: axes of the features of a set that share a mean and a deviation; an empty
            list keeps one pair an entry; without the key nothing is normalised.
    """

    set: str = "log-mel"
    normalise_over: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        LogMelConfig.__post_init__(self)
        if self.sampling_rate_hz != SAMPLING_RATE_HZ:
            raise ValueError(f"sampling_rate_hz must be {SAMPLING_RATE_HZ}")
        if self.set == "log-mel":
            if self.normalise_over is not None:
                raise ValueError("normalise_over: the model normalises log-mels itself")
            return
        try:
            shape = find_feature_set(self.set).shape
        except ConfigError as error:
            raise ValueError(str(error)) from None
        if any(not 0 <= axis < len(shape) for axis in self.normalise_over or ()):
            raise ValueError(f"normalise_over: {self.set} has the axes 0 to {len(shape) - 1}")
        if self.log_mel != LogMelConfig():
            raise ValueError(f"{self.set} has no settings; those of log-mels need set = 'log-mel'")

    @property
    def log_mel(self) -> LogMelConfig:
        """How log-mels are computed."""
        own = {item.name: getattr(self, item.name) for item in fields(LogMelConfig)}
        return LogMelConfig(**own)

    @property
    def source(self) -> LogMelConfig | FeatureSet:
        """What computes the features."""
        return self.log_mel if self.set == "log-mel" else find_feature_set(self.set)

    @property
    def shape(self) -> tuple[int | None, ...]:
        """Shape of one clip's features; None is any number of frames."""
        return (None, self.n_mels) if self.set == "log-mel" else find_feature_set(self.set).shape


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """The architecture: a name known to `affekt.models`, and what differs from that variant."""

    name: str = "residual-se"
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationConfig:
    """What is fitted after the training.

    Attributes:
        uncertain_share: the threshold is set so that this share of the `calibrate` clips falls
            below it (0 to 1).
        coverage: how often a set of labels shall hold the right one (0 to 1).
        folds: where no `calibrate` speaker is among the recordings, so many networks of the same
            recipe, each without some of the speakers, answer for them.
    """

    uncertain_share: float = 0.2
    coverage: float = 0.9
    folds: int = 5

    def __post_init__(self) -> None:
        if not 0.0 <= self.uncertain_share <= 1.0:
            raise ValueError("uncertain_share must lie in 0 to 1")
        if not 0.0 < self.coverage < 1.0:
            raise ValueError("coverage must lie between 0 and 1")
        if self.folds < 3:
            raise ValueError("folds must be at least 3")


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleConfig:
    """What the exported file says of itself.

    Attributes:
        version: of the model.
        description: a few sentences.
        licence: short name of the terms of the weights.
        licence_file: those terms in full; relative to the recipe. Without it they are the terms of
            the corpora.
        not_for: uses the model must not be put to.
        weights: "int8" keeps the large matrices in eight bits: a third of the size, twice as fast.
    """

    version: str = "1.0"
    description: str = ""
    licence: str = "the terms of the corpora it was trained on"
    licence_file: Path | None = None
    not_for: tuple[str, ...] = ()
    weights: Literal["float32", "int8"] = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The text that a recipe rebuilds, and what it claims.

    Attributes:
        text: number of the text and author.
        title: of the text.
        metric: the figure that is compared.
        value: of it on the test part, in percent; None where the text gives none.
        train_value: of it on the training part, in percent.
        others: further claims, by name, in percent.
        recalls: published recall by class, in percent.
        seeds: of the runs that the table averages over.
        inferred: what the text does not say and was chosen here, one sentence each.
        tuned: the settings were chosen on the `select` speakers of the shipped tables, who are
            therefore left out of every test part.
    """

    text: str
    title: str
    metric: Metric = "accuracy"
    value: float | None = None
    train_value: float | None = None
    others: dict[str, float] = field(default_factory=dict)
    recalls: dict[str, float] = field(default_factory=dict)
    seeds: tuple[int, ...] = (1, 2, 3)
    inferred: tuple[str, ...] = ()
    tuned: bool = False

    def __post_init__(self) -> None:
        claims = [self.value, self.train_value, *self.others.values(), *self.recalls.values()]
        if not all(0.0 <= claim <= 100.0 for claim in claims if claim is not None):
            raise ValueError("what a text claims lies in 0 to 100 percent")
        if not self.seeds or not all(0 <= seed < SEEDS for seed in self.seeds):
            raise ValueError(f"seeds must not be empty, and lie in 0 to {SEEDS - 1}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A training run: one seed and one file give the same losses on the same processor.

    Attributes:
        name: of the run and of the bundle it exports.
        labels: classes in the order of the model's output; beside the canonical ones a recipe may
            name a native label of a corpus (EmoDB's boredom). With recordings of people's own
            they may be left out: they are then those that occur.
        augmentation: steps in order, each `name` and its settings (see `affekt.augment`), drawn
            anew in each epoch: of log-mels or of images.
        published: of a recipe that rebuilds a text.
    """

    name: str
    data: DataConfig
    labels: tuple[str, ...] = ()
    seed: int = 0
    protocol: ProtocolConfig = field(default_factory=ProtocolConfig)
    features: FeaturesConfig = field(default_factory=FeaturesConfig)
    augmentation: tuple[dict[str, Any], ...] = ()
    model: ModelConfig = field(default_factory=ModelConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    calibration: CalibrationConfig = field(default_factory=CalibrationConfig)
    bundle: BundleConfig = field(default_factory=BundleConfig)
    published: Published | None = None

    def __post_init__(self) -> None:
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", self.name) is None:
            raise ValueError(f"name: '{self.name}' names files; use letters, digits, . _ and -")
        if not 0 <= self.seed < SEEDS:
            raise ValueError(f"seed must lie in 0 to {SEEDS - 1}")
        open_ = self.data.has_own and not self.labels
        if not open_ and (len(self.labels) < 2 or len(set(self.labels)) != len(self.labels)):
            raise ValueError("labels must be two or more, none twice")
        own = [name for corpus in self.data.corpora for name in CORPORA[corpus].classes]
        stranger = next((name for name in self.labels if name not in (*CANONICAL, *own)), None)
        if stranger is not None and not self.data.has_own:
            raise ValueError(f"labels: '{stranger}'{did_you_mean(stranger, (*CANONICAL, *own))}")
        if self.fit.patience is not None and not self.protocol.has_validation:
            raise ValueError(
                "fit.patience needs a validation part: protocol.select_on, or validation_share"
            )
        self._check_together()
        try:
            self.pipeline()
        except ConfigError as error:
            raise ValueError(str(error)) from None

    def _check_together(self) -> None:
        """Refuse tables that contradict each other."""
        data, labels = self.data, self.labels
        stray = next((name for name in data.relabel.values() if name not in labels), None)
        if stray is not None and labels:
            raise ValueError(f"data.relabel: '{stray}' is none of the labels")
        if self.protocol.leak == "copies" and (not data.copies or data.copies_in != "all"):
            raise ValueError("protocol.leak = 'copies' needs data.copies, and copies_in = 'all'")
        if self.fit.consistency and not data.copies:
            raise ValueError("fit.consistency needs degraded copies: add [[data.copies]]")
        if "n_mels" in self.model.settings:
            raise ValueError("model.settings: n_mels follows features.n_mels")
        if bool(self.model.settings.get("intensity")) != (self.fit.intensity_weight is not None):
            raise ValueError("fit.intensity_weight and model.settings.intensity need each other")
        if self.published is not None:
            _check_names("published.recalls", tuple(self.published.recalls), labels)
        if self.model.name == MLP:
            if 0 < len(labels) < 3:
                raise ValueError("labels: scikit-learn's MLP has one output for two; give three")
            ignored = ignored_by_mlp(self.fit)
            if ignored:
                raise ValueError(f"fit.{ignored[0]}: scikit-learn's MLP does not know this option")

    def learning_from(self, data: DataSource) -> Recipe:
        """Return the same recipe for other recordings, with the labels that occur in them.

        Raises:
            ConfigError: the recipe cannot learn from them.
        """
        config = replace(
            self.data,
            corpora=data.corpora,
            table=data.table,
            folder=data.folder,
            labels=data.labels,
            label_map={word: label or "" for word, label in data.label_map.items()},
            label_from=data.label_from,
            speaker_from=data.speaker_from,
            corpus_weight={},
        )
        own = config.has_own
        try:
            return replace(self, data=config, labels=() if own else self.labels, published=None)
        except ValueError as error:
            raise ConfigError(f"{self.name}: {error}") from None

    @property
    def rows_have_copies(self) -> bool:
        """Whether copies of clips are measured as if they were clips."""
        return bool(self.data.copies) and self.data.copies_in == "all"

    def pipeline(self) -> Pipeline | None:
        """Return the augmentation of the training clips, if there is any.

        Raises:
            ConfigError: a step or a setting is unknown, or the features know no augmentation.
        """
        if not self.augmentation:
            return None
        source, where = self.features.source, "[[augmentation]]"
        if isinstance(source, LogMelConfig):
            edges = {"fmin_hz": source.fmin_hz, "fmax_hz": source.fmax_hz}
            return Pipeline.from_settings(self.augmentation, **edges, where=where)
        if source.form != "image":
            raise ConfigError(f"augmentation: {source.name} is no image")
        return Pipeline.for_images(self.augmentation, where=where)


def shipped_recipes() -> dict[str, Path]:
    """Return the recipes that come with the package, by name."""
    folder = Path(str(resources.files("affekt").joinpath("recipes")))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def find_recipe(name: str | Path) -> Path:
    """Return the path of a recipe: of a file, or of a shipped recipe by its name.

    Raises:
        ConfigError: there is no shipped recipe of that name, and it is no TOML file.
    """
    path, shipped = Path(name), shipped_recipes()
    if str(name) in shipped:
        return shipped[str(name)]
    if path.suffix == ".toml" or path.exists():
        return path
    hint = did_you_mean(str(name), shipped)
    raise ConfigError(f"no recipe is called '{name}'{hint}; or give the path of a TOML file")


def read_recipe(path: Path) -> dict[str, Any]:
    """Return the settings of a recipe file in the form of today, its `[search]` table included.

    Places of people's own recordings, which are relative to the file, lead from here.

    Raises:
        ConfigError: the file cannot be read.
    """
    settings = modern(read_toml(path), where=str(path))
    return with_places(settings, lambda place: path.parent / place)


def with_places(settings: Mapping[str, Any], moved: Callable[[str], Path]) -> dict[str, Any]:
    """Return settings of a recipe with the places of people's own recordings changed."""
    data = settings.get("data")
    if not isinstance(data, dict):
        return dict(settings)
    places = {
        key: moved(data[key]).as_posix()
        for key in ("table", "folder")
        if isinstance(data.get(key), str)
    }
    return {**settings, "data": {**data, **places}}


def load_recipe(path: Path) -> tuple[Recipe, str]:
    """Read and check a recipe; return it with the text of its licence file, "" without one.

    A `[search]` table, which is for `affekt tune`, is passed over.

    Raises:
        ConfigError: a file cannot be read, or a key or value is wrong.
    """
    settings = read_recipe(path)
    settings.pop("search", None)
    recipe = from_mapping(Recipe, settings, where=str(path))
    if recipe.bundle.licence_file is None:
        return recipe, ""
    licence = path.parent / recipe.bundle.licence_file
    try:
        return recipe, read_text(licence)
    except OSError as error:
        raise ConfigError(f"{path}: bundle.licence_file: {licence}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: bundle.licence_file: {licence}: is no UTF-8 text") from None
