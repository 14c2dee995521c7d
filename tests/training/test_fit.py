"""Whole runs of the tiny network on corpora of tones."""

from __future__ import annotations

import dataclasses
import shutil
import signal

import numpy as np
import pytest
import torch

from affekt.errors import ConfigError, CorpusError
from affekt.protocols import lockbox_speakers, selection_speakers
from affekt.records import Utterance
from affekt.training import fit as fit_room
from affekt.training.calibration.temperature import calibrate
from affekt.training.fit import fit, read_clips
from affekt.training.module import TrainingModule
from affekt.training.recipe import CalibrationConfig


@pytest.fixture
def losses(monkeypatch):
    """The loss of every step taken, by its number; `losses.stop_at` interrupts a run there."""

    class Losses(dict):
        stop_at = None

    kept = Losses()
    step = TrainingModule.training_step

    def watched(self, batch):
        if self.global_step == kept.stop_at:
            raise KeyboardInterrupt
        loss = step(self, batch)
        kept[self.global_step] = loss.item()
        return loss

    monkeypatch.setattr(TrainingModule, "training_step", watched)
    return kept


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def test_a_run_learns_which_pitch_is_which_emotion(run):
    said = []
    fitted = fit(run(said=said, **{"fit.epochs": 8}), resume=False)
    assert calibrate(fitted.module, fitted.calibrate.part(), CalibrationConfig()).ua == {
        "emodb": 1.0
    }
    assert said[0].startswith("casia: not under ")
    assert said[1:3] == [
        "40 clips to train on: emodb 24, savee 16",
        "12 clips to calibrate on: emodb 12",
    ]
    assert [line.split(":")[0] for line in said[3:]] == [f"epoch {k + 1} of 8" for k in range(8)]


def test_nobody_of_the_lockbox_is_ever_read(run, speakers_read):
    fitted = fit(run(**{"fit.epochs": 1, "protocol.select_on": "select"}), resume=False)
    trained, selected, calibrated = speakers_read
    assert trained == {("emodb", "03"), ("emodb", "08"), ("savee", "DC")}
    assert selected == {("emodb", "14"), ("savee", "JK")} <= selection_speakers("select")
    assert calibrated == {("emodb", "13")} <= selection_speakers("calibrate")
    assert not (trained | selected | calibrated) & lockbox_speakers()
    assert {item.speaker for item in fitted.parts.lockbox} == {"15", "KL"}


# Going on


@pytest.mark.parametrize(
    ("stop_at", "changes"),
    [
        (7, {}),  # within the second epoch, whose first two steps are kept
        (10, {}),  # between the second and the third
        (8, {"protocol.select_on": "select"}),
        (7, {"fit.workers": 1}),
        (10, {"fit.workers": 1}),
    ],
)
def test_an_interrupted_run_goes_on_as_if_it_had_not_been(
    run, losses, stop_at, changes, monkeypatch
):
    monkeypatch.setattr(fit_room, "_STEPS_BETWEEN_CHECKPOINTS", 2)
    whole = fit(run("whole", **changes), resume=False)
    expected = dict(losses)
    assert sorted(expected) == list(range(15))

    losses.clear()
    losses.stop_at = stop_at
    with pytest.raises(KeyboardInterrupt):
        fit(run("broken", **changes), resume=False)
    losses.stop_at = None
    resumed = fit(run("broken", **changes), resume=True)

    assert losses == expected
    assert same(resumed.module.state_dict(), whole.module.state_dict())
    one, other = (
        torch.load(run(name).checkpoints / "last.ckpt", weights_only=True)
        for name in ("whole", "broken")
    )
    assert same(one["current_model_state"], other["current_model_state"])
    assert one["lr_schedulers"] == other["lr_schedulers"]


def test_the_newest_checkpoint_knows_that_its_own_epoch_is_the_best(run):
    followed = {"protocol.select_on": "select", "fit.best_weights": True}
    fit(run(**followed, **{"fit.epochs": 1}), resume=False)
    kept = torch.load(run().checkpoints / "last.ckpt", weights_only=True)["callbacks"]
    (best,) = (state for state in kept.values() if state.get("monitor") == fit_room.VALIDATION_UA)
    assert best["best_model_score"] is not None


def test_an_interrupted_run_tells_how_to_go_on(run, losses, monkeypatch):
    monkeypatch.setattr(fit_room, "_STEPS_BETWEEN_CHECKPOINTS", 2)
    handler = signal.getsignal(signal.SIGINT)
    losses.stop_at, said = 3, []
    with pytest.raises(KeyboardInterrupt):
        fit(run(said=said), resume=False)
    assert said[-1].startswith("interrupted; --resume goes on")
    assert signal.getsignal(signal.SIGINT) is handler


def test_the_same_recipe_gives_the_same_losses(run, losses):
    fit(run("one", **{"fit.epochs": 1}), resume=False)
    first = dict(losses)
    losses.clear()
    fit(run("other", **{"fit.epochs": 1}), resume=False)
    assert losses == first
    fit(run("seeded", **{"fit.epochs": 1, "seed": 4}), resume=False)
    assert losses != first


def test_a_folder_that_holds_a_run_is_not_overwritten(run):
    fit(run(**{"fit.epochs": 1}), resume=False)
    before = {path: path.read_bytes() for path in run().checkpoints.iterdir()}
    with pytest.raises(ConfigError, match="holds a run already; --resume continues it"):
        fit(run(**{"fit.epochs": 1}), resume=False)
    with pytest.raises(ConfigError, match=r"fit\.epochs = 1, the recipe says 3"):
        fit(run(), resume=True)
    assert {path: path.read_bytes() for path in run().checkpoints.iterdir()} == before


def test_the_configuration_travels_inside_the_checkpoint(run):
    fit(run(**{"fit.epochs": 1}), resume=False)
    for path in run().checkpoints.iterdir():
        recipe = torch.load(path, weights_only=True)["recipe"]
        assert recipe["labels"] == ["neutral", "happy", "sad", "angry"]
        assert recipe["fit"]["epochs"] == 1


def test_a_finished_run_only_gives_its_network_again(run, losses):
    first = fit(run(**{"fit.epochs": 1}), resume=False)
    losses.clear()
    again = fit(run(**{"fit.epochs": 1}), resume=True)
    assert losses == {}
    assert same(again.module.state_dict(), first.module.state_dict())


# Following


@pytest.fixture
def select_ua(monkeypatch):
    """Let the UA of the epochs be these, whatever is answered."""

    def script(*values):
        left = iter(values)
        monkeypatch.setattr("affekt.training.module.validation_ua", lambda *_: next(left))

    return script


FOLLOWED = {
    "protocol.select_on": "select",
    "fit.best_weights": True,
    "fit.patience": 1,
    "fit.epochs": 5,
}


def test_a_run_stops_when_the_patience_is_over_and_keeps_the_best(run, losses, select_ua):
    select_ua(0.5, 0.75, 0.6)
    said = []
    fitted = fit(run(said=said, **FOLLOWED), resume=False)
    assert len(losses) == 3 * 5
    assert ["validation ua 0.750" in line for line in said[4:]] == [False, True, False]
    best = torch.load(run().checkpoints / "best.ckpt", weights_only=True)
    assert best["global_step"] == 2 * 5
    assert same(fitted.module.state_dict(), best["state_dict"])


def test_a_run_that_stopped_stays_stopped(run, losses, select_ua):
    select_ua(0.75, 0.6)
    first = fit(run(**FOLLOWED), resume=False)
    losses.clear()
    again = fit(run(**FOLLOWED), resume=True)
    assert losses == {}
    assert same(again.module.state_dict(), first.module.state_dict())


def test_curves_are_kept_as_a_table_and_for_tensorboard(run):
    fit(run(**{"protocol.select_on": "select", "fit.epochs": 2}), resume=False)
    logs = run().folder / "logs"
    table = (logs / "csv-0" / "metrics.csv").read_text().splitlines()
    assert {"epoch", "loss_epoch", "validation_ua", "validation_ua/emodb"} <= set(
        table[0].split(",")
    )
    assert list(logs.glob("tensorboard/events*"))


# What cannot be trained


def test_no_corpus_at_hand_is_an_error(run, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(CorpusError, match=r"none of the corpora of tiny lies under .*empty"):
        fit(dataclasses.replace(run(), corpora=empty), resume=False)


def test_a_label_that_no_clip_carries_is_an_error(run):
    with pytest.raises(CorpusError, match="no clip to train on is labelled 'disgust'"):
        fit(run(labels=["neutral", "happy", "sad", "disgust"]), resume=False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.name": "residual-es"}, "no model 'residual-es'"),
        ({"model.settings": {"width": 0}}, "sizes"),
        ({"augmentation": [{"name": "nose"}]}, r"unknown augmentation 'nose' \(did you mean"),
    ],
)
def test_a_wrong_part_of_the_recipe_shows_before_anything_is_read(run, changes, message):
    said = []
    with pytest.raises(ConfigError, match=message):
        fit(run(said=said, **changes), resume=False)
    assert said == []


def test_too_few_clips_for_a_batch_are_refused(run):
    with pytest.raises(ConfigError, match="40 training clips do not fill one batch of 64"):
        fit(run(**{"fit.batch_size": 64}), resume=False)


def test_the_clips_of_a_recipe_carry_the_intensity_that_listeners_heard(
    recipe, toy_corpora, tmp_path
):
    tone = toy_corpora / "savee" / "DC_h01.wav"
    rated = tmp_path / "cremad" / "AudioWAV" / "1001_IEO_HAP_XX.wav"
    table = tmp_path / "cremad" / "processedResults" / "tabulatedVotes.csv"
    for path in (rated, table):
        path.parent.mkdir(parents=True)
    shutil.copyfile(tone, rated)
    table.write_text('"","fileName","meanEmoResp"\n"100001","1001_IEO_HAP_XX",62.5\n')
    item = Utterance(
        path=rated,
        corpus="cremad",
        collection="cremad",
        speaker="1001",
        native_label="happy",
        emotion="happy",
    )
    learning = recipe(
        **{
            "model.name": "whisper-tiny",
            "model.settings": {"intensity": True},
            "fit.intensity_weight": 0.5,
        }
    )
    clips = read_clips(learning, [item, dataclasses.replace(item, path=tone, corpus="savee")])
    np.testing.assert_array_equal(clips.part().intensities, np.float32([0.625, np.nan]))
    assert read_clips(recipe(), [item]).intensities is None
