"""Whatever a graph answers is judged on every run: numbers that are no answer never leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile

from affekt.errors import AudioError
from affekt.evaluation.runs import predict_all
from affekt.features.sets import FEATURE_SETS
from affekt.recognition import Bundle, Failure, Outputs, Recognizer, StreamRecognizer
from affekt.records import Prediction, Utterance
from affekt.service.batching import BatchingBundle

RATE_HZ = 16_000
EVEN = np.full((2, 4), 0.25, np.float32)
NO_ANSWER = "the model tones 1.2 has no answer to this: 'probabilities' is not finite numbers"


@pytest.fixture(scope="module")
def recognizer(fragile_bundle: Path) -> Recognizer:
    return Recognizer.load(fragile_bundle)


@pytest.fixture(scope="module")
def loud(tones: SimpleNamespace) -> np.ndarray:
    signal: np.ndarray = tones.tone("happy", amplitude=0.9, duration_s=2.0)
    signal[:6_400] *= 0.01  # before it a pause: levels that never change are no speech
    return signal


def test_what_an_output_must_be_has_no_fault() -> None:
    novelty = np.array([[0.1], [1e9]], np.float32)
    assert Outputs(EVEN, EVEN - 1.0, EVEN, novelty, EVEN).fault(2) is None
    assert Outputs(EVEN).fault(2) is None


@pytest.mark.parametrize(
    ("outputs", "fault"),
    [
        (Outputs(EVEN * np.nan), "'probabilities' is not finite"),
        (Outputs(EVEN[:1]), "'probabilities' is not finite numbers in"),
        (Outputs(EVEN * 1.01), "'probabilities' is not a distribution"),
        (Outputs(EVEN[:, :3]), "'probabilities' is not a distribution"),
        (Outputs(EVEN[:, :0]), "'probabilities' is not a distribution"),
        (Outputs(EVEN + np.array([0.5, -0.5, 0.0, 0.0])), "'probabilities' is not a distribution"),
        (Outputs(EVEN, embedding=EVEN * np.inf), "'embedding' is not finite"),
        (Outputs(EVEN, relevance=EVEN * 0.0), "'relevance' is not a distribution"),
        (Outputs(EVEN, novelty=EVEN[:, :1] * -np.inf), "'novelty' is not finite"),
        (Outputs(EVEN, uncalibrated=EVEN * [[1.0], [2.0]]), "'uncalibrated' is not a distr"),
        (Outputs(EVEN, intensity=EVEN[:, :1] * np.nan), "'intensity' is not finite"),
        (Outputs(EVEN, intensity=EVEN[:, :1] + 1.0), "'intensity' lies outside 0 to 1"),
    ],
)
def test_a_fault_of_any_row_of_any_output_is_named(outputs: Outputs, fault: str) -> None:
    assert (outputs.fault(2) or "").startswith(fault)


@pytest.mark.parametrize(
    "recognise",
    [
        pytest.param(lambda model, signal, path: model(signal, RATE_HZ), id="samples"),
        pytest.param(lambda model, signal, path: model.predict(path), id="file"),
        pytest.param(lambda model, signal, path: model.explain(path), id="explanation"),
        pytest.param(lambda model, signal, path: model.timeline(path), id="timeline"),
        pytest.param(lambda model, signal, path: StreamRecognizer(model).push(signal), id="stream"),
    ],
)
def test_numbers_that_are_no_answer_are_an_error(
    recognizer: Recognizer,
    loud: np.ndarray,
    tmp_path: Path,
    recognise: Callable[[Recognizer, np.ndarray, Path], Any],
) -> None:
    soundfile.write(tmp_path / "loud.wav", loud, RATE_HZ)
    with pytest.raises(AudioError, match=NO_ANSWER):
        recognise(recognizer, loud, tmp_path / "loud.wav")


def test_one_recording_without_an_answer_is_named_and_does_not_end_the_run(
    recognizer: Recognizer, tones: SimpleNamespace, loud: np.ndarray, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("a.wav", "loud.wav", "long.wav", "b.wav")]
    quiet = tones.tone("sad")
    for path, signal in zip(paths, (quiet, loud, np.tile(loud, 6), quiet), strict=True):
        soundfile.write(path, signal, RATE_HZ)
    first, second, third, fourth = recognizer.predict_many(paths)
    for answer in (first, fourth):
        assert isinstance(answer, Prediction)
        assert answer.emotion == "sad"
    for answer, path in ((second, paths[1]), (third, paths[2])):
        assert isinstance(answer, Failure)
        assert str(answer.error).startswith(f"{path}: {NO_ANSWER}")


def test_clips_that_share_a_run_are_judged_apart(
    fragile_bundle: Path, tones: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    joined = BatchingBundle(Bundle.load(fragile_bundle), runs=1)
    good = tones.tone("sad", duration_s=0.5)[np.newaxis]
    bad = tones.tone("sad", amplitude=0.9, duration_s=0.5)[np.newaxis]
    answer = joined._answer
    # As if the two had waited together: a run of both, cut apart again.
    both = Bundle.load(fragile_bundle)._answer(np.concatenate([good, bad]))
    rows = {0.3: 0, 0.9: 1}

    def shared(waveforms: np.ndarray) -> Outputs:
        row = rows[round(float(waveforms.max()), 1)]
        assert answer(waveforms).probabilities.shape == (1, 8)
        return Outputs._make(None if item is None else item[row : row + 1] for item in both)

    monkeypatch.setattr(joined, "_answer", shared)
    assert joined.run(good).probabilities.argmax() == 3
    with pytest.raises(AudioError, match=NO_ANSWER):
        joined.run(bad)


def test_a_graph_that_cannot_run_is_an_error_of_this_recording(recognizer: Recognizer) -> None:
    with pytest.raises(AudioError, match=r"the model tones 1\.2 fails on this: "):
        recognizer.bundle.run(np.zeros((1, 2, 3), np.float32))


@pytest.mark.parametrize("name", ["vector-162", "mel-128", "energy"])
def test_features_that_are_no_numbers_are_an_error(name: str) -> None:
    signal = np.full(8000, 1e30, np.float32)
    with pytest.raises(AudioError, match="its features are no finite numbers"):
        FEATURE_SETS[name].compute(signal)


def test_a_foreign_model_without_an_answer_fails_that_clip_alone(
    write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    clips = [
        Utterance(
            path=write_tone(tmp_path / f"{hz}.wav", frequency_hz=hz),
            corpus="sines",
            collection="sines",
            speaker="a",
            emotion="happy",
            native_label="happy",
            language="en",
        )
        for hz in (200.0, 2000.0)
    ]

    def listen(signal: np.ndarray) -> Outputs:
        low = np.abs(np.diff(signal)).max() < 0.1
        return Outputs.of_clip(np.array([0.5, 0.5]) if low else np.array([np.nan, 1.0]))

    answers = predict_all(listen, clips, workers=1)
    assert answers.utterances == (clips[0],)
    (failure,) = answers.failures
    assert failure.utterance == clips[1]
    assert failure.reason == f"{clips[1].path}: the model's answer is no finite numbers"
