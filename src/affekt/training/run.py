"""The whole way: fit, calibrate, export."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from lightning.pytorch.utilities import rank_zero_only

from affekt.errors import ConfigError
from affekt.evaluation.confidence import synthetic_sounds
from affekt.output import check_output
from affekt.training.calibration import Calibration, calibrate
from affekt.training.calibration_fit import FALSE_ALARMS
from affekt.training.calibration_run import add_novelty
from affekt.training.console import reading_bar
from affekt.training.cross_fit import cross_fit
from affekt.training.describe import describe
from affekt.training.export import export
from affekt.training.fit import Fitted, Run, fit, with_labels
from affekt.training.folds import train_folds


def train(
    run: Run,
    *,
    licence_text: str,
    resume: bool = False,
    force: bool = False,
    folds: Sequence[int] = (),
) -> Path:
    """Carry out a training run and return the path of what it ends with.

    Under the shipped tables that is a bundle; under any other protocol it is the report on one
    network a split.

    Args:
        run: the recipe and the folder that everything goes to.
        licence_text: terms of the weights, in full.
        resume: go on from the newest checkpoint in the folder.
        force: replace a bundle that Affekt did not write.
        folds: numbers of the splits to train, from 1; all by default.

    Raises:
        ConfigError: the folder holds a run already and `resume` was not asked for; or it was, and
            the recipe is another one; or there is a file in the bundle's place.
        CorpusError: there are no recordings to learn from, or too few to calibrate on.
        BundleError: the exported file differs from the network.
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
    difference = export(fitted.module, recipe, metadata, path, force=force)
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
            [sound.signal for sound in synthetic_sounds()],
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
