"""Hyper-parameter search with Optuna (Akiba et al. 2019): a study that can be gone on with.

Trials are drawn by the tree-structured Parzen estimator (Bergstra et al. 2011), and one that falls
behind the median of those before it is given up early. What a trial draws depends on the seed, its
place in the study and the trials before it alone, so that a study that was interrupted ends as it
would have without.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.pruners import BasePruner, MedianPruner
from optuna.samplers import BaseSampler, TPESampler
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from affekt.errors import ConfigError
from affekt.training.checkpoint import Watch
from affekt.training.console import Say
from affekt.training.search_space import Choices, Space

_ASKED = "asked"
_IMPOSSIBLE = "impossible"
# A process that has not been heard of for so long has died; its trial is run again.
_HEARTBEAT_S = 30
_GRACE_S = 120

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
        pruner: gives up trials; by default after the median of at least five others.

    Raises:
        ConfigError: the data base cannot be used, or holds a study of other settings.
        KeyboardInterrupt: interrupted; the trial counts as failed and comes again.
    """
    with _plain_optuna():
        study = _open(wanted, pruner or MedianPruner())
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
    with _plain_optuna():
        return _summary(_open(wanted, MedianPruner()))


def best_of(trials: tuple[Trial, ...]) -> Trial | None:
    """Return the complete trial with the highest figure, the first of several; None without one."""
    complete = [trial for trial in trials if trial.state == "complete"]
    return max(complete, key=lambda trial: trial.figure or 0.0, default=None)


class _EnoughError(Exception):
    """The study has its trials."""


class _PlacedSampler(BaseSampler):
    """The estimator, with a generator that depends on the seed and the place of the trial."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._sampler(study, trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._sampler(study, trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        sampler = self._sampler(study, trial, param_name)
        return sampler.sample_independent(study, trial, param_name, param_distribution)

    def _sampler(self, study: optuna.Study, trial: FrozenTrial, key: str = "") -> TPESampler:
        drawn = f"{self._seed} {_place(study, trial.number)} {key}".encode()
        seed = int.from_bytes(hashlib.sha256(drawn).digest()[:4], "big")
        return TPESampler(seed=seed, multivariate=True)


def _open(wanted: Search, pruner: BasePruner) -> optuna.Study:
    try:
        storage = RDBStorage(
            wanted.storage,
            heartbeat_interval=_HEARTBEAT_S,
            grace_period=_GRACE_S,
            heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
        )
        study = optuna.create_study(
            study_name=wanted.name,
            storage=storage,
            sampler=_PlacedSampler(wanted.seed),
            pruner=pruner,
            direction="maximize",
            load_if_exists=True,
        )
        now = _asked(wanted)
        before = study.user_attrs.get(_ASKED)
        if before is None:
            study.set_user_attr(_ASKED, now)
    except (SQLAlchemyError, ImportError, RuntimeError) as error:
        cause = str(error.__cause__ or error).splitlines()[0]
        raise ConfigError(f"--storage {wanted.storage}: cannot be used: {cause}") from None
    if before is not None:
        _check_same(wanted, before, now)
    return study


def _asked(wanted: Search) -> dict[str, Any]:
    space = {key: repr(entry) for key, entry in wanted.space.items()}
    asked: dict[str, Any] = json.loads(
        json.dumps({**wanted.asked, "search": space, "--seed": wanted.seed})
    )
    return asked


def _check_same(wanted: Search, before: dict[str, Any], now: dict[str, Any]) -> None:
    for key in dict.fromkeys([*now, *before]):
        one, other = before.get(key), now.get(key)
        while isinstance(one, dict) and isinstance(other, dict) and one != other:
            inner = next(k for k in dict.fromkeys([*other, *one]) if one.get(k) != other.get(k))
            key, one, other = f"{key}.{inner}", one.get(inner), other.get(inner)
        if one != other:
            raise ConfigError(
                f"{wanted.storage} holds a study '{wanted.name}' with {key} = {one!r}, now it is "
                f"{other!r}; restore it to go on, or choose another place with --out"
            )


def _place(study: optuna.Study, number: int) -> int:
    """Return how many trials come before one, those that failed left out."""
    trials = study.get_trials(deepcopy=False)
    return sum(item.state != TrialState.FAIL for item in trials if item.number < number)


def _taken(study: optuna.Study) -> int:
    """Return how many trials are done or being run; one that waits to be repeated is neither."""
    return sum(item.state in _STATES for item in study.get_trials(deepcopy=False))


def _run(trial: optuna.Trial, wanted: Search) -> float:
    if _place(trial.study, trial.number) >= wanted.trials:
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
        number=1 + _place(study, trial.number),
        state=_STATES[trial.state],
        figure=trial.value if trial.values else trial.intermediate_values.get(trial.last_step or 0),
        epochs=trial.last_step or 0,
        seconds=0.0 if trial.duration is None else trial.duration.total_seconds(),
        values=dict(trial.params),
        note=trial.user_attrs.get(_IMPOSSIBLE, ""),
    )


@contextmanager
def _plain_optuna() -> Iterator[None]:
    """Keep Optuna's own lines off the screen: ours say the same."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
