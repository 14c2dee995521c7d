"""Bundles that take a feature set instead of the waveform."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from affekt.cli import main
from affekt.emotions import CANONICAL, SEVEN, SIX
from affekt.errors import BundleError
from affekt.features.sets import FEATURE_SETS
from affekt.recognition import Bundle, BundleMetadata, Recognizer

RATE_HZ = 16000


@pytest.fixture(scope="module")
def path(tones: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    written: Path = tones.write_feature_bundle(tmp_path_factory.mktemp("features") / "x.onnx")
    return written


@pytest.fixture(scope="module")
def bundle(path: Path) -> Bundle:
    return Bundle.load(path)


# Answers


def test_waveforms_go_in_and_probabilities_alone_come_out(
    bundle: Bundle, tones: SimpleNamespace
) -> None:
    outputs = bundle.run(np.stack([tones.tone("happy"), tones.tone("angry")]))
    assert outputs.probabilities.shape == (2, 8)
    assert [CANONICAL[k] for k in outputs.probabilities.argmax(axis=1)] == ["happy", "angry"]
    assert outputs.embedding is None
    assert outputs.relevance is None


def test_features_that_are_there_already_give_the_same_answer(
    bundle: Bundle, tones: SimpleNamespace
) -> None:
    waveform = tones.tone("calm", duration_s=0.7)
    features = FEATURE_SETS["vector-162"].compute(waveform)
    np.testing.assert_array_equal(
        bundle.classify(features[np.newaxis]), bundle.run(waveform[np.newaxis]).probabilities
    )


def test_a_bundle_of_waveforms_takes_no_features(tone_bundle: Path) -> None:
    with pytest.raises(BundleError, match="its front end lies in the graph"):
        Bundle.load(tone_bundle).classify(np.zeros((1, 162), np.float32))


@pytest.mark.parametrize("duration_s", [0.3, 1.7, 7.3])
@pytest.mark.parametrize("label", ["neutral", "disgust"])
def test_a_clip_may_have_any_length(
    bundle: Bundle, tones: SimpleNamespace, label: str, duration_s: float
) -> None:
    prediction = Recognizer(bundle)(tones.tone(label, duration_s=duration_s), RATE_HZ)
    assert prediction.emotion == label
    assert prediction.warnings == ()


def test_a_long_recording_is_the_mean_of_its_windows(
    bundle: Bundle, tones: SimpleNamespace
) -> None:
    parts = {label: tones.tone(label, duration_s=5.0) for label in ("angry", "sad")}
    alone = {label: bundle.run(part[np.newaxis]).probabilities[0] for label, part in parts.items()}
    prediction = Recognizer(bundle)(
        np.concatenate([parts["angry"], parts["angry"], parts["sad"]]), RATE_HZ
    )
    scores = {item.label: item.score for item in prediction.predictions}
    expected = (2 * alone["angry"] + alone["sad"]) / 3
    found = [scores[label] for label in CANONICAL]
    assert found == pytest.approx(expected.tolist(), abs=1e-2)
    assert "the mean of 3 windows" in prediction.warnings[0]


@pytest.mark.parametrize(("labels", "size"), [(SIX, 6), (SEVEN, 7), (SEVEN, 6), (SIX, 4)])
def test_models_of_six_and_seven_labels_answer_in_smaller_vocabularies(
    tones: SimpleNamespace, tmp_path: Path, labels: tuple[str, ...], size: int
) -> None:
    model = tones.write_feature_bundle(tmp_path / "some.onnx", labels=labels)
    recognizer = Recognizer.load(model)
    prediction = recognizer(tones.tone("sad"), RATE_HZ, emotions=size)
    assert prediction.emotion == "sad"
    assert len(prediction.predictions) == size
    assert sum(item.score for item in prediction.predictions) == pytest.approx(1.0)
    assert (prediction.left_out == 0.0) == (len(labels) == size)


# The command line


@pytest.fixture
def write(tones: SimpleNamespace, tmp_path: Path) -> Callable[..., Path]:
    """Write a tone and return the file."""

    def write(label: str, duration_s: float) -> Path:
        file = tmp_path / f"{label}.wav"
        soundfile.write(file, tones.tone(label, duration_s=duration_s), RATE_HZ)
        return file

    return write


def test_predict_runs_such_a_model_on_short_and_long_recordings(
    path: Path, write: Callable[..., Path]
) -> None:
    inputs = [str(write("happy", 0.5)), str(write("fearful", 12.0))]
    words = ["predict", *inputs, "--model", str(path), "--format", "json", "--emotions", "6"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.stderr
    short, long = json.loads(result.stdout)
    assert (short["emotion"], long["emotion"]) == ("happy", "fearful")
    assert short["model"] == "tones 1.2"
    assert len(short["predictions"]) == 6
    assert "windows" in long["warnings"][0]


def test_the_card_names_the_front_end(path: Path, tone_bundle: Path) -> None:
    features, graph = (
        " ".join(CliRunner().invoke(main, ["models", "show", str(model)]).stdout.split())
        for model in (path, tone_bundle)
    )
    assert "front end the feature set vector-162 (162), computed from the waveform" in features
    assert "front end in the graph" in graph


# The contract


def test_metadata_survive_json(bundle: Bundle, tones: SimpleNamespace) -> None:
    assert bundle.metadata == tones.metadata(front_end="vector-162", frame_hop_s=None)
    assert BundleMetadata.from_json(bundle.metadata.to_json()) == bundle.metadata
    assert bundle.metadata.feature_set is FEATURE_SETS["vector-162"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"front_end": "vector-126"}, r"'vector-126' is unknown \(did you mean 'vector-162'\?\)"),
        ({"front_end": "zzz"}, r"known: .*graph, .*mfcc-matrix, .*vector-162"),
        ({"front_end": "vector-162"}, r"frame_hop_s belongs to a relevance"),
        ({"frame_hop_s": None}, r"frame_hop_s must be positive: None"),
    ],
)
def test_a_front_end_that_cannot_be_is_refused(
    tones: SimpleNamespace, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tones.metadata(**changes)


@pytest.mark.parametrize(
    ("graph", "changes", "message"),
    [
        ({"input_name": "waveform"}, {}, "expected input features .* found waveform"),
        ({"shape": ("batch", 141)}, {}, r"\['batch', 162\], as vector-162 .* \['batch', 141\]"),
        ({"shape": (1, 162)}, {}, r"found \[1, 162\]"),
        ({"shape": ("batch", 162, 1)}, {}, r"found \['batch', 162, 1\]"),
        ({"last": "Sigmoid"}, {}, "'probabilities' is not a distribution"),
        ({}, {"labels": SIX}, "6 labels in the metadata, but 8 probabilities"),
        ({}, {"front_end_version": 99}, "version 99 of vector-162, .* version 1: train it anew"),
        ({}, {"front_end": "mfcc-mel-mean"}, r"\['batch', 141\], as mfcc-mel-mean"),
    ],
)
def test_a_graph_that_does_not_fit_its_feature_set_is_refused(
    tones: SimpleNamespace,
    tmp_path: Path,
    graph: dict[str, object],
    changes: dict[str, object],
    message: str,
) -> None:
    model = tones.feature_graph(**graph)
    path = tones.write_feature_bundle(tmp_path / "odd.onnx", model=model, **changes)
    with pytest.raises(BundleError, match=rf"odd\.onnx: .*{message}"):
        Bundle.load(path)
