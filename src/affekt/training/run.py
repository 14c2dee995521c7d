"""The whole way: fit, calibrate, export."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from lightning.pytorch.utilities import rank_zero_only

from affekt.corpora import DataSource, corpora_root
from affekt.errors import ConfigError
from affekt.evaluation.confidence import synthetic_sounds
from affekt.output import check_output
from affekt.training.calibration import FALSE_ALARMS, Calibration, add_novelty, calibrate
from affekt.training.console import Say, reading_bar
from affekt.training.cross_fit import cross_fit
from affekt.training.describe import describe
from affekt.training.export import export_bundle
from affekt.training.fit import Fitted, Run, fit, with_labels
from affekt.training.folds import train_folds
from affekt.training.recipe import find_recipe, load_recipe


def train(
    recipe: str | Path,
    *,
    data: DataSource | None = None,
    root: str | Path | None = None,
    protocol: str | None = None,
    folds: Sequence[int] = (),
    epochs: int | None = None,
    out: str | Path | None = None,
    resume: bool = False,
    force: bool = False,
    say: Say | None = None,
    show_progress: bool = False,
) -> Path:
    """Train the model that a recipe describes, calibrate it and export its bundle.

    ```python
    mine = DataSource(table="mine.csv", labels="own")
    bundle = train("own.toml", data=mine, out="runs/mine", say=print)
    Recognizer.load(bundle).predict("speech.wav")
    report = train("default", root="corpora", protocol="leave-one-speaker-out")
    ```

    Args:
        recipe: a TOML file, or the name of a recipe that comes with the package.
        data: what is learnt from instead of the recipe's recordings.
        root: the folder that holds the corpora; None reads AFFEKT_CORPORA.
        protocol: instead of the recipe's. Under another one than the shipped tables it is one
            network a split, and a report.
        folds: numbers of the splits to train, from 1; all by default.
        epochs: instead of the recipe's number.
        out: folder for checkpoints, logs and the bundle; `runs/NAME` by default.
        resume: go on from the newest checkpoint in the folder, with the losses it would have had.
        force: replace a bundle that Affekt did not write.
        say: takes one line of the story at a time; None tells nothing.
        show_progress: draw progress bars on standard error.

    Returns:
        The path of the bundle, or of the report.

    Raises:
        ConfigError: the recipe or an option is wrong; or the folder holds a run already and
            `resume` was not asked for; or there is a file in the bundle's place.
        CorpusError: there are no recordings to learn from, or too few to calibrate on.
        BundleError: the exported file differs from the network.
    """
    wanted, licence_text = load_recipe(find_recipe(str(recipe)))
    if epochs is not None:
        wanted = dataclasses.replace(wanted, fit=dataclasses.replace(wanted.fit, epochs=epochs))
    if data is not None:
        wanted = wanted.learning_from(data)
    if protocol is not None:
        try:
            chosen = dataclasses.replace(wanted.protocol, name=protocol)
            wanted = dataclasses.replace(wanted, protocol=chosen)
        except ValueError as error:
            raise ConfigError(f"protocol: {error}") from None
    place = Path(root) if root is not None else data.root if data is not None else None
    run = Run(
        recipe=wanted,
        folder=Path(out) if out is not None else Path("runs") / wanted.name,
        corpora=corpora_root(place) if wanted.data.corpora else place,
        say=say or _silent,
        show_progress=show_progress,
    )
    return carry_out(run, licence_text=licence_text, resume=resume, force=force, folds=folds)


def carry_out(
    run: Run,
    *,
    licence_text: str,
    resume: bool = False,
    force: bool = False,
    folds: Sequence[int] = (),
) -> Path:
    """Carry out a training run and return the path of what it ends with, as `train` does.

    Args:
        run: the recipe and the folder that everything goes to.
        licence_text: terms of the weights, in full.
        resume: go on from the newest checkpoint in the folder.
        force: replace a bundle that Affekt did not write.
        folds: numbers of the splits to train, from 1; all by default.
    """
    run = dataclasses.replace(run, recipe=with_labels(run.recipe, run.corpora))
    recipe = run.recipe
    if recipe.protocol.name != "tables":
        return train_folds(run, resume=resume, only=folds)
    if folds:
        raise ConfigError("--folds: the shipped tables have one split; give --protocol as well")
    path = run.folder / f"{recipe.name}.onnx"
    check_output(path, force=force, makes_folder=True)
    run = dataclasses.replace(run, say=rank_zero_only(run.say))
    fitted = fit(run, resume=resume)
    if fitted.module.global_rank > 0:  # the processes of further devices have done their part
        sys.exit()
    calibration = _calibrated(run, fitted)
    metadata = describe(recipe, fitted, calibration, licence_text=licence_text)
    difference = export_bundle(fitted.module, recipe, metadata, path, force=force)
    _add_novelty(run, fitted, path)
    size_mb = path.stat().st_size / 1e6
    run.say(f"{path}: {size_mb:.1f} MB, within {difference:.1e} of torch at every length")
    return path


def _add_novelty(run: Run, fitted: Fitted, path: Path) -> None:
    """Let the bundle tell what is no speech, where calibrate speakers can set the bound."""
    with reading_bar(show=run.show_progress) as progress:
        written = fitted.calibrate is not None and add_novelty(
            path,
            fitted.calibrate.utterances,
            fitted.train.utterances,
            (sound.signal for sound in synthetic_sounds()),
            progress=progress,
        )
    run.say(
        f"novelty: above 1 for {FALSE_ALARMS:.0%} of the clips of calibrate speakers"
        if written
        else "no novelty: it needs clips of two calibrate speakers, and a network over log-mels"
    )


def _calibrated(run: Run, fitted: Fitted) -> Calibration:
    """Calibrate on the speakers set apart; without any, by cross-fitting."""
    clips = fitted.calibrate
    if clips is None:
        calibration, whom = cross_fit(run, fitted.train), "training speakers, cross-fitted"
    else:
        part = clips.part(np.flatnonzero(clips.copy == 0))
        calibration = calibrate(fitted.module, part, run.recipe.calibration)
        whom = "calibrate speakers"
    number = len((fitted.train if clips is None else clips).utterances)
    run.say(
        f"temperature {calibration.temperature:.3f}, threshold {calibration.threshold:.3f} "
        f"on {number} clips of {whom}"
    )
    return calibration


def _silent(_: str) -> None:
    """Tell nothing."""
