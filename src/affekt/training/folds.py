"""Training under a protocol: one network a split, each measured on whom it did not learn from.

Speakers of the lockbox are left out: they are neither learnt from nor measured.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.errors import ConfigError, CorpusError
from affekt.evaluation.run_report import write_report
from affekt.metrics import confusion_matrix, unweighted_average_recall
from affekt.output import write_outputs
from affekt.protocols import partition, protocol
from affekt.records import Utterance
from affekt.report import csv_text
from affekt.training.console import reading_bar
from affekt.training.data import Clips, Numbers
from affekt.training.fit import (
    Run,
    Task,
    check_recipe,
    fit_network,
    read_clips,
    run_settings,
    told_recordings,
)
from affekt.training.measure import by_corpus, facts_of, figures_of
from affekt.training.module import probabilities_of_part
from affekt.training.recipe import SHARES, Recipe
from affekt.training.splits import RowSplit, Rule, row_split, split_rows

ANSWERS = "answers.json"
_SHARED: dict[str, Rule] = {
    "published": "published",
    "split-before-copies": "split-before-copies",
    "speaker-shares": "speaker-disjoint",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the network of a fold answers the clips that it was not shown.

    Attributes:
        fold: the split.
        probabilities: `[test, classes]`.
        epochs: of the training.
        seconds: of the training.
    """

    fold: RowSplit
    probabilities: npt.NDArray[np.float64]
    epochs: int
    seconds: float


def train_folds(run: Run, *, resume: bool = False, only: Sequence[int] = ()) -> Path:
    """Train one network a split of the recipe's protocol, and report on their answers together.

    Args:
        run: the recipe and the folder that everything goes to: a folder a fold, `predictions.csv`
            with the answer to each clip by the network that did not learn from it, `folds.csv`,
            and the report.
        resume: go on: folds that are done are not trained again.
        only: numbers of the folds to train, from 1; empty trains all. The report holds these and
            whatever was done before.

    Returns:
        The path of the report.

    Raises:
        ConfigError: the folder holds a run already and `resume` was not asked for; or a fold of
            another recipe; or there is no fold of such a number.
        CorpusError: there are no recordings, or a split has nothing to learn from.
        KeyboardInterrupt: interrupted; what is done is kept.
    """
    recipe, folder = run.recipe, run.folder / "folds"
    if folder.exists() and any(folder.iterdir()) and not resume:
        raise ConfigError(
            f"{run.folder} holds a run already; --resume continues it, --out chooses another place"
        )
    check_recipe(recipe, has_validation=recipe.protocol.has_validation)
    clips = _read(run)
    folds = folds_of(recipe, clips)
    unknown = sorted(set(only) - {fold.number for fold in folds})
    if unknown:
        raise ConfigError(f"--folds: there is no fold {unknown[0]}; there are 1 to {len(folds)}")
    done: list[Answers] = []
    for fold in folds:
        place = folder / f"{fold.number:02}-{re.sub(r'[^A-Za-z0-9._-]+', '-', fold.name)}"
        if not only or fold.number in only:
            done.append(train_fold(run, clips, fold, place))
            run.say(_line(clips, done[-1], len(folds)))
        elif (answers := _finished(place, fold, _settings(recipe, clips, fold))) is not None:
            done.append(answers)
    return _report(run, clips, done, len(folds))


def train_fold(run: Run, clips: Clips, fold: RowSplit, place: Path) -> Answers:
    """Train the network of a fold, or go on training it, and return what it answers.

    Args:
        run: the recipe, and where lines of progress go.
        clips: of the recipe.
        fold: one of `folds_of`.
        place: folder of its checkpoints and answers; if it holds these, nothing is trained.

    Raises:
        ConfigError: the folder holds a fold of another recipe or of other recordings.
        KeyboardInterrupt: interrupted; the newest checkpoint is kept.
    """
    settings = _settings(run.recipe, clips, fold)
    finished = _finished(place, fold, settings)
    if finished is not None:
        return finished
    recipe, labels = run.recipe, run.recipe.labels
    train = clips.part(fold.train)
    absent = set(range(len(labels))) - set(train.own_targets.tolist())
    if absent:
        names = ", ".join(f"'{labels[k]}'" for k in sorted(absent))
        run.say(f"{fold.name}: no clip to train on is labelled {names}; it can never be answered")
    module, history = fit_network(
        Task(
            recipe=recipe,
            train=train,
            validation=clips.part(fold.validation),
            checkpoints=place / "checkpoints",
            settings=settings,
            say=run.say,
            logs=place / "logs",
            show_progress=run.show_progress,
        )
    )
    answers = Answers(
        fold=fold,
        probabilities=probabilities_of_part(module, clips.part(fold.test)),
        epochs=len(history),
        seconds=round(sum(row["seconds"] for row in history), 1),
    )
    kept = {
        "settings": settings,
        "epochs": answers.epochs,
        "seconds": answers.seconds,
        "probabilities": answers.probabilities.tolist(),
    }
    # What lies in a run's own folder is the run's.
    write_outputs(place, {ANSWERS: json.dumps(kept) + "\n"}, force=True)
    return answers


def folds_of(recipe: Recipe, clips: Clips) -> tuple[RowSplit, ...]:
    """Return the splits of a recipe's protocol.

    Raises:
        ConfigError: the clips do not suffice for the protocol.
        LeakError: two parts share what the protocol keeps apart.
    """
    name = recipe.protocol.name
    if name in SHARES:
        split = split_rows(recipe, clips, _SHARED[name], seed=recipe.seed)
        return (split,)
    place = {_key(item): number for number, item in enumerate(clips.utterances)}

    def rows(part: Sequence[Utterance], *, learnt: bool) -> Numbers:
        chosen = np.zeros(len(clips.utterances), dtype=bool)
        chosen[[place[_key(item)] for item in part]] = True
        inside = chosen[clips.clip]
        if not learnt and recipe.data.copies_in == "train":
            inside &= clips.copy == 0
        return np.flatnonzero(inside)

    return tuple(
        row_split(
            clips,
            (
                rows(split.train, learnt=True),
                rows(split.validation, learnt=False),
                rows(split.test, learnt=False),
            ),
            number=number,
            name=split.name or name,
            description=protocol(name).title,
        )
        for number, split in enumerate(protocol(name).splits(clips.utterances), start=1)
    )


def _key(item: Utterance) -> tuple[str, float | None, float | None]:
    return str(item.path), item.start_s, item.end_s


def _read(run: Run) -> Clips:
    """Read the clips of everybody but the lockbox speakers, and say what was read."""
    utterances = told_recordings(run.recipe, run.corpora, run.say)
    parts = partition(utterances)
    kept = {id(item) for part in (parts.train, parts.select, parts.calibrate) for item in part}
    with reading_bar(show=run.show_progress) as progress:
        clips = read_clips(run.recipe, [x for x in utterances if id(x) in kept], progress)
    if not len(clips):
        raise CorpusError(f"{run.recipe.name}: no recording carries any of the recipe's labels")
    for item, reason in clips.skipped:
        run.say(f"left out {item.path.name}: {reason}")
    counts = Counter(item.corpus for item in clips.utterances)
    counted = ", ".join(f"{name} {count}" for name, count in counts.items())
    apart = (
        f"; {len(parts.lockbox)} recordings of lockbox speakers left out" if parts.lockbox else ""
    )
    run.say(f"{len(clips.utterances)} clips: {counted}{apart}")
    return clips


def _settings(recipe: Recipe, clips: Clips, fold: RowSplit) -> dict[str, Any]:
    """Return what the answers of a fold depend on, as JSON types."""
    counts = {part: len(getattr(fold, part)) for part in ("train", "validation", "test")}
    read = dict(Counter(item.corpus for item in clips.utterances))
    current = run_settings(recipe, fold=fold.name, rows=counts, clips=read)
    settings: dict[str, Any] = json.loads(json.dumps(current))
    return settings


def _finished(place: Path, fold: RowSplit, settings: dict[str, Any]) -> Answers | None:
    """Return the answers of a fold that was trained before.

    Raises:
        ConfigError: they are those of another recipe, or damaged.
    """
    path = place / ANSWERS
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        same = _lasting(kept["settings"]) == _lasting(settings)
        probabilities = np.array(kept["probabilities"], dtype=np.float64)
        answers = Answers(
            fold=fold,
            probabilities=probabilities.reshape(len(fold.test), -1),
            epochs=int(kept["epochs"]),
            seconds=float(kept["seconds"]),
        )
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{path}: damaged; delete it to train this fold again") from None
    if not same:
        raise ConfigError(
            f"{place} was trained by another recipe or on other recordings; choose another place "
            "with --out, or delete it"
        )
    return answers


def _lasting(settings: dict[str, Any]) -> dict[str, Any]:
    """Leave out what no answer depends on."""
    return {key: value for key, value in settings.items() if key not in ("bundle", "calibration")}


def _report(run: Run, clips: Clips, done: Sequence[Answers], of: int) -> Path:
    """Write the table of answers, the table of folds and the report."""
    if not done:
        raise ConfigError("no fold is done yet; leave --folds out to train all")
    recipe = run.recipe
    test = np.concatenate([answers.fold.test for answers in done])
    probabilities = np.concatenate([answers.probabilities for answers in done])
    figures = figures_of(clips, test, probabilities, recipe.data.places(run.corpora))
    name = recipe.protocol.name
    title = name if name in SHARES else protocol(name).title
    facts = {
        "protocol": title,
        "folds": str(of) if len(done) == of else f"{len(done)} of {of}; the others are not trained",
        "model": recipe.model.name,
        "features": recipe.features.set,
        **facts_of(
            clips, [answers.fold for answers in done], by_corpus(clips, test, probabilities)
        ),
        "lockbox": "its speakers were left out",
        "seed": recipe.seed,
        "epochs": _span([answers.epochs for answers in done]),
        "seconds": f"{sum(answers.seconds for answers in done):.0f} of training",
    }
    shared = facts["test rows whose recording is in training"]
    notes = [
        f"{shared} of {len(test)} clips: the network that answered learnt from their recording."
        if shared
        else "Each clip was answered by a network that learnt nothing from it."
    ]
    write_report(
        run.folder,
        title=f"{recipe.name}, {title}",
        figures=figures,
        history=(),
        facts=facts,
        notes=notes,
        force=True,
    )
    rows = [
        [
            *(answers.fold.number, answers.fold.name, len(answers.fold.train)),
            *(len(answers.fold.test), f"{_ua(clips, answers):.6f}", answers.epochs),
            answers.seconds,
        ]
        for answers in done
    ]
    header = ["fold", "name", "train", "test", "ua", "epochs", "seconds"]
    write_outputs(run.folder, {"folds.csv": csv_text(header, rows)}, force=True)
    run.say(
        f"UA {100.0 * figures.ua:.1f} % of {len(test)} clips by networks that did not learn from "
        "them"
    )
    return run.folder / "report.html"


def _ua(clips: Clips, answers: Answers) -> float:
    chosen = answers.probabilities.argmax(axis=1)
    truth = clips.targets[answers.fold.test]
    return unweighted_average_recall(
        confusion_matrix(truth, chosen, answers.probabilities.shape[1])
    )


def _line(clips: Clips, answers: Answers, of: int) -> str:
    fold = answers.fold
    return (
        f"fold {fold.number} of {of}, {fold.name}: UA {100.0 * _ua(clips, answers):.1f} % of "
        f"{len(fold.test)} clips, {answers.seconds:.0f} s"
    )


def _span(numbers: Sequence[int]) -> str:
    least, most = min(numbers), max(numbers)
    return str(least) if least == most else f"{least} to {most}"
