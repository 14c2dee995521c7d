"""Fitting a network by a recipe, in one folder that the run can be continued from."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import lightning
import torch
from lightning.pytorch.callbacks import (
    Callback,
    EMAWeightAveraging,
    LearningRateMonitor,
    ModelCheckpoint,
    RichProgressBar,
)
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch.utils.data import DataLoader

from affekt.augment import Pipeline
from affekt.corpora import corpora_root, load_corpus
from affekt.errors import ConfigError, CorpusError
from affekt.models import create_model
from affekt.protocols import Parts, partition
from affekt.records import Utterance
from affekt.training.checkpoint import (
    CountBatches,
    KeepRecipe,
    Patience,
    Watch,
    Watched,
    check_recipe,
    load_averaged,
)
from affekt.training.console import EpochLines, Say, plain_story, reading_bar
from affekt.training.data import (
    ClipSet,
    PlanSampler,
    ResumableLoader,
    TrainingBatches,
    ValidationClips,
    draw_weights,
    load_clips,
)
from affekt.training.module import METRIC, TrainingModule
from affekt.training.recipe import Part, Precision, Recipe

# What an interruption costs at most; a checkpoint takes about as long as one step.
_STEPS_BETWEEN_CHECKPOINTS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Where a run keeps what it makes.

    Attributes:
        recipe: what was asked for.
        folder: holds `checkpoints/`, `logs/` and at the end `NAME.onnx`.
        corpora: the folder of the recordings.
        say: takes one line for the reader at a time.
        show_progress: draw progress bars.
    """

    recipe: Recipe
    folder: Path
    corpora: Path
    say: Say
    show_progress: bool

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.folder / "checkpoints"

    def last_checkpoint(self) -> Path | None:
        """Return the newest checkpoint, an interrupted run's included."""
        found = sorted(self.checkpoints.glob("*.ckpt"), key=lambda path: path.stat().st_mtime)
        return found[-1] if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A trained network and what it was trained with.

    Attributes:
        module: holds the averaged weights.
        parts: every utterance of the recipe's corpora, by part.
        train: what was learnt from.
        calibrate: recordings of speakers that nothing was learnt from or chosen with.
    """

    module: TrainingModule
    parts: Parts
    train: ClipSet
    calibrate: ClipSet


def load_parts(recipe: Recipe, root: Path, say: Say) -> Parts:
    """Load the recipe's corpora that are on the disk, split by the shipped tables.

    Raises:
        CorpusError: none of them is there.
    """
    utterances: list[Utterance] = []
    for name in recipe.data.corpora:
        if not (root / name).is_dir():
            say(f"{name}: not under {root}; passed over")
            continue
        utterances.extend(load_corpus(name, root))
    if not utterances:
        raise CorpusError(f"none of the recipe's corpora lies under {root}")
    return partition(utterances)


@plain_story()
def fit(run: Run, *, resume: bool, watch: Watch | None = None) -> Fitted:
    """Train, or go on training, and return the averaged network.

    Args:
        run: the recipe and the folder that everything goes to.
        resume: go on from the newest checkpoint in the folder.
        watch: called after each epoch with its UA on `select_on`, which it needs.

    Raises:
        ConfigError: the folder holds a run already and `resume` was not asked for; or it was, and
            the recipe is another one.
        CorpusError: there is nothing to learn from, to follow or to calibrate on, or no clip
            carries one of the labels.
        KeyboardInterrupt: the run was interrupted; its newest checkpoint is kept.
    """
    recipe = run.recipe
    checkpoint = run.last_checkpoint()
    if checkpoint is not None:
        if not resume:
            raise ConfigError(
                f"{run.folder} holds a run already; --resume continues it, "
                "--out chooses another place"
            )
        check_recipe(checkpoint, recipe)
        run.say(f"going on from {checkpoint}")
    # What can be wrong with the recipe shows before the recordings are read.
    pipeline = Pipeline.from_settings(
        recipe.augmentation,
        fmin_hz=recipe.features.fmin_hz,
        fmax_hz=recipe.features.fmax_hz,
        where="[[augmentation]]",
    )
    torch.manual_seed(recipe.seed)
    network = create_model(
        recipe.model.name,
        n_classes=len(recipe.labels),
        settings={**recipe.model.settings, "n_mels": recipe.features.n_mels},
    )
    parts = load_parts(recipe, corpora_root(run.corpora), run.say)
    train = _clips(run, parts, recipe.data.train_on, purpose="train on")
    absent = sorted(set(range(len(recipe.labels))) - set(train.targets.tolist()))
    if absent:
        raise CorpusError(
            f"no clip to train on is labelled '{recipe.labels[absent[0]]}': leave it out of "
            "labels, or add a corpus that has it"
        )
    select_on = recipe.data.select_on
    selection = _clips(run, parts, (select_on,), purpose="choose by") if select_on else None
    calibrate = _clips(run, parts, ("calibrate",), purpose="calibrate on")
    sampler = PlanSampler(
        draw_weights(train, recipe.data), batch_size=recipe.fit.batch_size, seed=recipe.seed
    )
    batches = TrainingBatches(train, pipeline, recipe.fit, seed=recipe.seed)
    module = TrainingModule(
        network,
        recipe.fit,
        seed=recipe.seed,
        steps_per_epoch=len(sampler),
        selection=selection,
    )
    trainer = _trainer(run, followed=selection is not None, watch=watch)
    handler = signal.getsignal(signal.SIGINT)
    try:
        trainer.fit(
            module,
            ResumableLoader(batches, sampler, workers=recipe.fit.workers),
            None if selection is None else DataLoader(ValidationClips(selection), batch_size=None),
            ckpt_path=checkpoint,
            weights_only=True,
        )
    except SystemExit:  # what Lightning makes of Ctrl-C, which it then turns off
        signal.signal(signal.SIGINT, handler)
        if run.last_checkpoint() is not None:
            run.say(f"interrupted; --resume goes on from the newest checkpoint in {run.folder}")
        raise KeyboardInterrupt from None
    best = run.checkpoints / "best.ckpt"
    load_averaged(module, best if best.exists() else run.checkpoints / "last.ckpt")
    return Fitted(module=module, parts=parts, train=train, calibrate=calibrate)


def _clips(run: Run, parts: Parts, names: Sequence[Part], *, purpose: str) -> ClipSet:
    """Read the clips of some parts, and say what was read."""
    utterances = [item for name in names for item in getattr(parts, name)]
    with reading_bar(show=run.show_progress) as progress:
        clips = load_clips(
            utterances, labels=run.recipe.labels, features=run.recipe.features, progress=progress
        )
    if not len(clips):
        raise CorpusError(
            f"nothing to {purpose}: no recording of the {' and '.join(names)} speakers carries "
            "any of the recipe's labels; add a corpus that has such speakers"
        )
    counts = Counter(item.corpus for item in clips.utterances)
    run.say(f"{len(clips)} clips to {purpose}: " + ", ".join(f"{k} {n}" for k, n in counts.items()))
    for item, reason in clips.skipped:
        run.say(f"left out {item.path.name}: {reason}")
    return clips


def _trainer(run: Run, *, followed: bool, watch: Watch | None) -> lightning.Trainer:
    settings = run.recipe.fit
    callbacks: list[Callback] = [
        EMAWeightAveraging(decay=settings.average_decay),
        LearningRateMonitor(logging_interval="epoch"),
        CountBatches(),
        KeepRecipe(run.recipe),
        ModelCheckpoint(
            run.checkpoints,
            filename="step",
            every_n_train_steps=_STEPS_BETWEEN_CHECKPOINTS,
            enable_version_counter=False,
        ),
    ]
    if followed:
        callbacks.append(
            ModelCheckpoint(
                run.checkpoints,
                filename="best",
                monitor=METRIC,
                mode="max",
                enable_version_counter=False,
            )
        )
        if settings.patience is not None:
            callbacks.append(Patience(METRIC, mode="max", patience=settings.patience))
    # After the best one, whose record it holds: else a run that goes on forgets its newest best.
    callbacks.append(
        ModelCheckpoint(run.checkpoints, filename="last", enable_version_counter=False)
    )
    if watch is not None:
        callbacks.append(Watched(watch, METRIC))
    if run.show_progress:
        callbacks.append(RichProgressBar(console_kwargs={"stderr": True}))
    else:
        callbacks.append(EpochLines(run.say))
    logs = run.folder / "logs"
    session = f"csv-{len(list(logs.glob('csv-*')))}"  # a resumed run begins a table of its own
    return lightning.Trainer(
        max_epochs=settings.epochs,
        precision=lightning_precision(settings.precision),
        gradient_clip_val=settings.gradient_clip,
        callbacks=callbacks,
        logger=[
            TensorBoardLogger(logs, name="", version="tensorboard"),
            CSVLogger(logs, name="", version=session),
        ],
        enable_progress_bar=run.show_progress,
        enable_model_summary=False,
        log_every_n_steps=10,
        num_sanity_val_steps=0,
        use_distributed_sampler=False,  # the sampler shares the batches out itself
    )


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
