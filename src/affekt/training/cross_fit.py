"""Calibrating a model whose recordings have no speaker to spare: cross-fitting.

Networks of the same recipe learn from all speakers but some, and answer for these. A network that
learnt from all of them is a little better than they are, so that what is fitted to their answers
promises rather too little than too much.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from affekt.errors import CorpusError
from affekt.training.calibration import Calibration, calibrate_logits, logits_of
from affekt.training.data import Clips
from affekt.training.fit import Run
from affekt.training.folds import folds_of, train_fold
from affekt.training.splits import RowSplit

_LEAST = 3  # folds of a protocol


def cross_fit(run: Run, clips: Clips) -> Calibration:
    """Train the networks, and fit to what they answer the clips that they did not learn from.

    Args:
        run: the recipe, and the folder, which gets a folder `cross-fit`; what is done there is not
            done again.
        clips: that the model learnt from.

    Raises:
        CorpusError: there are too few clips to leave some out.
        KeyboardInterrupt: interrupted; what is done is kept.
    """
    recipe = run.recipe
    speakers = len({item.speaker_key for item in clips.utterances})
    number = min(recipe.calibration.folds, max(speakers, len(clips.utterances)))
    if number < _LEAST:
        raise CorpusError(f"{recipe.name}: too few clips to calibrate on; add recordings")
    if speakers >= _LEAST:
        name = f"speaker-disjoint:{min(number, speakers)}"
        run.say(f"nobody to calibrate on: {min(number, speakers)} networks answer for speakers")
    else:
        name = f"random:{number}"
        run.say(
            f"nobody to calibrate on, and {speakers} speakers to learn from: {number} networks "
            "answer clips whose speakers they learnt from; the model will be too sure of itself"
        )
    protocol = dataclasses.replace(recipe.protocol, name=name)
    folds = folds_of(dataclasses.replace(recipe, protocol=protocol), clips)
    rows, logits = [], []
    for fold in folds:
        place = run.folder / "cross-fit" / f"{fold.number:02}"
        answers = train_fold(run, clips, _whole(fold, run), place)
        originals = clips.copy[fold.test] == 0
        rows.append(fold.test[originals])
        logits.append(logits_of(answers.probabilities, 1.0)[originals])
    part = clips.part(np.concatenate(rows))
    return calibrate_logits(np.concatenate(logits), part, recipe.calibration, cross_fitted=True)


def _whole(fold: RowSplit, run: Run) -> RowSplit:
    """Learn from those who decide too, where nothing is decided."""
    if run.recipe.fit.needs_validation:
        return fold
    learnt = np.sort(np.concatenate([fold.train, fold.validation]))
    return dataclasses.replace(fold, train=learnt, validation=fold.validation[:0])
