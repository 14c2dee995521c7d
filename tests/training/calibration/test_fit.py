"""A network that says too much of some corpora and too little of others, and what mends it."""

from __future__ import annotations

import dataclasses

import numpy as np
import onnx
import pytest

from affekt.errors import BundleError, CorpusError
from affekt.metrics import expected_calibration_error
from affekt.metrics.calibration import soften
from affekt.recognition import Bundle, Recognizer
from affekt.training.calibration.fit import Calibrator, Clips, NetworkAnswers, fit_calibrator
from affekt.training.calibration.graph import logits_of, strip, write_calibrated
from affekt.training.calibration.run import calibrate_bundle

SPEAKERS = {"many": 60, "some": 10, "few": 2}
OVERCONFIDENCE = {"many": 0.6, "some": 1.0, "few": 1.7}  # falls with the log of speakers


def clips(seed, *, speakers=3, each=150, alike=False):
    """Clips whose embeddings tell their corpus, and whose logits are off by its own factor."""
    rng = np.random.default_rng(seed)
    parts = []
    for place, (corpus, factor) in enumerate(OVERCONFIDENCE.items()):
        honest = 2.0 * rng.standard_normal((speakers * each, 4))
        truth = (soften(honest, 1.0).cumsum(axis=1) < rng.random((len(honest), 1))).sum(axis=1)
        parts.append(
            Clips(
                logits=honest * (1.4 if alike else factor),
                embeddings=rng.normal(0, 0.3, (len(honest), 5)) + 4.0 * np.eye(5)[place],
                targets=truth,
                speakers=np.repeat([f"{corpus}{k}" for k in range(speakers)], each),
                corpora=np.full(len(honest), corpus),
            )
        )
    return Clips(
        **{
            field.name: np.concatenate([getattr(part, field.name) for part in parts])
            for field in dataclasses.fields(Clips)
        }
    )


def out_of_domain(count=60):
    return np.random.default_rng(9).normal(0, 0.3, (count, 5)) + 4.0 * np.eye(5)[4]


def answers(said, **speakers):
    return NetworkAnswers(clips=said, learnt=clips(1, speakers=1), speakers=SPEAKERS | speakers)


@pytest.fixture(scope="module")
def fitted():
    return fit_calibrator(answers(clips(0)), out_of_domain())


def test_the_temperature_follows_how_familiar_a_clip_is(fitted):
    assert fitted.record["form"] == "familiarity"
    found = fitted.record["temperatures"]
    for corpus, factor in OVERCONFIDENCE.items():
        assert found[corpus] == pytest.approx(factor, rel=0.2)


def test_new_speakers_are_calibrated_corpus_by_corpus(fitted):
    new = clips(2)
    after = fitted.calibrator.probabilities(new.logits, new.embeddings)
    for corpus in SPEAKERS:
        own = new.corpora == corpus
        assert expected_calibration_error(after[own], new.targets[own]) < 0.08
    own = new.corpora == "few"
    assert expected_calibration_error(soften(new.logits[own], 1.0), new.targets[own]) > 0.08


def test_one_temperature_is_kept_where_familiarity_does_not_help():
    found = fit_calibrator(answers(clips(0, alike=True)), out_of_domain())
    assert found.record["form"] == "one temperature"
    assert list(found.record["temperatures"].values()) == pytest.approx([1.4] * 3, rel=0.1)


def test_sets_hold_nine_of_ten_truths_of_new_speakers(fitted):
    new = clips(2)
    after = fitted.calibrator.probabilities(new.logits, new.embeddings)
    held = 1.0 - after[np.arange(len(after)), new.targets] <= fitted.prediction_set.quantile
    assert held.mean() == pytest.approx(0.9, abs=0.03)


def test_a_fifth_of_the_answers_is_uncertain_and_one_in_fifty_out_of_the_domain(fitted):
    new = clips(2)
    after = fitted.calibrator.probabilities(new.logits, new.embeddings)
    assert (after.max(axis=1) < fitted.threshold).mean() == pytest.approx(0.2, abs=0.05)
    assert (fitted.calibrator.novelty(new.embeddings) > 1.0).mean() == pytest.approx(0.02, abs=0.03)
    assert (fitted.calibrator.novelty(out_of_domain()) > 1.0).all()


def test_one_speaker_is_not_enough():
    alone = clips(0)
    alone = alone.where(alone.speakers == "few0")
    with pytest.raises(ValueError, match="two speakers or more"):
        fit_calibrator(answers(alone), out_of_domain())


def test_cross_fitted_models_say_what_a_new_speaker_costs_where_nobody_could_be_spared():
    """Of `few`, the network heard all there were; a line through the others guesses too low."""
    spared = clips(0)
    spared = spared.where(spared.corpora != "few")
    new = clips(2)
    new = new.where(new.corpora == "few")
    new = dataclasses.replace(new, logits=1.5 * new.logits)
    denied = clips(3)
    denied = denied.where(denied.corpora == "few")
    denied = dataclasses.replace(denied, logits=1.8 * denied.logits)
    other = answers(denied, few=1)  # of the two, it was denied one
    errors = {}
    for name, cross_fitted in (("guessed", ()), ("told", [other])):
        found = fit_calibrator(answers(spared), out_of_domain(), cross_fitted)
        after = found.calibrator.probabilities(new.logits, new.embeddings)
        errors[name] = expected_calibration_error(after, new.targets)
    assert errors["told"] < 0.8 * errors["guessed"]
    assert (found.record["clips"], found.record["corpora"]) == (1350, ["few", "many", "some"])


def test_a_cross_fitted_model_has_an_embedding_of_its_own(fitted):
    """Its embeddings lie elsewhere, as those of another training do; what it tells is the same."""
    turned = {"embeddings": clips(0).embeddings[:, ::-1]}
    other = NetworkAnswers(
        clips=dataclasses.replace(clips(0), speakers=np.char.add(clips(0).speakers, "x"), **turned),
        learnt=dataclasses.replace(
            clips(1, speakers=1), embeddings=clips(1, speakers=1).embeddings[:, ::-1]
        ),
        speakers=SPEAKERS,
    )
    found = fit_calibrator(answers(clips(0)), out_of_domain(), [other])
    for corpus, temperature in fitted.record["temperatures"].items():
        assert found.record["temperatures"][corpus] == pytest.approx(temperature, rel=0.01)


# In the graph


CALIBRATOR = Calibrator(
    weights=np.array([[0.5, -0.5], [2.0, 1.0]]),
    bias=np.array([0.1, 0.0]),
    log_temperatures=np.array([0.8, -0.3]),
    novelty_weights=np.array([1.0, 6.0]),
    novelty_bias=-1.0,
)


def test_the_graph_answers_as_the_calibrator_does(tones, tone_bundle, tmp_path):
    before, path = Bundle.load(tone_bundle), tmp_path / "calibrated.onnx"
    assert write_calibrated(tone_bundle, path, CALIBRATOR, before.metadata) < 1e-4
    for label in ("sad", "calm"):
        wave = tones.tone(label, amplitude=0.2)
        plain, found = before.run(wave[None]), Bundle.load(path).run(wave[None])
        logits = logits_of(plain.probabilities, before.metadata.temperature)
        embedding = plain.embedding.astype(float)
        expected = CALIBRATOR.probabilities(logits, embedding)
        np.testing.assert_allclose(found.probabilities, expected, atol=1e-5)
        np.testing.assert_allclose(found.novelty[:, 0], CALIBRATOR.novelty(embedding), atol=1e-5)
        np.testing.assert_allclose(found.uncalibrated, soften(logits, 1.0), atol=1e-5)
        np.testing.assert_array_equal(found.embedding, plain.embedding)


def test_the_temperature_that_the_graph_had_is_undone(tones, tmp_path):
    path = tones.write_bundle(tmp_path / "warm.onnx", temperature=2.0)
    none = dataclasses.replace(CALIBRATOR, log_temperatures=np.array([np.log(2.0)] * 2))
    write_calibrated(path, tmp_path / "out.onnx", none, Bundle.load(path).metadata)
    wave = tones.tone("sad")[None]
    before, after = Bundle.load(path).run(wave), Bundle.load(tmp_path / "out.onnx").run(wave)
    np.testing.assert_allclose(after.probabilities, before.probabilities, atol=1e-5)


def test_a_second_calibrator_takes_the_place_of_the_first(tone_bundle, tmp_path):
    metadata = Bundle.load(tone_bundle).metadata
    once, twice = tmp_path / "once.onnx", tmp_path / "twice.onnx"
    write_calibrated(tone_bundle, once, CALIBRATOR, metadata)
    write_calibrated(once, twice, CALIBRATOR, metadata)
    assert twice.read_bytes() == once.read_bytes()
    plain = onnx.load(twice)
    strip(plain)
    assert plain.graph == onnx.load(tone_bundle).graph


# The whole way


def test_a_bundle_without_calibrate_speakers_is_told_so(tones, tone_bundle, tmp_path):
    with pytest.raises(CorpusError, match="two calibrate speakers"):
        calibrate_bundle(tone_bundle, [], [tones.tone("sad")], out=tmp_path / "x.onnx")


def test_a_bundle_without_embedding_cannot_be_calibrated(tones, tmp_path):
    path = tones.write_feature_bundle(tmp_path / "features.onnx")
    with pytest.raises(BundleError, match="gives an embedding"):
        calibrate_bundle(path, [], [], out=tmp_path / "x.onnx")


def test_a_calibrated_bundle_says_what_it_may_be(tones, tone_bundle, tmp_path, monkeypatch):
    from affekt.training.calibration import run as calibration_run

    said = {"emodb": ("03", "13", "14", "15"), "cremad": ("1002", "1047", "1001")}
    utterances = [
        calibration_run.Utterance(
            path=tmp_path / f"{corpus}-{speaker}-{label}-{take}.wav",
            corpus=corpus,
            collection=corpus,
            speaker=speaker,
            native_label=label,
            emotion=label,
        )
        for corpus, speakers in said.items()
        for speaker in speakers
        for label in ("neutral", "sad", "angry")
        for take in range(4)
    ]
    heard = []

    class Decoded:
        def __init__(self, path):
            heard.append(path.stem.split("-")[1])
            rng = np.random.default_rng(abs(hash(path.name)) % 2**32)
            self.signal = tones.tone(path.stem.split("-")[2]) * np.float32(rng.uniform(0.5, 1.0))

    monkeypatch.setattr(calibration_run, "decode", lambda path, **_: Decoded(path))
    source = tones.write_bundle(
        tmp_path / "tones.onnx",
        training_data=tuple(
            {"corpus": name, "licence": "x", "utterances": 9, "speakers": count}
            for name, count in (("emodb", 7), ("cremad", 68))
        ),
        held_out={"emodb": ["13", "15"], "cremad": ["1047", "1001"]},
    )
    out = tmp_path / "out" / "tones.onnx"
    noise = [np.random.default_rng(k).standard_normal(16000).astype(np.float32) for k in range(8)]
    calibrate_bundle(source, utterances, noise, out=out, version="1.3")
    assert set(heard) == {"03", "13", "1002", "1047"}  # neither lockbox nor anybody else
    metadata = Bundle.load(out).metadata
    assert (metadata.version, metadata.prediction_set.coverage) == ("1.3", 0.9)
    assert metadata.calibration["clips"] == 24
    assert metadata.held_out == Bundle.load(source).metadata.held_out
    found = Recognizer.load(out)(tones.tone("sad"), 16000)
    assert found.emotion == "sad"
    assert "sad" in found.prediction_set
    assert found.out_of_domain is False
    assert Recognizer.load(out)(noise[0], 16000).out_of_domain is True

    other = tones.write_bundle(
        tmp_path / "other.onnx",
        training_data=metadata.training_data,
        held_out={"emodb": ["13", "14", "15"], "cremad": ["1047", "1001"]},
    )
    heard.clear()
    calibrate_bundle(source, utterances, noise, out=out, cross_fitted=[other])
    assert set(heard) == {"03", "13", "14", "1002", "1047"}
    assert Bundle.load(out).metadata.calibration["clips"] == 36

    stranger = tones.write_bundle(
        tmp_path / "stranger.onnx",
        training_data=metadata.training_data[:1],
        held_out={"emodb": ["14"]},
    )
    with pytest.raises(BundleError, match="other labels or training corpora"):
        calibrate_bundle(source, utterances, noise, out=out, cross_fitted=[stranger])
    with pytest.raises(CorpusError, match="every select speaker with clips may be a training"):
        calibrate_bundle(source, utterances, noise, out=out, cross_fitted=[source])

    careless = tones.write_bundle(
        tmp_path / "careless.onnx",
        training_data=Bundle.load(source).metadata.training_data,
        held_out={"emodb": ["13"]},
    )
    with pytest.raises(CorpusError, match="that the model was not"):
        calibrate_bundle(careless, utterances, noise, out=out)
