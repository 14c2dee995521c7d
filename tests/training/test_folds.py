"""One network a split: every architecture under every protocol, and going on where it was."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest

from affekt.augment.copies import CopyConfig
from affekt.config import from_mapping
from affekt.errors import ConfigError
from affekt.evaluation.run_report.tables import read_predictions
from affekt.models import MODELS
from affekt.records import Utterance
from affekt.training import Recipe, folds
from affekt.training.data import Clips
from affekt.training.fit import Run
from affekt.training.folds import folds_of, train_fold, train_folds
from affekt.training.module import TrainingModule

PROTOCOLS = (
    *("random:3", "ordered", "speaker-disjoint:3", "leave-one-speaker-out"),
    *("leave-one-corpus-out", "cross-corpus:emodb:savee"),
)
SETS = {
    **dict.fromkeys(("shukla-cnn1d", "crema-cnn1d"), "vector-162"),
    **dict.fromkeys(("pathak-mlp", "pathak-cnn", "pathak-lstm", "pathak-cnn-lstm"), "vector-162"),
    "santamaria-baseline": "mfcc-40x128",
    "santamaria-deep": "planes-512x90",
    "crema-cnn2d": "mfcc-matrix",
    "crema-cnn2d-external": "mfcc-matrix",
    "mittal-cnn2d": "spectrogram-image-270x260",
    "gru": "vector-162",
    "residual-se-tiny": "log-mel",
    "whisper-tiny": "log-mel",
}


def recipe_of(model, protocol):
    values = {
        "name": "small",
        "labels": ["neutral", "happy", "sad"],
        "data": {"corpora": ["emodb", "savee", "casia"]},
        "protocol": {"name": protocol},
        "features": {"set": SETS[model]},
        "model": {"name": model},
        "fit": {"epochs": 1, "batch_size": 16, "precision": "32"},
    }
    return from_mapping(Recipe, values, where="small.toml")


@pytest.fixture(scope="module")
def noise():
    """Clips of noise of three corpora with four speakers each, for a feature set."""
    made = {}

    def make(source):
        if source not in made:
            made[source] = clips_of(source)
        return made[source]

    return make


def clips_of(source):
    rng = np.random.default_rng(0)
    utterances = tuple(
        Utterance(
            path=folds.Path(f"/{corpus}/{speaker}-{emotion}.wav"),
            corpus=corpus,
            collection=corpus,
            speaker=speaker,
            native_label=emotion,
            emotion=emotion,
        )
        for corpus, speakers in (
            ("emodb", ("03", "08", "09", "10")),
            ("savee", ("DC", "JE", "JK")),
            ("casia", ("a", "b", "c")),
        )
        for speaker in speakers
        for emotion in ("neutral", "happy", "sad")
    )
    count = len(utterances)
    if hasattr(source, "shape"):
        features = rng.random((count, *source.shape), dtype=np.float32).astype(np.float16)
    else:
        features = tuple(
            rng.standard_normal((20 + k, source.n_mels)).astype(np.float16) for k in range(count)
        )
    return Clips(
        features=features,
        targets=np.array([("neutral", "happy", "sad").index(x.emotion) for x in utterances]),
        clip=np.arange(count),
        copy=np.zeros(count, dtype=np.int64),
        utterances=utterances,
        labels=("neutral", "happy", "sad"),
    )


def test_the_table_of_feature_sets_names_every_architecture():
    architectures = {model.network for model in MODELS.values()}
    assert {MODELS[name].network for name in SETS} == architectures


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("model", SETS)
def test_every_model_has_splits_under_every_protocol(model, protocol, noise):
    recipe = recipe_of(model, protocol)
    clips = noise(recipe.features.source)
    for fold in folds_of(recipe, clips):
        parts = [set(rows.tolist()) for rows in (fold.train, fold.validation, fold.test)]
        assert all(parts)
        assert not parts[0] & parts[1] | parts[0] & parts[2] | parts[1] & parts[2]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("model", SETS)
def test_every_model_is_trained_under_every_protocol(model, protocol, noise, tmp_path):
    recipe = recipe_of(model, protocol)
    clips = noise(recipe.features.source)
    fold = folds_of(recipe, clips)[0]
    run = Run(
        recipe=recipe,
        folder=tmp_path,
        corpora=tmp_path,
        say=lambda line: None,
        show_progress=False,
    )
    answers = train_fold(run, clips, fold, tmp_path / "fold")
    assert answers.probabilities.shape == (len(fold.test), 3)
    np.testing.assert_allclose(answers.probabilities.sum(axis=1), 1.0, rtol=1e-9)
    again = train_fold(run, clips, fold, tmp_path / "fold")
    np.testing.assert_array_equal(again.probabilities, answers.probabilities)


# Whole runs of the tiny network on tones


LOSO = {"protocol.name": "leave-one-speaker-out", "data.corpora": ["emodb"], "fit.epochs": 1}


def rows_of(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_clip_is_answered_once_by_a_network_that_did_not_learn_from_it(run):
    said = []
    made = run(said=said, **LOSO)
    report = train_folds(made)
    assert report == made.folder / "report.html"
    assert "Each clip was answered by a network that learnt nothing from it" in report.read_text()
    facts = (made.folder / "report.md").read_text()
    assert "| test speakers in training | 0 |" in facts
    assert "| corpora | emodb 48 |" in facts
    answers = read_predictions(made.folder / "predictions.csv")
    assert len({item.clip for item in answers}) == len(answers) == 4 * 4 * 3
    assert not [item for item in answers if "/15" in item.clip], "a speaker of the lockbox"
    folds_told = rows_of(made.folder / "folds.csv")
    assert [row["name"] for row in folds_told] == [f"emodb {x}" for x in ("03", "08", "13", "14")]
    assert {row["test"] for row in folds_told} == {"12"}
    assert said[0].endswith("15 recordings of lockbox speakers left out")
    assert [line.split(":")[0] for line in said if line.startswith("fold")] == [
        f"fold {k} of 4, emodb {name}" for k, name in enumerate(("03", "08", "13", "14"), start=1)
    ]


def test_what_training_and_test_share_stands_on_the_report(toy_corpora, tmp_path):
    """A random split of clips shares speakers, and a text's copies share recordings."""
    plain = recipe_of("gru", "published")
    copies = (CopyConfig(steps=({"name": "noise", "snr_db": [20.0, 20.0]},)),)
    data = dataclasses.replace(
        plain.data, corpora=("emodb",), copies=copies, copies_in="all", copy_seed=1
    )
    protocol = dataclasses.replace(plain.protocol, leak="copies")
    recipe = dataclasses.replace(plain, data=data, protocol=protocol)
    run = Run(
        recipe=recipe,
        folder=tmp_path,
        corpora=toy_corpora,
        say=lambda line: None,
        show_progress=False,
    )
    train_folds(run)
    facts = (tmp_path / "report.md").read_text()
    assert "| test speakers in training | 4 |" in facts
    assert "the network that answered learnt from their recording" in facts
    assert "learnt nothing from it" not in facts


def test_some_folds_can_be_trained_now_and_the_others_later(run, monkeypatch):
    train_folds(run(**LOSO), only=(1, 3))
    assert [row["fold"] for row in rows_of(run().folder / "folds.csv")] == ["1", "3"]
    assert "2 of 4; the others are not trained" in (run().folder / "report.md").read_text()
    trained = []
    fit = folds.fit_network
    monkeypatch.setattr(folds, "fit_network", lambda task: trained.append(1) or fit(task))
    with pytest.raises(ConfigError, match="holds a run already; --resume continues it"):
        train_folds(run(**LOSO))
    train_folds(run(**LOSO), resume=True)
    assert len(trained) == 2
    assert [row["fold"] for row in rows_of(run().folder / "folds.csv")] == ["1", "2", "3", "4"]


def test_an_interrupted_run_ends_with_the_answers_it_would_have_had(run, monkeypatch):
    longer = {**LOSO, "fit.epochs": 2}
    train_folds(run("whole", **longer))
    step, steps = TrainingModule.training_step, []

    def interrupted(self, batch):
        steps.append(1)
        if len(steps) == 12:
            raise KeyboardInterrupt
        return step(self, batch)

    monkeypatch.setattr(TrainingModule, "training_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train_folds(run("broken", **longer))
    train_folds(run("broken", **longer), resume=True)
    whole, broken = (run(name).folder / "predictions.csv" for name in ("whole", "broken"))
    assert broken.read_text() == whole.read_text()


def test_a_folder_of_another_recipe_is_refused(run):
    train_folds(run(**LOSO), only=(1,))
    with pytest.raises(ConfigError, match="trained by another recipe or on other recordings"):
        train_folds(run(**{**LOSO, "fit.epochs": 2}), resume=True)


def test_a_fold_that_is_not_there_is_refused(run):
    with pytest.raises(ConfigError, match="there is no fold 5; there are 1 to 4"):
        train_folds(run(**LOSO), only=(5,))


def test_a_class_that_a_split_cannot_learn_is_told(run):
    said = []
    labels = ["neutral", "happy", "sad", "angry", "boredom"]
    changes = {"protocol.name": "cross-corpus:savee:emodb", "labels": labels, "fit.epochs": 1}
    train_folds(run(said=said, **changes))
    assert any("no clip to train on is labelled 'boredom'" in line for line in said)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lockbox", "'lockbox' measures models; train with 'tables'"),
        ("leave-one-speker-out", "did you mean 'leave-one-speaker-out'"),
        ("cross-corpus", "needs two corpora"),
    ],
)
def test_what_nothing_can_be_trained_under_is_refused(run, name, message):
    with pytest.raises(ConfigError, match=message):
        train_folds(run(**{"protocol.name": name}))
