"""Real searches over tiny trainings on corpora of tones."""

from __future__ import annotations

import csv
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from affekt.config import from_mapping
from affekt.errors import ConfigError, CorpusError
from affekt.protocols import selection_speakers
from affekt.published.data import load_rows
from affekt.training import Recipe, load_recipe
from affekt.training.module import TrainingModule
from affekt.training.tuning.trials import TrialOptions, select_split
from affekt.training.tuning.tune import Tuned, TuneRequest, tune

SYSTEM = """
name = "tones"
labels = ["neutral", "happy", "sad", "angry"]

[data]
corpora = ["emodb", "savee", "casia"]
copies_in = "all"

[[data.copies]]
steps = [{ name = "noise", snr_db = [20.0, 30.0] }]

[protocol]
name = "published"
test_share = 0.2
validation_share = 0.1

[features]
set = "mfcc-mel-mean"
normalise_over = []

[model]
name = "shukla-cnn1d"

[fit]
epochs = 3
batch_size = 16
patience = 3

[published]
text = "of nobody"
title = "Which pitch is which emotion"

[search]
"fit.learning_rate" = { low = 1e-4, high = 1e-2, log = true }
"fit.optimiser" = { choices = ["adam", "rmsprop"] }
"""

SPACE = """
[search]
"fit.learning_rate" = { low = 1e-3, high = 5e-2, log = true }
"augmentation.0.probability" = { choices = [0.0, 0.5] }
"""

TINY = Path(__file__).parents[1] / "tiny.toml"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFFEKT_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture
def system(tmp_path: Path) -> Path:
    path = tmp_path / "tones.toml"
    path.write_text(SYSTEM, encoding="utf-8")
    return path


@pytest.fixture
def recipe(toy_recipe: Path) -> Path:
    """The tiny recipe, with a space."""
    return add(toy_recipe, SPACE)


def add(path: Path, text: str) -> Path:
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}", encoding="utf-8")
    return path


def request_of(recipe: Path | str, out: Path, corpora: Path, **more: Any) -> TuneRequest:
    """What `affekt tune` asks for; the rest are trials or options of a trial."""
    options = {"epochs": None, "quick": False, "say": lambda line: None, "show_progress": False}
    trials = more.pop("trials", 3)
    return TuneRequest(
        recipe=str(recipe),
        out=out,
        storage=None,
        trials=trials,
        seed=0,
        options=TrialOptions(corpora=corpora, **{**options, **more}),
    )


@pytest.fixture
def searched(tmp_path: Path, toy_corpora: Path) -> Callable[..., Tuned]:
    """Search, with the options of `request_of`."""

    def run(recipe: Path | str, *, corpora: Path = toy_corpora, **more: Any) -> Tuned:
        return tune(request_of(recipe, tmp_path / "tuned", corpora, **more))

    return run


@pytest.fixture(scope="module")
def finished(
    tmp_path_factory: pytest.TempPathFactory, toy_corpora: Path, cache: None
) -> SimpleNamespace:
    """A whole search of the tiny recipe."""
    folder = tmp_path_factory.mktemp("finished")
    path = folder / "tiny.toml"
    path.write_text(f"{TINY.read_text(encoding='utf-8')}\n{SPACE}", encoding="utf-8")
    (folder / "LICENSE-tones.md").write_text("Do what you like with these tones.\n")
    tuned = tune(request_of(path, folder / "tuned", toy_corpora))
    return SimpleNamespace(recipe=path, tuned=tuned)


def rows_of(tuned):
    with (tuned.folder / "trials.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# A recipe of ours


def test_a_recipe_is_searched_and_the_best_one_can_be_trained(finished):
    tuned = finished.tuned
    assert [trial.number for trial in tuned.trials] == [1, 2, 3]
    best, licence = load_recipe(tuned.folder / "best.toml")
    assert best.fit.learning_rate == tuned.best.values["fit.learning_rate"]
    assert best.augmentation[0]["probability"] == tuned.best.values["augmentation.0.probability"]
    assert licence.startswith("Do what you like")
    before, _ = load_recipe(finished.recipe)
    assert (best.data, best.model, best.seed) == (before.data, before.model, before.seed)
    assert {path.name for path in tuned.folder.iterdir()} == {
        *("best.toml", "study.db", "trials.csv"),
    }


def test_the_table_holds_every_trial(finished):
    tuned = finished.tuned
    rows = rows_of(tuned)
    assert [row["trial"] for row in rows] == ["1", "2", "3"]
    assert {row["epochs"] for row in rows} == {"3"}
    figures = [float(row["validation_ua"]) for row in rows]
    assert max(figures) == pytest.approx(tuned.best.figure, abs=1e-6)
    assert [float(row["fit.learning_rate"]) for row in rows] == [
        trial.values["fit.learning_rate"] for trial in tuned.trials
    ]


def test_select_speakers_are_scored_and_never_learnt_from(searched, toy_recipe, speakers_read):
    """Though the recipe learns from them, as a final one may."""
    text = toy_recipe.read_text(encoding="utf-8")
    toy_recipe.write_text(text.replace('["train"]', '["train", "select"]'), encoding="utf-8")
    tuned = searched(toy_recipe, trials=1, epochs=1)
    learnt = {("emodb", "03"), ("emodb", "08"), ("savee", "DC")}
    scored = {("emodb", "14"), ("savee", "JK")}
    assert scored <= selection_speakers("select")
    assert speakers_read == [learnt | scored]
    assert load_recipe(tuned.folder / "best.toml")[0].protocol.train_on == ("train", "select")


def test_a_recipe_without_a_space_has_its_learning_rate_searched(searched, toy_recipe):
    tuned = searched(toy_recipe, trials=2, epochs=1)
    assert all(2e-3 <= trial.values["fit.learning_rate"] <= 0.2 for trial in tuned.trials)


def test_an_interrupted_search_keeps_what_it_has(searched, recipe, monkeypatch):
    step = TrainingModule.training_step
    trained = []

    def interrupted(self, batch):
        if self.global_step == 0:
            trained.append(self.fit.learning_rate)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return step(self, batch)

    monkeypatch.setattr(TrainingModule, "training_step", interrupted)
    said: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        searched(recipe, epochs=1, say=said.append)
    assert said[-1].startswith("interrupted; the same command goes on")
    monkeypatch.undo()
    said.clear()
    tuned = searched(recipe, epochs=1, say=said.append)
    assert [line.split(":")[0] for line in said if line.startswith("trial")] == [
        *("trial 2 of 3", "trial 3 of 3"),
    ]
    assert tuned.trials[1].values["fit.learning_rate"] == trained[1]
    assert len(rows_of(tuned)) == 3


def test_another_recipe_does_not_go_on_with_the_study(searched, recipe):
    searched(recipe, trials=1, epochs=1)
    with pytest.raises(ConfigError, match="--epochs = 1, now it is 2"):
        searched(recipe, epochs=2)
    text = recipe.read_text(encoding="utf-8")
    recipe.write_text(text.replace("batch_size = 8", "batch_size = 4"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"fit\.batch_size = 8, now it is 4"):
        searched(recipe, epochs=1)


# A published system


def test_a_system_is_searched_and_the_best_one_is_a_system(searched, system):
    said: list[str] = []
    tuned = searched(system, say=said.append)
    assert said[0] == "tones: goes on without casia"
    settings = tomllib.loads((tuned.folder / "best.toml").read_text(encoding="utf-8"))
    best = from_mapping(Recipe, settings, where="best.toml")
    assert best.fit.learning_rate == tuned.best.values["fit.learning_rate"]
    assert best.fit.optimiser == tuned.best.values["fit.optimiser"]
    assert (best.name, best.published.tuned, best.published.value) == ("tones-tuned", True, None)
    assert "fit.learning_rate" in best.published.inferred[0]
    assert best.data.copies[0].steps[0]["snr_db"] == [20.0, 30.0]
    assert {row["epochs"] for row in rows_of(tuned)} == {"3"}


def test_a_system_learns_which_pitch_is_which_emotion(searched, system):
    text = system.read_text(encoding="utf-8")
    system.write_text(text.replace("epochs = 3", "epochs = 9"), encoding="utf-8")
    assert searched(system, trials=2).best.figure > 0.9


def test_copies_are_learnt_from_and_originals_are_scored(system, toy_corpora):
    settings = tomllib.loads(system.read_text(encoding="utf-8"))
    del settings["search"]
    rows = load_rows(from_mapping(Recipe, settings, where="tones"), toy_corpora)
    train, select = select_split(rows)

    def speakers(part):
        return {rows.utterances[clip].speaker for clip in rows.clip[part]}

    assert speakers(train) == {"03", "08", "DC"}
    assert speakers(select) == {"14", "JK"}
    assert set(rows.copy[train]) == {0, 1}
    assert set(rows.copy[select]) == {0}


def test_what_scikit_learn_fits_is_searched_too(searched, system):
    text = system.read_text(encoding="utf-8").partition('"fit.optimiser"')[0]
    text = text.replace("shukla-cnn1d", "pathak-mlp").replace("mfcc-mel-mean", "vector-162")
    system.write_text(text.replace("patience = 3\n", ""), encoding="utf-8")
    tuned = searched(system, trials=1)
    assert tuned.best.epochs == 0
    assert 0.0 <= tuned.best.figure <= 1.0


def test_a_search_can_be_tried_quickly(searched, system):
    assert {row["epochs"] for row in rows_of(searched(system, trials=1, quick=True))} == {"2"}


# Mistakes


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ('"fit.learning_rat" = { low = 0.1, high = 1.0 }', "did you mean 'learning_rate'?"),
        ('"model.settings.dropot" = { low = 0.1, high = 0.2 }', "did you mean 'dropout'?"),
        ('"augmentation.1.probability" = { low = 0.1, high = 1.0 }', "has 1 entries"),
        ('"augmentation.0.probability" = { low = 0.1, high = 2.0 }', "probability"),
        ('"fit.batch_size" = { choices = [8, 0] }', "batch_size must be at least 1"),
        ('"fit.batch_size" = { low = 8.0, high = 16.0 }', "expected int"),
        ('"protocol.train_on" = { choices = ["train", "select"] }', "cannot be searched"),
        ('"seed" = { low = 1, high = 9 }', "cannot be searched"),
    ],
)
def test_a_mistake_in_the_space_shows_before_any_trial(
    searched, toy_recipe, tmp_path, table, message
):
    with pytest.raises(ConfigError) as raised:
        searched(add(toy_recipe, f"[search]\n{table}\n"))
    assert message in str(raised.value)
    assert not (tmp_path / "tuned").exists()


def test_a_search_of_a_system_has_mistakes_too(searched, system):
    text = system.read_text(encoding="utf-8").replace("fit.optimiser", "model.settings.dropouts")
    system.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="'dropouts'"):
        searched(system)


@pytest.mark.parametrize("kind", ["recipe", "system"])
def test_without_a_select_speaker_nothing_can_be_chosen(
    searched, request, kind, toy_corpora, tmp_path
):
    shutil.copytree(toy_corpora / "savee", tmp_path / "corpora" / "savee")
    for clip in (tmp_path / "corpora" / "savee").glob("JK_*"):
        clip.unlink()
    with pytest.raises(CorpusError, match="no select speaker"):
        searched(request.getfixturevalue(kind), corpora=tmp_path / "corpora")


def test_a_name_that_is_no_system_is_no_recipe_either(searched):
    with pytest.raises(ConfigError, match="did you mean 'pathak-cnn'"):
        searched("pathak-cn")


def test_recordings_of_ones_own_are_searched_with_the_labels_that_occur(
    tmp_path, toy_recipe, write_tone, searched
):
    for number, actor in enumerate("abcdef"):
        for label, pitch_hz in (("at ease", 300.0), ("upset", 2500.0)):
            for take in range(2):
                path = tmp_path / f"own/{actor}/{label}/{take}.wav"
                write_tone(path, frequency_hz=pitch_hz * (1 + number / 50 + take / 99))
    text = toy_recipe.read_text()
    labels = next(line for line in text.splitlines() if line.startswith("labels ="))
    corpora = next(line for line in text.splitlines() if line.startswith("corpora ="))
    own = 'folder = "own"\nlabels = "own"\nlabel_from = "{speaker}/{label}/*"'
    toy_recipe.write_text(text.replace(labels, "").replace(corpora, own))
    tuned = searched(toy_recipe, trials=1, epochs=1)
    assert tuned.best is not None
    recipe, _ = load_recipe(tuned.folder / "best.toml")
    assert recipe.labels == ("at ease", "upset")
    assert recipe.data.folder.resolve() == tmp_path / "own"
