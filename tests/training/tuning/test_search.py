"""Studies of figures that need no training: what is drawn, kept, given up and repeated."""

from __future__ import annotations

import math
import shutil
from functools import partial

import optuna
import pytest
import sqlalchemy

from affekt.errors import ConfigError
from affekt.training.tuning.search import Search, best_of, search, trials_of
from affekt.training.tuning.space import read_space
from affekt.training.tuning.study import sqlite_url

SPACE = {
    "fit.learning_rate": {"low": 1e-4, "high": 1e-1, "log": True},
    "fit.batch_size": {"choices": [8, 16, 32]},
    "model.settings.layers": {"low": 1, "high": 4},
}


def hill(values, watch):
    """The figure is highest at a rate of 0.01, with large batches."""
    away = abs(math.log10(values["fit.learning_rate"]) + 2.0)
    return 0.8 - 0.2 * away + 0.001 * values["fit.batch_size"]


@pytest.fixture(scope="module", autouse=True)
def no_waiting_for_the_disk():
    """A power cut may lose these studies; that saves most of the time they take."""

    def connected(connection, record):
        connection.execute("PRAGMA synchronous = OFF")

    sqlalchemy.event.listen(sqlalchemy.Engine, "connect", connected)
    yield
    sqlalchemy.event.remove(sqlalchemy.Engine, "connect", connected)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A data base without a study: to make its tables takes a while."""
    path = tmp_path_factory.mktemp("empty") / "study.db"
    optuna.storages.RDBStorage(sqlite_url(str(path)))
    return path


@pytest.fixture(scope="module")
def study_in(empty):
    """Make a search in a folder."""

    def make(folder, trials=4, measure=hill, space=SPACE, file="study.db", said=None, **more):
        if not (folder / file).exists():
            shutil.copy(empty, folder / file)
        settings = {
            "name": "tones",
            "asked": {"fit": {"epochs": 3}},
            "seed": 0,
            "storage": sqlite_url(str(folder / file)),
            "check": lambda values: None,
            "say": (said if said is not None else []).append,
            **more,
        }
        table = read_space(space, where="[search]")
        return Search(space=table, trials=trials, measure=measure, **settings)

    return make


@pytest.fixture
def study(study_in, tmp_path):
    """Make a search; what it says is kept in its list `said`."""
    return partial(study_in, tmp_path)


@pytest.fixture(scope="module")
def at_once(study_in, tmp_path_factory):
    """The trials of a study that nothing interrupted; the first ten are drawn at random."""
    return search(study_in(tmp_path_factory.mktemp("at-once"), trials=16))


def drawn(trials):
    return [trial.values for trial in trials]


def test_every_trial_draws_from_the_space(at_once):
    for trial in at_once:
        assert list(trial.values) == list(SPACE)
        assert 1e-4 <= trial.values["fit.learning_rate"] <= 1e-1
        assert trial.values["fit.batch_size"] in (8, 16, 32)
        layers = trial.values["model.settings.layers"]
        assert isinstance(layers, int)
        assert 1 <= layers <= 4


def test_the_best_trial_has_the_highest_figure(at_once):
    best = best_of(at_once)
    assert best.figure == max(trial.figure for trial in at_once) == hill(best.values, None)


def test_later_trials_lie_where_earlier_ones_were_good(at_once):
    figures = [trial.figure for trial in at_once]
    assert sum(figures[10:]) / 6 > sum(figures[:10]) / 10


def test_a_line_is_said_of_each_trial(study):
    said = []
    search(study(trials=2, said=said))
    assert [line.split(":")[0] for line in said] == ["trial 1 of 2", "trial 2 of 2"]
    assert "fit.batch_size " in said[0]


def test_the_seed_decides_what_is_drawn(study, at_once):
    assert drawn(search(study(file="same.db"))) == drawn(at_once)[:4]
    assert drawn(search(study(file="other.db", seed=1))) != drawn(at_once)[:4]


# Going on


def test_a_study_goes_on_to_the_number_of_trials_asked_for(study, at_once):
    search(study(trials=3))
    trials = search(study(trials=12))
    assert [trial.number for trial in trials] == list(range(1, 13))
    assert drawn(trials) == drawn(at_once)[:12]


def test_a_study_that_has_its_trials_runs_none(study):
    before = search(study())

    def never(values, watch):
        raise AssertionError

    assert search(study(measure=never)) == before
    assert search(study(trials=2, measure=never)) == before
    assert trials_of(study()) == before


def test_an_interrupted_trial_is_repeated(study, at_once):
    measured = []

    def interrupted(values, watch):
        measured.append(values)
        if len(measured) == 3:
            raise KeyboardInterrupt
        return hill(values, watch)

    with pytest.raises(KeyboardInterrupt):
        search(study(trials=12, measure=interrupted))
    assert len(trials_of(study())) == 2
    trials = search(study(trials=12, measure=interrupted))
    assert measured[3] == measured[2]
    assert [trial.number for trial in trials] == list(range(1, 13))
    assert drawn(trials) == drawn(at_once)[:12]


def test_two_processes_share_the_trials(study):
    """Another one comes and works while the first trial runs."""
    others = []

    def first(values, watch):
        if not others:
            others.extend(search(study(trials=5)))
        return hill(values, watch)

    trials = search(study(trials=5, measure=first))
    assert [trial.state for trial in others] == ["running", *["complete"] * 4]
    assert [trial.state for trial in trials] == ["complete"] * 5
    assert len({str(values) for values in drawn(trials)}) == 5


# Giving up


def rising(values, watch, *, to, epochs=6):
    """Each epoch gets a sixth nearer to the figure."""
    for epoch in range(1, epochs + 1):
        watch(epoch, to * epoch / epochs)
    return to


def test_a_trial_that_falls_behind_is_pruned(study):
    targets = iter([0.9, 0.1, 0.8])

    def measure(values, watch):
        return rising(values, watch, to=next(targets))

    said = []
    pruner = optuna.pruners.MedianPruner(n_startup_trials=1)
    good, bad, other = search(study(trials=3, measure=measure, said=said), pruner=pruner)
    assert (good.state, good.figure, good.epochs) == ("complete", 0.9, 6)
    assert (bad.state, bad.epochs) == ("pruned", 1)
    assert bad.figure == pytest.approx(0.1 / 6)
    assert other.state == "pruned"  # it has to beat the median of one
    assert "1.7 %, pruned after epoch 1" in said[1]
    assert best_of((good, bad, other)) == good


def test_by_default_five_trials_and_three_epochs_come_first(study):
    targets = iter([0.5, 0.6, 0.7, 0.8, 0.9, 0.1])

    def measure(values, watch):
        return rising(values, watch, to=next(targets))

    trials = search(study(trials=6, measure=measure))
    assert [trial.state for trial in trials] == [*["complete"] * 5, "pruned"]
    assert trials[-1].epochs == 3


def test_values_that_contradict_each_other_count_as_a_trial_given_up(study):
    def check(values):
        if values["fit.batch_size"] == 8:
            raise ConfigError("batches of 8 and this rate: choose one")

    said = []
    trials = search(study(trials=8, check=check, said=said))
    small = [trial for trial in trials if trial.values["fit.batch_size"] == 8]
    assert small
    assert {trial.state for trial in small} == {"pruned"}
    assert {trial.note for trial in small} == {"batches of 8 and this rate: choose one"}
    assert "impossible: batches of 8" in said[small[0].number - 1]
    assert len(trials) == 8


def test_without_a_complete_trial_there_is_no_best(study):
    def check(values):
        raise ConfigError("never")

    assert best_of(search(study(trials=2, check=check))) is None


# Another study


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"asked": {"fit": {"epochs": 4}}}, "fit.epochs = 3, now it is 4"),
        ({"asked": {"fit": {"epochs": 3}, "seed": 1}}, "seed = None, now it is 1"),
        ({"seed": 2}, "--seed = 0, now it is 2"),
        (
            {"space": {**SPACE, "fit.batch_size": {"choices": [8, 64]}}},
            "search.fit.batch_size = 'Choices(choices=(8, 16, 32))'",
        ),
    ],
)
def test_a_study_of_something_else_is_refused(study, changes, message):
    trials_of(study())
    with pytest.raises(ConfigError) as raised:
        search(study(**changes))
    assert message in str(raised.value)
    assert "--out" in str(raised.value)


@pytest.mark.parametrize("url", ["nonsense", "nodb://here", "sqlite:////no/such/folder/study.db"])
def test_a_data_base_that_cannot_be_used_is_named(study, url):
    with pytest.raises(ConfigError, match="cannot keep a study") as raised:
        search(study(storage=url))
    assert str(raised.value).startswith(url)


def test_a_file_that_is_no_data_base_is_named(study, tmp_path):
    (tmp_path / "study.db").write_text("nothing but text, and plenty of it" * 100)
    with pytest.raises(ConfigError, match="not a database"):
        search(study())


def test_a_password_is_not_shown(study):
    with pytest.raises(ConfigError) as raised:
        search(study(storage="nodb://me:secret@here/studies"))
    assert "secret" not in str(raised.value)
