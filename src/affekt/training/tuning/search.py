"""Hyper-parameter search with Optuna (Akiba et al. 2019): a study that can be gone on with.

Trials are drawn by the tree-structured Parzen estimator (Bergstra et al. 2011), and one that falls
behind the median of those before it is given up early. What a trial draws depends on the seed, its
place in the study and the trials before it alone, so that a study that was interrupted ends as it
would have without.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.pruners import BasePruner, MedianPruner
from optuna.trial import FrozenTrial, TrialState

from affekt.errors import ConfigError
from affekt.training.callbacks import Watch
from affekt.training.console import Say
from affekt.training.tuning.space import Choices, Space
from affekt.training.tuning.study import open_study, place_of, plain_optuna

_IMPOSSIBLE = "impossible"
# The first epochs of a warming rate tell little.
_EPOCHS_BEFORE_PRUNING = 3

_STATES = {
    TrialState.COMPLETE: "complete",
    TrialState.PRUNED: "pruned",
    TrialState.RUNNING: "running",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What is searched, how a trial is measured, and where the study is kept.

    Attributes:
        name: of the study.
        space: what is drawn.
        asked: what else the figures depend on, as plain types; a study of other settings is
            refused.
        trials: of the study in all, over all its processes and commands.
        seed: of what is drawn.
        storage: URL of the data base.
        check: raises ConfigError for values that contradict each other; such a trial counts as
            pruned.
        measure: runs a trial: its values, and what to call after each epoch; returns the figure
            that shall be high.
        say: takes a line after each trial.
    """

    name: str
    space: Space
    asked: Mapping[str, Any]
    trials: int
    seed: int
    storage: str
    check: Callable[[Mapping[str, Any]], None]
    measure: Callable[[Mapping[str, Any], Watch], float]
    say: Say


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial.

    Attributes:
        number: its place in the study, from 1; an interrupted trial and its repetition share one.
        state: "complete", "pruned" or "running".
        figure: of a complete trial, or the last one of a pruned trial; None where there is none.
        epochs: how many were watched.
        seconds: it took.
        values: what was drawn, by dotted key.
        note: why its values were impossible, else empty.
    """

    number: int
    state: str
    figure: float | None
    epochs: int
    seconds: float
    values: dict[str, Any]
    note: str


def search(wanted: Search, *, pruner: BasePruner | None = None) -> tuple[Trial, ...]:
    """Run trials until the study has as many as are wanted, and return them all.

    Args:
        wanted: the search.
        pruner: gives up trials; by default those below the median of at least five others.

    Raises:
        ConfigError: the data base cannot be used, or holds a study of other settings.
        KeyboardInterrupt: interrupted; the trial counts as failed and comes again.
    """
    with plain_optuna():
        study = _open(wanted)
        study.pruner = pruner or MedianPruner(n_warmup_steps=_EPOCHS_BEFORE_PRUNING)
        optuna.storages.fail_stale_trials(study)
        while _taken(study) < wanted.trials:
            try:
                study.optimize(
                    lambda trial: _run(trial, wanted),
                    n_trials=1,
                    callbacks=[lambda study, trial: _tell(wanted, study, trial)],
                )
            except _EnoughError:  # another process began the last one at the same moment
                break
        return _summary(study)


def trials_of(wanted: Search) -> tuple[Trial, ...]:
    """Return the trials of a study so far.

    Raises:
        ConfigError: the data base cannot be used, or holds a study of other settings.
    """
    with plain_optuna():
        return _summary(_open(wanted))


def best_of(trials: tuple[Trial, ...]) -> Trial | None:
    """Return the complete trial with the highest figure, the first of several; None without one."""
    complete = [trial for trial in trials if trial.state == "complete"]
    return max(complete, key=lambda trial: trial.figure or 0.0, default=None)


class _EnoughError(Exception):
    """The study has its trials."""


def _open(wanted: Search) -> optuna.Study:
    space = {key: repr(entry) for key, entry in wanted.space.items()}
    asked = {**wanted.asked, "search": space, "--seed": wanted.seed}
    return open_study(wanted.name, wanted.storage, asked=asked, seed=wanted.seed)


def _taken(study: optuna.Study) -> int:
    """Return how many trials are done or being run; one that waits to be repeated is neither."""
    return sum(item.state in _STATES for item in study.get_trials(deepcopy=False))


def _run(trial: optuna.Trial, wanted: Search) -> float:
    if place_of(trial.study, trial.number) >= wanted.trials:
        raise _EnoughError
    values = {key: _draw(trial, key, wanted.space) for key in wanted.space}
    try:
        wanted.check(values)
    except ConfigError as error:
        trial.set_user_attr(_IMPOSSIBLE, str(error))
        raise optuna.TrialPruned from None

    def watch(epoch: int, figure: float) -> None:
        trial.report(figure, epoch)
        if trial.should_prune():
            raise optuna.TrialPruned

    try:
        return wanted.measure(values, watch)
    except optuna.TrialPruned:
        raise
    except BaseException:
        trial.study.enqueue_trial(values)
        raise


def _draw(trial: optuna.Trial, key: str, space: Space) -> Any:
    entry = space[key]
    if isinstance(entry, Choices):
        return trial.suggest_categorical(key, entry.choices)
    if entry.whole:
        return trial.suggest_int(key, entry.low, entry.high, log=entry.log, step=entry.step or 1)
    return trial.suggest_float(key, entry.low, entry.high, log=entry.log, step=entry.step)


def _tell(wanted: Search, study: optuna.Study, trial: FrozenTrial) -> None:
    done = _frozen(study, trial)
    drawn = ", ".join(f"{key} {shown(value)}" for key, value in done.values.items())
    if done.note:
        outcome = f"impossible: {done.note}"
    else:
        figure = "" if done.figure is None else f"{100.0 * done.figure:.1f} %"
        epochs = f" after epoch {done.epochs}" if done.state == "pruned" else ""
        outcome = f"{figure}{', pruned' if done.state == 'pruned' else ''}{epochs}"
    wanted.say(f"trial {done.number} of {wanted.trials}: {outcome}, {done.seconds:.0f} s; {drawn}")


def shown(value: Any) -> str:
    """Return a drawn value as a reader wants it, floats with three digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _summary(study: optuna.Study) -> tuple[Trial, ...]:
    trials = study.get_trials(deepcopy=False)
    return tuple(_frozen(study, item) for item in trials if item.state in _STATES)


def _frozen(study: optuna.Study, trial: FrozenTrial) -> Trial:
    return Trial(
        number=1 + place_of(study, trial.number),
        state=_STATES[trial.state],
        figure=trial.value if trial.values else trial.intermediate_values.get(trial.last_step or 0),
        epochs=trial.last_step or 0,
        seconds=0.0 if trial.duration is None else trial.duration.total_seconds(),
        values=dict(trial.params),
        note=trial.user_attrs.get(_IMPOSSIBLE, ""),
    )
