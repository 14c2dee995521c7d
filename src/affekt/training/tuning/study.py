"""An Optuna study in a data base, refused where it is not the one that is meant."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import optuna
import sqlalchemy
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from affekt.errors import ConfigError

_ASKED = "asked"
# A process that has not reported for so long has died; its trial is run again.
_HEARTBEAT_S = 30
_GRACE_S = 120


def open_study(name: str, storage: str, *, asked: Mapping[str, Any], seed: int) -> optuna.Study:
    """Make a study whose figure shall be high, or load it.

    Args:
        name: of the study.
        storage: URL of its data base.
        asked: what its figures depend on, as plain types.
        seed: of what is drawn.

    Raises:
        ConfigError: the data base cannot be used, or what was asked of the study was something
            else; the message names the first setting that differs.
    """
    now = json.loads(json.dumps(asked))
    try:
        study = optuna.create_study(
            study_name=name,
            storage=RDBStorage(
                storage,
                heartbeat_interval=_HEARTBEAT_S,
                grace_period=_GRACE_S,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
            ),
            sampler=_PlacedSampler(seed),
            direction="maximize",
            load_if_exists=True,
        )
        before = study.user_attrs.get(_ASKED)
        if before is None:
            study.set_user_attr(_ASKED, now)
    except (SQLAlchemyError, ImportError, RuntimeError) as error:
        cause = str(error.__cause__ or error).splitlines()[0]
        raise ConfigError(f"{without_password(storage)}: cannot keep a study: {cause}") from None
    if before is not None:
        _check_same(f"{without_password(storage)} holds a study '{name}'", before, now)
    return study


def place_of(study: optuna.Study, number: int) -> int:
    """Return how many trials come before one, those that failed left out."""
    trials = study.get_trials(deepcopy=False)
    return sum(item.state != TrialState.FAIL for item in trials if item.number < number)


def sqlite_url(path: str) -> str:
    """Return the URL of a file."""
    return sqlalchemy.URL.create("sqlite", database=path).render_as_string()


def without_password(url: str) -> str:
    """Return the URL of a data base as it may be shown."""
    try:
        return sqlalchemy.make_url(url).render_as_string(hide_password=True)
    except SQLAlchemyError:
        return url


@contextmanager
def plain_optuna() -> Iterator[None]:
    """Keep Optuna's own lines off the screen: ours say the same."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)


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
        drawn = f"{self._seed} {place_of(study, trial.number)} {key}".encode()
        seed = int.from_bytes(hashlib.sha256(drawn).digest()[:4], "big")
        return TPESampler(seed=seed, multivariate=True)


def _check_same(what: str, before: dict[str, Any], now: dict[str, Any]) -> None:
    for key in dict.fromkeys([*now, *before]):
        one, other = before.get(key), now.get(key)
        while isinstance(one, dict) and isinstance(other, dict) and one != other:
            inner = next(k for k in dict.fromkeys([*other, *one]) if one.get(k) != other.get(k))
            key, one, other = f"{key}.{inner}", one.get(inner), other.get(inner)
        if one != other:
            raise ConfigError(
                f"{what} with {key} = {one!r}, now it is {other!r}; restore it to go on, or "
                "choose another place with --out"
            )
