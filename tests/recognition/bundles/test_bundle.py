from __future__ import annotations

import hashlib
import json
import math
import threading
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from onnx import helper

import affekt.recognition.bundles.bundle
from affekt.emotions import CANONICAL
from affekt.errors import BundleError, ConfigError
from affekt.protocols import lockbox_speakers, selection_speakers
from affekt.recognition import Bundle, BundleMetadata, shipped_bundles
from affekt.recognition.bundles.model_files import SHIPPED
from affekt.recognition.terms import encoder_terms
from affekt.service.model_cards import read_model_card


def test_a_bundle_tells_what_travels_in_its_file(tones: SimpleNamespace, tone_bundle: Path) -> None:
    bundle = Bundle.load(tone_bundle)
    assert bundle.metadata == tones.metadata()
    assert bundle.metadata.title == "tones 1.2"
    assert bundle.sha256 == hashlib.sha256(tone_bundle.read_bytes()).hexdigest()
    assert bundle.size_bytes == tone_bundle.stat().st_size


@pytest.mark.parametrize("threads", [1, 2, None])
def test_a_batch_goes_in_and_three_outputs_come_out(
    tones: SimpleNamespace, tone_bundle: Path, threads: int | None
) -> None:
    batch = np.stack([tones.tone("happy"), tones.tone("angry")])
    outputs = Bundle.load(tone_bundle, threads=threads).run(batch)
    assert outputs.probabilities.shape == (2, 8)
    assert outputs.embedding.shape == (2, 2)
    assert outputs.relevance.shape == (2, 100)
    assert [CANONICAL[k] for k in outputs.probabilities.argmax(axis=1)] == ["happy", "angry"]


@pytest.mark.parametrize("duration_s", [0.1, 1.7, 7.3])
def test_a_clip_may_have_any_length(
    tones: SimpleNamespace, tone_bundle: Path, duration_s: float
) -> None:
    waveform = tones.tone("sad", duration_s=duration_s)[np.newaxis]
    assert Bundle.load(tone_bundle).run(waveform).probabilities.argmax() == CANONICAL.index("sad")


def test_metadata_survives_json(tones: SimpleNamespace) -> None:
    metadata = tones.metadata(description="Größe", labels=("a", "b"))
    assert BundleMetadata.from_json(metadata.to_json()) == metadata


def test_metadata_of_a_later_minor_version_is_read(tones: SimpleNamespace) -> None:
    document = json.loads(tones.metadata().to_json()) | {"conformal": [0.1]}
    assert BundleMetadata.from_json(json.dumps(document)) == tones.metadata()


def test_an_unknown_schema_version_says_to_upgrade(tones: SimpleNamespace) -> None:
    document = json.loads(tones.metadata().to_json()) | {"schema_version": "2"}
    with pytest.raises(BundleError, match=r"x\.onnx: .*'2'.*pip install --upgrade affekt"):
        BundleMetadata.from_json(json.dumps(document), where="x.onnx")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3"])
def test_metadata_that_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(BundleError, match=r"not (JSON|a JSON object)"):
        BundleMetadata.from_json(text)


def test_a_missing_key_is_named(tones: SimpleNamespace) -> None:
    document = json.loads(tones.metadata().to_json())
    del document["labels"]
    with pytest.raises(BundleError, match="'labels' is missing"):
        BundleMetadata.from_json(json.dumps(document))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "name and a version"),
        ({"labels": ("happy",)}, "two or more"),
        ({"labels": ("happy", "happy")}, "none twice"),
        ({"sampling_rate_hz": 8000}, "16000"),
        ({"frame_hop_s": 0.0}, "frame_hop_s"),
        ({"temperature": 0.0}, "temperature"),
        ({"threshold": 1.5}, "threshold"),
        ({"licence_text": ""}, "licence"),
        ({"front_end": "mystery"}, "mystery"),
    ],
)
def test_impossible_metadata_is_refused(
    tones: SimpleNamespace, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        tones.metadata(**changes)


def test_an_impossible_value_in_a_file_names_the_file(
    tones: SimpleNamespace, tmp_path: Path
) -> None:
    document = json.loads(tones.metadata().to_json()) | {"threshold": 7.0}
    path = tones.write_bundle(tmp_path / "odd.onnx", document=json.dumps(document))
    with pytest.raises(BundleError, match=r"odd\.onnx: threshold must lie in 0 to 1"):
        Bundle.load(path)


def test_a_misspelt_name_brings_a_suggestion() -> None:
    with pytest.raises(BundleError, match="did you mean 'default'"):
        Bundle.load("defualt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"gone\.onnx: no such model file"):
        Bundle.load(tmp_path / "gone.onnx")


def test_a_folder_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="a folder"):
        Bundle.load(tmp_path)


def test_a_file_that_is_no_onnx_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.onnx"
    path.write_text("hello")
    with pytest.raises(BundleError, match="not an ONNX file"):
        Bundle.load(path)


def test_an_onnx_file_without_our_metadata_is_refused(
    tones: SimpleNamespace, tmp_path: Path
) -> None:
    onnx.save(tones.graph(8), tmp_path / "plain.onnx")
    with pytest.raises(BundleError, match="no Affekt bundle"):
        Bundle.load(tmp_path / "plain.onnx")


def test_labels_must_match_the_probabilities(tones: SimpleNamespace, tmp_path: Path) -> None:
    document = tones.metadata(labels=("happy", "sad")).to_json()
    path = tones.write_bundle(tmp_path / "short.onnx", document=document)
    with pytest.raises(BundleError, match="2 labels in the metadata, but 8 probabilities"):
        Bundle.load(path)


def test_another_input_is_refused(tones: SimpleNamespace, tmp_path: Path) -> None:
    model = tones.graph(8, input_name="spectrogram")
    helper.set_model_props(model, {"affekt": tones.metadata().to_json()})
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(BundleError, match=r"expected input waveform.*found spectrogram"):
        Bundle.load(tmp_path / "other.onnx")


def test_probabilities_that_do_not_sum_to_one_are_refused(
    tones: SimpleNamespace, tmp_path: Path
) -> None:
    model = tones.graph(8)
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    softmax.op_type = "Sigmoid"
    softmax.ClearField("attribute")
    helper.set_model_props(model, {"affekt": tones.metadata().to_json()})
    onnx.save(model, tmp_path / "sigmoid.onnx")
    with pytest.raises(BundleError, match="'probabilities' is not a distribution"):
        Bundle.load(tmp_path / "sigmoid.onnx")


def test_threads_start_at_one(tone_bundle: Path) -> None:
    with pytest.raises(ConfigError, match="threads must be 1 or more: 0"):
        Bundle.load(tone_bundle, threads=0)


def test_only_bundles_that_are_there_are_shipped(
    tones: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(affekt.recognition.bundles.model_files, "WEIGHTS", tmp_path)
    path = tones.write_shipped_bundle(tmp_path / "open.onnx")
    tones.write_bundle(tmp_path / "another.onnx")
    assert shipped_bundles() == {"open": path}
    assert Bundle.load("open").path == path
    with pytest.raises(BundleError, match="'default' is missing from this installation"):
        Bundle.load("default")


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_keeps_the_size_promised_and_states_its_terms(name: str) -> None:
    bundle = Bundle.load(name)
    assert bundle.metadata.name == name
    assert bundle.size_bytes <= 8_000_000
    assert set(bundle.metadata.labels) <= {*CANONICAL, "boredom"}
    assert all(item["corpus"] and item["licence"] for item in bundle.metadata.training_data)
    assert bundle.metadata.not_for
    encoder = encoder_terms(bundle.metadata.recipe)
    if encoder is not None:
        assert encoder.notice in bundle.licence_text


@pytest.mark.parametrize("name", SHIPPED)
def test_no_training_speaker_of_a_shipped_model_is_a_lockbox_or_calibration_speaker(
    name: str,
) -> None:
    metadata = Bundle.load(name).metadata
    learnt_from = {item["corpus"] for item in metadata.training_data}
    kept_apart = lockbox_speakers() | selection_speakers("calibrate")
    held_out = {(corpus, who) for corpus, all_ in metadata.held_out.items() for who in all_}
    assert {pair for pair in kept_apart if pair[0] in learnt_from} <= held_out


@pytest.mark.parametrize("name", SHIPPED)
def test_what_is_shipped_has_at_most_1_8_million_weights(name: str) -> None:
    graph = onnx.load(shipped_bundles()[name]).graph
    # The two matrices of the front end are computed, not learnt: nothing in them was trained.
    fixed = {"front_end.kernels", "front_end.filterbank"}
    sizes = [math.prod(item.dims) for item in graph.initializer if item.name not in fixed]
    assert 1e6 < sum(sizes) <= 1.8e6


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("samples", [1600, 8000, 48000, 480000])
def test_what_is_shipped_takes_any_length(name: str, samples: int) -> None:
    noise = np.random.default_rng(0).normal(0.0, 0.1, (2, samples)).astype(np.float32)
    outputs = Bundle.load(name).run(noise)
    assert outputs.probabilities.sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-5)
    assert outputs.relevance.sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-4)


def test_a_name_too_long_for_the_system_is_no_model() -> None:
    with pytest.raises(BundleError, match="no such model file"):
        Bundle.load("a" * 300 + ".onnx")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"training_data": [{"utterances": 3}]}, "every entry names its corpus"),
        ({"training_data": [{"corpus": ["a"]}]}, "every entry names its corpus"),
        ({"training_data": [{"corpus": "a", "licence": ["b"]}]}, "its licence in words"),
        ({"held_out": {"a": 6}}, "the speakers of a must be a list of ids"),
        ({"held_out": {"a": [["6"]]}}, "the speakers of a must be a list of ids"),
        ({"name": "\x1b]0;title\x07"}, "words that can be printed"),
        ({"version": "1\n2"}, "words that can be printed"),
        ({"labels": ["happy", "sad\x1b[2J"]}, "words that can be printed"),
        ({"labels": ["happy", " sad"]}, "words that can be printed"),
        ({"labels": ["happy", ""]}, "words that can be printed"),
    ],
)
def test_what_no_report_could_hold_is_refused(
    tones: SimpleNamespace, values: dict[str, object], message: str
) -> None:
    document = json.loads(tones.metadata().to_json()) | values
    with pytest.raises(BundleError, match=message):
        BundleMetadata.from_json(json.dumps(document))


@pytest.mark.parametrize("ua", [None, "0.5", [0.5], 2, 10**400, -0.1, {"ua": 0.5}])
def test_figures_that_are_no_shares_are_passed_over(tones: SimpleNamespace, ua: object) -> None:
    figures = {"lockbox": {"a": {"ua": ua}, "b": {"ua": 0.5}, "c": 1}, "other": [], "none": {}}
    document = json.loads(tones.metadata().to_json()) | {"figures": figures}
    metadata = BundleMetadata.from_json(json.dumps(document))
    assert metadata.recalls == {"lockbox": {"b": 0.5}}


def test_no_more_threads_are_started_than_there_are_cores(
    tone_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    settings = affekt.recognition.bundles.bundle._settings

    def settings_of(threads: int) -> object:
        asked.append(threads)
        return settings(threads)

    monkeypatch.setattr(affekt.recognition.bundles.bundle, "_settings", settings_of)
    monkeypatch.setattr(affekt.recognition.bundles.bundle.os, "cpu_count", lambda: 2)
    for threads in (None, 1, 2, 100_000):
        Bundle.load(tone_bundle, threads=threads)
    assert asked == [0, 1, 2, 2]


def test_a_graph_that_never_ends_is_given_up(
    tones: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tones.write_bundle(tmp_path / "endless.onnx", endless=True)
    monkeypatch.setattr(affekt.recognition.bundles.bundle, "LOAD_LIMIT_S", 0.5)
    with pytest.raises(BundleError, match=r"endless\.onnx: does not answer .* within 0\.5 s"):
        Bundle.load(path)
    for thread in threading.enumerate():  # nothing goes on in the background either
        if thread.name == "affekt-within":
            thread.join(30)
            assert not thread.is_alive()


DEEP = '{"figures": ' + 60 * '{"a": ' + "1" + 60 * "}" + "}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("[" * 100_000, "not JSON", id="deeper than any reader"),
        pytest.param(DEEP, "nested more than 50 deep", id="deep"),
        pytest.param('{"figures": ' + "9" * 5000 + "}", "not JSON", id="a number without end"),
        pytest.param('{"figures": {"ua": NaN}}', "not JSON", id="not a number"),
        pytest.param('{"temperature": 1e999}', "not JSON", id="infinite"),
        pytest.param(r'{"name": "\ud800"}', "not JSON", id="half a character"),
        pytest.param(" " * 2**24 + "{}", "longer than 16777216", id="long"),
    ],
)
def test_metadata_that_cannot_be_said_again_are_refused(text: str, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        BundleMetadata.from_json(text)


def test_metadata_that_are_no_text_are_refused(tones: SimpleNamespace, tmp_path: Path) -> None:
    path = tones.write_bundle(tmp_path / "odd.onnx", description="ABCDEFG")
    path.write_bytes(path.read_bytes().replace(b"ABCDEFG", b"ABC\xff\xfeFG"))
    with pytest.raises(BundleError, match=r"odd\.onnx: the metadata are not UTF-8"):
        Bundle.load(path)
    with pytest.raises(BundleError, match=r"odd\.onnx: the metadata are not UTF-8"):
        read_model_card(path)
