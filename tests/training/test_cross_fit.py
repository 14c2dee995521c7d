"""A model without speakers to calibrate on."""

from __future__ import annotations

import pytest

from affekt.errors import CorpusError
from affekt.recognition import Bundle
from affekt.training import folds
from affekt.training.cross_fit import cross_fit
from affekt.training.fit import load_recordings, read_clips
from affekt.training.run import carry_out

SAVEE = {
    "data.corpora": ["savee"],
    "fit.epochs": 1,
    "fit.batch_size": 4,
    "calibration": {"coverage": 0.8},
}


def clips_of(run):
    utterances, _ = load_recordings(run.recipe, run.corpora)
    return read_clips(run.recipe, utterances)


def test_a_model_without_calibrate_speakers_is_calibrated_by_networks_that_left_some_out(run):
    said = []
    made = run(said=said, **SAVEE)
    path = carry_out(made, licence_text="Do what you like.")
    metadata = Bundle.load(path).metadata
    assert "savee" in metadata.figures["cross_fitted_ua"]
    assert metadata.prediction_set.coverage == 0.8
    assert metadata.temperature > 0.0
    assert any(line.endswith("16 clips of training speakers, cross-fitted") for line in said)


def test_each_network_answers_for_speakers_that_it_did_not_learn_from(run, monkeypatch):
    made = run(**SAVEE)
    clips, seen = clips_of(made), []
    fit = folds.fit_network
    monkeypatch.setattr(folds, "fit_network", lambda task: seen.append(task) or fit(task))
    calibration = cross_fit(made, clips)
    assert calibration.cross_fitted
    assert len(seen) == 3
    speakers = {item.speaker for item in clips.utterances}
    for task in seen:
        learnt = {clips.utterances[k].speaker for k in clips.clip[task.train.rows]}
        assert len(learnt) == len(speakers) - 1
    seen.clear()
    assert cross_fit(made, clips) == calibration, "what is done is not done again"
    assert seen == []


def test_a_single_speaker_is_calibrated_on_clips_with_a_word_of_warning(run):
    said = []
    made = run(said=said, **SAVEE)
    clips = clips_of(made)
    one = [item for item in clips.utterances if item.speaker == "DC"]
    cross_fit(made, read_clips(made.recipe, one))
    assert "the model will be too sure of itself" in said[0]


def test_two_clips_are_too_few(run):
    made = run(**SAVEE)
    few = clips_of(made).utterances[:2]
    with pytest.raises(CorpusError, match="too few clips to calibrate on"):
        cross_fit(made, read_clips(made.recipe, few))
