"""Figures of doubt on answers whose worth is known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from affekt.audio import SAMPLING_RATE_HZ
from affekt.errors import ConfigError
from affekt.evaluation.confidence.domain import measure_domain
from affekt.evaluation.confidence.domain_sounds import (
    INSTRUMENTS,
    KINDS,
    Note,
    sound_of,
    synthetic_sounds,
)
from affekt.evaluation.confidence.measure import measure_confidence
from affekt.evaluation.confidence.plots import reliability_plot, risk_plot, roc_plot
from affekt.evaluation.runs import Answers
from affekt.metrics.calibration import soften
from affekt.recognition import Bundle
from affekt.recognition.bundles.metadata import SetRule
from affekt.records import Utterance

LABELS = ("neutral", "happy", "sad", "angry")


def answers(seed, *, temperature=1.0, clips=1200, corpora=("emodb", "casia"), graded=True):
    """Answers that are right as often as they say, but for a temperature."""
    rng = np.random.default_rng(seed)
    logits = 2.0 * rng.standard_normal((clips, len(LABELS)))
    truth = (soften(logits, 1.0).cumsum(axis=1) < rng.random((clips, 1))).sum(axis=1)
    utterances = tuple(
        Utterance(
            path=Path(f"{k}.wav"),
            corpus=corpora[k % len(corpora)],
            collection=corpora[k % len(corpora)],
            speaker=str(k % 7),
            native_label=LABELS[label],
            emotion=LABELS[label],
        )
        for k, label in enumerate(truth)
    )
    return Answers(
        labels=LABELS,
        utterances=utterances,
        probabilities=soften(logits, 1.0 / temperature),
        failures=(),
        graded=graded,
    )


def test_honest_probabilities_have_no_more_error_than_chance_gives():
    found = measure_confidence(answers(0)).given
    assert set(found.corpora) == {"emodb", "casia"}
    for part in (*found.corpora.values(), found.pooled):
        assert part.ece == pytest.approx(part.ece_floor, abs=0.015)
    assert found.mean_ece == np.mean([part.ece for part in found.corpora.values()])


def test_the_floor_is_higher_the_fewer_the_clips():
    few, many = (measure_confidence(answers(0, clips=n)).given.pooled for n in (100, 3000))
    assert few.ece_floor > 3.0 * many.ece_floor > 0.0


def test_a_temperature_fitted_on_others_mends_overconfidence():
    found = measure_confidence(answers(0, temperature=2.0), fitted_on=answers(1, temperature=2.0))
    assert found.temperature == pytest.approx(2.0, rel=0.1)
    assert found.given.pooled.ece > 0.08 > 0.04 > found.rescaled.pooled.ece
    assert found.rescaled.pooled.nll < found.given.pooled.nll
    assert found.rescaled.pooled.accuracy == found.given.pooled.accuracy


def test_sets_follow_the_rule_of_the_model_else_one_fitted_on_others():
    fitted = measure_confidence(answers(0), fitted_on=answers(1))
    assert fitted.sets.share == pytest.approx(0.9, abs=0.03)
    assert fitted.sets.interval.low < fitted.sets.share < fitted.sets.interval.high
    own = SetRule(coverage=0.5, quantile=0.0, rule="lac")
    single = measure_confidence(answers(0), rule=own, fitted_on=answers(1))
    assert (single.sets.mean_size, single.rule) == (1.0, own)
    assert measure_confidence(answers(0)).sets is None


def test_sets_are_measured_corpus_by_corpus():
    """All of them together hold what is promised, and those of one corpus need not."""
    said = answers(0)
    hard = [place for place, item in enumerate(said.utterances) if item.corpus == "casia"]
    flat = said.probabilities.copy()
    flat[hard] = flat[hard][:, ::-1]  # what it says of one corpus is of the wrong labels
    found = measure_confidence(replace(said, probabilities=flat), fitted_on=answers(1))
    assert set(found.corpora_sets) == {"emodb", "casia"}
    assert found.corpora_sets["emodb"].share == pytest.approx(0.9, abs=0.04)
    assert found.corpora_sets["casia"].share < 0.6
    assert {of.clips for of in found.corpora_sets.values()} == {600}
    held = sum(of.share * of.clips for of in found.corpora_sets.values())
    assert held / 1200 == pytest.approx(found.sets.share)
    told = found.to_dict()["corpora_sets"]["casia"]
    assert told["share"] == found.corpora_sets["casia"].share
    assert measure_confidence(said).corpora_sets == {}


def test_the_figures_are_plain_json():
    values = measure_confidence(answers(0), fitted_on=answers(1)).to_dict()
    assert json.loads(json.dumps(values)) == values
    assert values["risk"]["least_area"] < values["risk"]["area"] < 1.0
    assert values["risk"]["curve"]["coverage"][-1] == 1.0
    assert 2 <= len(values["risk"]["curve"]["risk"]) <= 100
    assert "diagram" not in values["given"]


def test_labels_alone_and_clips_of_no_known_emotion_have_no_doubt():
    with pytest.raises(ConfigError, match="labels alone"):
        measure_confidence(answers(0, graded=False))
    nothing = Answers(
        labels=("boredom", "calm"), utterances=(), probabilities=np.ones((0, 2)), failures=()
    )
    with pytest.raises(ConfigError, match="no clip carries"):
        measure_confidence(nothing)


# Sounds that are no speech


def test_every_kind_of_sound_is_made_alike_every_time():
    first, second = (tuple(synthetic_sounds(2, seed=3)) for _ in range(2))
    assert [sound.kind for sound in first] == [kind for kind in KINDS for _ in range(2)]
    for ours, theirs in zip(first, second, strict=True):
        np.testing.assert_array_equal(ours.signal, theirs.signal)
        assert ours.signal.dtype == np.float32
        assert 1.5 <= ours.signal.size / SAMPLING_RATE_HZ <= 5.0
        quiet = ours.kind == "silence"
        peak_db = 20.0 * np.log10(np.abs(ours.signal).max())
        assert (-76.0 < peak_db < -59.0) if quiet else (-41.0 < peak_db < -9.0)


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_an_instrument_plays_the_key(name):
    """By librosa's pitch tracker."""
    librosa = pytest.importorskip("librosa", reason="librosa, of the development tools, is absent")
    note = Note(instrument=name, key=57, begin_s=0.0, end_s=1.0)
    sound = sound_of(note, np.random.default_rng(0))
    assert np.isfinite(sound).all()
    pitch_hz = librosa.yin(sound, fmin=60.0, fmax=1000.0, sr=SAMPLING_RATE_HZ)
    assert np.median(pitch_hz) == pytest.approx(220.0, rel=0.02)


def test_sounds_are_those_of_every_other_machine():
    """What numpy draws and computes is the same everywhere, but for the last digits."""
    first = next(synthetic_sounds(1, seed=0))
    assert first.kind == "music"
    assert first.signal.size == 59_670
    np.testing.assert_allclose(
        first.signal[8000:8003], [-0.00223216, 0.00360011, 0.01590794], rtol=1e-3
    )


def test_the_domain_is_measured_by_kind(tones, tmp_path):
    """This bundle's novelty is loudness: near silence is in its domain, loud clips would not be."""
    bundle = Bundle.load(tones.write_bundle(tmp_path / "tones.onnx", novelty=True))
    found = measure_domain(bundle, np.array([0.2, 0.3, 1.2, 0.1]))
    assert found.flagged == 0.25
    assert set(found.found) == set(found.areas) == set(KINDS)
    assert (found.found["silence"], found.areas["silence"]) == (0.0, 0.0)
    assert json.dumps(found.to_dict())


def test_the_plots_are_drawn(tones, tmp_path):
    doubt = measure_confidence(answers(0))
    bundle = Bundle.load(tones.write_bundle(tmp_path / "tones.onnx", novelty=True))
    curve = measure_domain(bundle, np.array([0.2, 0.3])).curve
    drawn = (
        reliability_plot({"calibrated": doubt.given.diagram}),
        risk_plot(doubt.risk),
        roc_plot(curve),
    )
    for figure in drawn:
        assert figure.axes[0].lines
