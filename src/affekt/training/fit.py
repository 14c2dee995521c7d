"""Fitting a network by a recipe, in one folder that the run can be continued from."""

from __future__ import annotations

import dataclasses
import signal
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import (
    Callback,
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
)
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch import Tensor, nn

from affekt.config import from_mapping, to_mapping
from affekt.corpora import corpora_root, ratings_of_clips, read_intensities, root_at_hand
from affekt.emotions import CANONICAL
from affekt.errors import ConfigError, CorpusError
from affekt.features import FeatureSet
from affekt.models import PathakMlpConfig, create_model, initialise_weights
from affekt.protocols import Parts
from affekt.records import Utterance
from affekt.training.batches import (
    EpochSampler,
    ResumableLoader,
    TrainingBatches,
    class_balance,
    copies_of_clips,
    draw_weights,
    ordered_loader,
)
from affekt.training.callbacks import (
    CountBatches,
    History,
    KeepHistory,
    KeepSettings,
    Patience,
    StopAtAccuracy,
    Watch,
    Watched,
)
from affekt.training.checkpoint import (
    check_settings,
    load_weights,
    newest_checkpoint,
    read_checkpoint,
)
from affekt.training.console import Say, plain_story, reading_bar
from affekt.training.data import Clips, Part, Progress, fit_normalisation, load_clips, target_label
from affekt.training.memory import keep_freed_memory
from affekt.training.mlp import fit_mlp
from affekt.training.module import VALIDATION_UA, TrainingModule
from affekt.training.options import MLP, FitConfig, Precision
from affekt.training.parts import parts_of
from affekt.training.recipe import Recipe, SpeakerPart
from affekt.training.soft_targets import soft_targets

# What an interruption costs at most; a checkpoint takes about as long as one step.
_STEPS_BETWEEN_CHECKPOINTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where a run keeps what it makes.

    Attributes:
        recipe: what was asked for.
        folder: holds `checkpoints/`, `logs/` and at the end `NAME.onnx`.
        corpora: the folder of the corpora; None where the recipe names none.
        say: takes one line for the reader at a time.
        show_progress: draw progress bars.
    """

    recipe: Recipe
    folder: Path
    corpora: Path | None
    say: Say
    show_progress: bool

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.folder / "checkpoints"

    def last_checkpoint(self) -> Path | None:
        """Return the newest checkpoint, an interrupted run's included."""
        return newest_checkpoint(self.checkpoints)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One network to fit: how, to what, and where its checkpoints lie.

    Attributes:
        recipe: model, features, options and seed.
        train: the rows to learn from.
        validation: the rows that decide; empty or None where none do.
        checkpoints: their folder.
        settings: what else the run is made of, as plain types; a checkpoint of others is refused.
        say: takes a line after each epoch.
        logs: folder of curves as CSV and for TensorBoard; None keeps none.
        show_progress: draw a progress bar instead of saying a line an epoch.
        devices: how many to train on, as Lightning counts them.
    """

    recipe: Recipe
    train: Part
    validation: Part | None
    checkpoints: Path
    settings: Mapping[str, Any]
    say: Say
    logs: Path | None = None
    show_progress: bool = False
    devices: int | Literal["auto"] = 1  # small networks: several would wait for each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained network and what it was trained with.

    Attributes:
        module: holds the averaged weights.
        history: figures by epoch.
        parts: every utterance of the recipe's corpora, by part.
        train: what was learnt from.
        calibrate: recordings of speakers that nothing was learnt from or chosen with; None where
            there are none.
    """

    module: TrainingModule
    history: History
    parts: Parts
    train: Clips
    calibrate: Clips | None


def load_recordings(recipe: Recipe, root: Path | None) -> tuple[list[Utterance], tuple[str, ...]]:
    """Return the recordings of a recipe, and its corpora that are not on the disk.

    Raises:
        CorpusError: none of the corpora is there, or recordings of people's own cannot be read.
    """
    root = corpora_root(root) if recipe.data.corpora else root_at_hand(root)
    missing = missing_corpora(recipe, root)
    if len(missing) == len(recipe.data.corpora) and not recipe.data.has_own:
        raise CorpusError(f"none of the corpora of {recipe.name} lies under {root}")
    return list(recipe.data.source(root, without=missing).open().utterances), missing


def missing_corpora(recipe: Recipe, root: Path | None) -> tuple[str, ...]:
    """Return the corpora of a recipe that have no folder below the root, or an empty one."""
    return tuple(
        name
        for name in recipe.data.corpora
        if root is None or not (root / name).is_dir() or not any((root / name).iterdir())
    )


def told_recordings(recipe: Recipe, root: Path | None, say: Say) -> list[Utterance]:
    """Return the recordings of a recipe that are on the disk, and say what is remarked on.

    Raises:
        CorpusError: none of them is there.
    """
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        utterances, missing = load_recordings(recipe, root)
    for remark in remarks:
        say(str(remark.message))
    for name in missing:
        say(f"{name}: not under {root}; passed over")
    return utterances


def with_labels(recipe: Recipe, root: Path | None) -> Recipe:
    """Return a recipe with the labels that occur, where it leaves them out.

    Canonical ones come first, in their order.

    Raises:
        CorpusError: recordings cannot be read, or have one label alone.
    """
    if recipe.labels:
        return recipe
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they say is said when the recordings are loaded
        utterances, _ = load_recordings(recipe, root)
    met = {item.emotion for item in utterances if item.emotion}
    met = {recipe.data.relabel.get(label, label) for label in met}
    labels = (*(label for label in CANONICAL if label in met), *sorted(met - {*CANONICAL}))
    if len(labels) < 2:
        raise CorpusError(
            f"{recipe.name}: the recordings have one label alone: {', '.join(labels) or 'none'}"
        )
    return dataclasses.replace(recipe, labels=labels)


def read_clips(
    recipe: Recipe, utterances: Sequence[Utterance], progress: Progress | None = None
) -> Clips:
    """Compute, or take from the cache, what a recipe sees of some recordings."""
    data = recipe.data
    clips = load_clips(
        utterances,
        labels=recipe.labels,
        features=recipe.features.source,
        relabel=data.relabel,
        copies=data.copies,
        copy_seed=data.copy_seed,
        min_duration_s=data.min_duration_s,
        progress=progress,
    )
    if recipe.fit.intensity_weight is not None:
        rated = np.array(ratings_of_clips(clips.utterances, read_intensities), dtype=np.float32)
        clips = dataclasses.replace(clips, intensities=rated[clips.clip])
    if not data.has_soft_targets:
        return clips
    originals = np.flatnonzero(clips.copy == 0)
    shares = soft_targets(
        clips.utterances,
        clips.targets[originals],
        [clips.features[int(row)] for row in originals],
        labels=recipe.labels,
        vote_share=data.vote_share,
        join_labels=data.join_labels,
    )
    return dataclasses.replace(clips, shares=shares[clips.clip])


def make_network(recipe: Recipe) -> nn.Module:
    """Return the untrained network of a recipe, drawn from its seed.

    Raises:
        ConfigError: its name, a setting, or features that it cannot take.
    """
    torch.manual_seed(recipe.seed)
    network = create_model(
        recipe.model.name,
        n_classes=len(recipe.labels),
        input_shape=recipe.features.shape,
        settings=recipe.model.settings,
    )
    if recipe.fit.initialisation != "torch":
        torch.manual_seed(recipe.seed)
        initialise_weights(network, recipe.fit.initialisation)
    return network


def check_recipe(recipe: Recipe, *, has_validation: bool) -> None:
    """Refuse what a run would come upon only after the recordings were read.

    Raises:
        ConfigError: model or weights to start from that are not to be had, or an option that looks
            at a validation part where there is none.
    """
    if recipe.fit.needs_validation and not has_validation:
        raise ConfigError(
            "patience, reduce_on_plateau and best_weights look at a validation part: give "
            "[protocol] a select_on or a validation_share"
        )
    network = make_network(recipe)
    if recipe.fit.start_from is not None:
        load_weights(network, recipe.fit.start_from)


def check_classes(recipe: Recipe, train: Part) -> None:
    """Refuse a training part that lacks a class.

    Raises:
        CorpusError: the message names the class.
    """
    absent = sorted(set(range(len(recipe.labels))) - set(train.own_targets.tolist()))
    if absent:
        raise CorpusError(
            f"{recipe.name}: no clip to train on is labelled '{recipe.labels[absent[0]]}': leave "
            "it out of labels, or add a corpus that has it"
        )


def run_settings(recipe: Recipe, **more: Any) -> dict[str, Any]:
    """Return what a run is made of, as plain types: the recipe, and the version of its features."""
    source = recipe.features.source
    version = {"feature_version": source.version} if isinstance(source, FeatureSet) else {}
    return {**to_mapping(recipe), **version, **more}


@plain_story()
def fit(run: Run, *, resume: bool, watch: Watch | None = None) -> Fitted:
    """Train on the speaker parts of the shipped tables, or go on training.

    Args:
        run: the recipe and the folder that everything goes to.
        resume: go on from the newest checkpoint in the folder.
        watch: called after each epoch with its UA on `select_on`, which it needs.

    Raises:
        ConfigError: the folder holds a run already and `resume` was not asked for; or it was, and
            the recipe is another one.
        CorpusError: there is nothing to learn from or to follow, or no clip carries one of the
            labels.
        KeyboardInterrupt: the run was interrupted; its newest checkpoint is kept.
    """
    recipe, protocol = run.recipe, run.recipe.protocol
    if run.last_checkpoint() is not None and not resume:
        raise ConfigError(
            f"{run.folder} holds a run already; --resume continues it, --out chooses another place"
        )
    # What can be wrong with the recipe shows before the recordings are read.
    check_recipe(recipe, has_validation=protocol.has_validation)
    settings = run_settings(recipe)
    if (newest := run.last_checkpoint()) is not None:
        check_settings(newest, settings)
    parts = parts_of(told_recordings(recipe, run.corpora, run.say), protocol)
    train = _clips(run, parts, protocol.train_on, purpose="train on")
    check_classes(recipe, train.part())
    select_on = protocol.select_on
    selection = _clips(run, parts, (select_on,), purpose="choose by") if select_on else None
    labelled = any(target_label(x, recipe.labels, recipe.data.relabel) for x in parts.calibrate)
    calibrate = _clips(run, parts, ("calibrate",), purpose="calibrate on") if labelled else None
    task = Task(
        recipe=recipe,
        train=train.part(),
        validation=None if selection is None else _originals(selection),
        checkpoints=run.checkpoints,
        settings=settings,
        say=run.say,
        logs=run.folder / "logs",
        show_progress=run.show_progress,
        devices="auto",
    )
    try:
        module, history = fit_network(task, watch=watch)
    except KeyboardInterrupt:
        if run.last_checkpoint() is not None:
            run.say(f"interrupted; --resume goes on from the newest checkpoint in {run.folder}")
        raise
    return Fitted(module=module, history=history, parts=parts, train=train, calibrate=calibrate)


@plain_story()
def fit_network(task: Task, *, watch: Watch | None = None) -> tuple[TrainingModule, History]:
    """Train a network, or go on from the newest checkpoint in its folder.

    Args:
        task: what is fitted, and to what.
        watch: called after each epoch with the UA of the validation part, which it needs; never
            for a model that scikit-learn fits.

    Returns:
        The network in evaluation mode on the CPU, and its figures by epoch: `epoch` (from 1),
        `loss`, `accuracy`, `learning_rate`, `seconds`, and the figures of the validation part
        where there is one.

    Raises:
        ConfigError: an option needs a validation part and there is none, or the folder holds a
            run of other settings.
        KeyboardInterrupt: interrupted; the newest checkpoint is kept.
    """
    recipe, options, train = task.recipe, task.recipe.fit, task.train
    validation = task.validation if task.validation is not None and len(task.validation) else None
    check_recipe(recipe, has_validation=validation is not None)
    normalisation = fit_normalisation(train, over=recipe.features.normalise_over)
    if recipe.model.name == MLP:
        sizes = from_mapping(PathakMlpConfig, recipe.model.settings, where=f"model '{MLP}'")
        fitted, history = fit_mlp(
            train, normalisation, options, hidden=sizes.hidden, seed=recipe.seed, say=task.say
        )
        made = TrainingModule(fitted, options, seed=recipe.seed, normalisation=normalisation)
        return made.eval(), history
    keep_freed_memory()
    checkpoint = newest_checkpoint(task.checkpoints)
    if checkpoint is not None:
        check_settings(checkpoint, task.settings)
        task.say(f"going on from {checkpoint}")
    network = make_network(recipe)
    if options.start_from is not None:
        load_weights(network, options.start_from)
    sampler = _sampler(recipe, train)
    module = TrainingModule(
        network,
        options,
        seed=recipe.seed,
        normalisation=normalisation,
        steps_per_epoch=len(sampler),
        class_weights=balance(train) if options.class_weights else None,
        validation=validation,
    )
    kept = KeepHistory(task.say if not task.show_progress else _silent)
    batches = TrainingBatches(train, recipe.pipeline(), options, seed=recipe.seed)
    trainer = _trainer(task, kept, has_validation=validation is not None, watch=watch)
    handler = signal.getsignal(signal.SIGINT)
    # Decay drives dead weights below what a float holds in full, and arithmetic on such numbers
    # is many times slower.
    torch.set_flush_denormal(True)
    try:
        trainer.fit(
            module,
            ResumableLoader(batches, sampler, workers=options.workers),
            None if validation is None else ordered_loader(validation),
            ckpt_path=checkpoint,
            weights_only=True,
        )
    except SystemExit:  # what Lightning makes of Ctrl-C, which it then turns off
        signal.signal(signal.SIGINT, handler)
        raise KeyboardInterrupt from None
    finally:
        torch.set_flush_denormal(False)  # it holds for everything in this process
    name = "best" if options.best_weights else "last"
    module.load_state_dict(read_checkpoint(task.checkpoints / f"{name}.ckpt")["state_dict"])
    module.cpu().eval()
    return module, tuple(kept.epochs)


def balance(part: Part) -> Tensor:
    """Return the weight of each class: rows / (classes x rows of the class); 0 without rows."""
    counts = np.bincount(part.own_targets, minlength=part.allowed.shape[1])
    present = counts > 0
    weights = np.divide(len(part), present.sum() * counts, where=present, out=np.zeros(len(counts)))
    return torch.from_numpy(weights.astype(np.float32))


def lightning_precision(wanted: Precision) -> Literal["bf16-mixed", "32-true"]:
    """Return Lightning's name for the precision; "auto" looks for bfloat16 matrix units."""
    if wanted == "auto":
        fast = (
            torch.cuda.is_bf16_supported(including_emulation=False)
            if torch.cuda.is_available()
            else torch.cpu._is_amx_tile_supported()
        )
        wanted = "bf16" if fast else "32"
    return "bf16-mixed" if wanted == "bf16" else "32-true"


def _sampler(recipe: Recipe, train: Part) -> EpochSampler:
    options = recipe.fit
    pairs = None
    if options.consistency:
        pairs = copies_of_clips(train)
        train = dataclasses.replace(train, rows=np.array(list(pairs)))
    weights = None
    if options.sampling == "balanced":
        weights = class_balance(train)
    elif options.sampling == "weighted":
        weights = draw_weights(train, recipe.data)
    return EpochSampler(
        train.rows,
        batch_size=options.batch_size,
        seed=recipe.seed,
        weights=weights,
        whole_batches=options.sampling == "weighted",
        pairs=pairs,
    )


def _originals(clips: Clips) -> Part:
    return clips.part(np.flatnonzero(clips.copy == 0))


def _clips(run: Run, parts: Parts, names: Sequence[SpeakerPart], *, purpose: str) -> Clips:
    """Read the clips of some parts, and say what was read."""
    utterances = [item for name in names for item in getattr(parts, name)]
    with reading_bar(show=run.show_progress) as progress:
        clips = read_clips(run.recipe, utterances, progress)
    if not len(clips):
        raise CorpusError(
            f"nothing to {purpose}: no recording of the {' and '.join(names)} speakers carries "
            "any of the recipe's labels; add a corpus that has such speakers"
        )
    counts = Counter(item.corpus for item in clips.utterances)
    number = len(clips.utterances)
    run.say(f"{number} clips to {purpose}: " + ", ".join(f"{k} {n}" for k, n in counts.items()))
    for item, reason in clips.skipped:
        run.say(f"left out {item.path.name}: {reason}")
    return clips


def _trainer(
    task: Task, history: KeepHistory, *, has_validation: bool, watch: Watch | None
) -> lightning.Trainer:
    options = task.recipe.fit
    callbacks: list[Callback] = [history, CountBatches(), KeepSettings(task.settings)]
    if options.average_decay:
        callbacks.insert(0, EMAWeightAveraging(decay=options.average_decay))
    if task.logs is not None:
        callbacks.append(LearningRateMonitor(logging_interval="epoch"))
    if watch is not None:
        callbacks.append(Watched(watch, VALIDATION_UA))
    callbacks += _stopping(options, history)
    if options.stop_at_accuracy is None:  # which asks for the running accuracy of whole epochs
        callbacks.append(
            ModelCheckpoint(
                task.checkpoints,
                filename="step",
                every_n_train_steps=_STEPS_BETWEEN_CHECKPOINTS,
                enable_version_counter=False,
            )
        )
    if has_validation and options.best_weights:
        mode = _mode(options)
        callbacks.append(
            ModelCheckpoint(
                task.checkpoints,
                filename="best",
                monitor=options.monitor,
                mode=mode,
                enable_version_counter=False,
            )
        )
    # After the best one, whose record it holds: else a run that goes on forgets its newest best.
    callbacks.append(
        ModelCheckpoint(task.checkpoints, filename="last", enable_version_counter=False)
    )
    if task.show_progress:
        callbacks.append(RichProgressBar(console_kwargs={"stderr": True}))
    return lightning.Trainer(
        devices=task.devices,
        max_epochs=options.epochs,
        precision=lightning_precision(options.precision),
        gradient_clip_val=options.gradient_clip,
        callbacks=callbacks,
        logger=_loggers(task.logs),
        enable_progress_bar=task.show_progress,
        enable_model_summary=False,
        log_every_n_steps=10,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,  # the sampler shares the batches out itself
    )


def _stopping(options: FitConfig, history: KeepHistory) -> list[Callback]:
    callbacks: list[Callback] = []
    if options.stop_at_accuracy is not None:
        callbacks.append(StopAtAccuracy(options.stop_at_accuracy, history))
    if options.patience is not None:
        callbacks.append(Patience(options.monitor, mode=_mode(options), patience=options.patience))
    return callbacks


def _mode(options: FitConfig) -> Literal["min", "max"]:
    return "min" if options.monitor == "validation_loss" else "max"


def _loggers(folder: Path | None) -> Any:
    if folder is None:
        return False
    session = f"csv-{len(list(folder.glob('csv-*')))}"  # a resumed run begins a table of its own
    return [
        TensorBoardLogger(folder, name="", version="tensorboard"),
        CSVLogger(folder, name="", version=session),
    ]


def _silent(_: str) -> None:
    """Say nothing."""
