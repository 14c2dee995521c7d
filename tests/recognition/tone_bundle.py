"""A bundle made by hand: it recognises the pitch of a tone, and each label has a pitch of its own.

Label k answers to a sine of `tone_hz(k)`. The graph measures how fast the waveform moves
compared with how large it is (for a sine, 2 sin(pi f / rate)) and takes a softmax over the
squared distances to the labels' own values, so that tests know what must come out. A second bundle
recognises the same tones by the first column of `vector-162`, the rate of zero crossings.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from affekt.audio import SAMPLING_RATE_HZ
from affekt.emotions import CANONICAL
from affekt.recognition.bundles.bundle import METADATA_KEY, BundleMetadata
from affekt.recognition.bundles.checksum import place_model

SHARPNESS = 12.0
FRAME = 160


def tone_hz(index: int) -> float:
    return 110.0 * 2.0 ** (0.75 * index)


def metadata(**changes: Any) -> BundleMetadata:
    values: dict[str, Any] = {
        "name": "tones",
        "version": "1.2",
        "labels": CANONICAL,
        "frame_hop_s": FRAME / SAMPLING_RATE_HZ,
        "temperature": 1.0,
        "threshold": 0.5,
        "licence": "CC0-1.0",
        "licence_text": "Do what you like with these tones.",
        "training_data": (
            {"corpus": "sines", "licence": "CC0-1.0", "utterances": 8, "speakers": 1},
        ),
        "held_out": {"sines": ["a"]},
        "recipe": {"epochs": 0},
        "figures": {"lockbox": {"sines": {"ua": 0.875}}},
        "created": "2026-01-02",
        "description": "Hears the pitch of a sine.",
        "not_for": ("people",),
    }
    return BundleMetadata(**(values | changes))


def write_bundle(
    path: Path,
    *,
    document: str | None = None,
    novelty: bool = False,
    intensity: bool = False,
    fails_above: float | None = None,
    endless: bool = False,
    **changes: Any,
) -> Path:
    """Write the bundle; `changes` go to the metadata, `document` replaces it as it is.

    With `novelty`, the louder a tone the more novel: an amplitude of 0.5 is where the domain ends.
    With `intensity`, it grows with the amplitude. Of a tone with an amplitude beyond `fails_above`
    the probabilities are NaN. An `endless` graph never comes to them.
    """
    described = metadata(**changes)
    model = graph(len(described.labels))
    if fails_above is not None:
        _fail_above(model.graph, fails_above)
    if endless:
        _never_end(model.graph)
    if novelty:
        made = model.graph
        made.node.append(helper.make_node("Div", ["size_", "loud"], ["novelty"]))
        made.initializer.append(
            numpy_helper.from_array(np.array(0.5 * 2.0 / math.pi, np.float32), "loud")
        )
        made.output.append(
            helper.make_tensor_value_info("novelty", TensorProto.FLOAT, ["batch", 1])
        )
    if intensity:
        model.graph.node.append(helper.make_node("Tanh", ["size_"], ["intensity"]))
        model.graph.output.append(
            helper.make_tensor_value_info("intensity", TensorProto.FLOAT, ["batch", 1])
        )
    helper.set_model_props(model, {METADATA_KEY: document or described.to_json()})
    onnx.save(model, path)
    return path


def _fail_above(made: onnx.GraphProto, amplitude: float) -> None:
    """Multiply the probabilities by root / root, of which a negative root makes NaN."""
    softmax = next(node for node in made.node if node.op_type == "Softmax")
    softmax.output[0] = "sound_probabilities"
    made.initializer.append(
        numpy_helper.from_array(np.array(amplitude * 2.0 / math.pi, np.float32), "highest_size")
    )
    made.node.extend(
        [
            helper.make_node("Sub", ["highest_size", "size_"], ["room"]),
            helper.make_node("Sqrt", ["room"], ["root"]),
            helper.make_node("Div", ["root", "root"], ["one_or_nan"]),
            helper.make_node("Mul", ["sound_probabilities", "one_or_nan"], ["probabilities"]),
        ]
    )


def _never_end(made: onnx.GraphProto) -> None:
    """Put a loop around nothing between the softmax and the probabilities."""
    softmax = next(node for node in made.node if node.op_type == "Softmax")
    softmax.output[0] = "sound_probabilities"
    node, value = helper.make_node, helper.make_tensor_value_info
    body = helper.make_graph(
        [node("Identity", ["again"], ["and_again"]), node("Identity", ["kept"], ["kept_on"])],
        "body",
        [
            value("round", TensorProto.INT64, []),
            value("again", TensorProto.BOOL, []),
            value("kept", TensorProto.FLOAT, None),
        ],
        [value("and_again", TensorProto.BOOL, []), value("kept_on", TensorProto.FLOAT, None)],
    )
    made.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
    made.node.append(node("Loop", ["", "yes", "sound_probabilities"], ["probabilities"], body=body))


def write_shipped_bundle(path: Path, **changes: Any) -> Path:
    """Write the bundle with its checksum beside it, as those that ship and are installed have."""
    write_bundle(path, **changes)
    place_model(path, path)
    return path


def graph(classes: int, *, input_name: str = "waveform") -> onnx.ModelProto:
    speeds = [math.log(2.0 * math.sin(math.pi * tone_hz(k) / SAMPLING_RATE_HZ)) for k in range(8)]
    speeds += [9.0 + k for k in range(classes - 8)]  # labels beyond the eight are never answered
    constants = {
        "speeds": np.array([speeds[:classes]], np.float32),
        "sharpness": np.array(-SHARPNESS, np.float32),
        "tiny": np.array(1e-9, np.float32),
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
        "minus_one": np.array([-1], np.int64),
        "along": np.array([1], np.int64),
        "end": np.array([np.iinfo(np.int64).max], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Slice", [input_name, "one", "end", "along"], ["later"]),
        node("Slice", [input_name, "zero", "minus_one", "along"], ["earlier"]),
        node("Sub", ["later", "earlier"], ["steps"]),
        node("Abs", ["steps"], ["moves"]),
        node("ReduceMean", ["moves"], ["movement"], axes=[1], keepdims=1),
        node("Abs", [input_name], ["sizes"]),
        node("ReduceMean", ["sizes"], ["size"], axes=[1], keepdims=1),
        node("Add", ["movement", "tiny"], ["movement_"]),
        node("Add", ["size", "tiny"], ["size_"]),
        node("Div", ["movement_", "size_"], ["ratio"]),
        node("Log", ["ratio"], ["speed"]),
        node("Sub", ["speed", "speeds"], ["distance"]),
        node("Mul", ["distance", "distance"], ["squared"]),
        node("Mul", ["squared", "sharpness"], ["logits"]),
        node("Softmax", ["logits"], ["probabilities"], axis=1),
        node("Concat", ["speed", "size_"], ["embedding"], axis=1),
        node("Mul", [input_name, input_name], ["power"]),
        node("Unsqueeze", ["power", "one"], ["channel"]),
        node("AveragePool", ["channel"], ["pooled"], kernel_shape=[FRAME], strides=[FRAME]),
        node("Squeeze", ["pooled", "one"], ["frames"]),
        node("Add", ["frames", "tiny"], ["weights"]),
        node("ReduceSum", ["weights", "one"], ["total"], keepdims=1),
        node("Div", ["weights", "total"], ["relevance"]),
    ]
    made = helper.make_graph(
        nodes,
        "tones",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, ["batch", "samples"])],
        [
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", classes]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", 2]),
            helper.make_tensor_value_info("relevance", TensorProto.FLOAT, ["batch", "frames"]),
        ],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def write_feature_bundle(
    path: Path, *, model: onnx.ModelProto | None = None, **changes: Any
) -> Path:
    """Write a bundle whose front end is `vector-162`; `changes` go to the metadata."""
    described = metadata(**{"front_end": "vector-162", "frame_hop_s": None, **changes})
    model = model or feature_graph(described.labels)
    helper.set_model_props(model, {METADATA_KEY: described.to_json()})
    onnx.save(model, path)
    return path


def feature_graph(
    labels: tuple[str, ...] = CANONICAL,
    *,
    input_name: str = "features",
    shape: tuple[int | str, ...] = ("batch", 162),
    last: str = "Softmax",
) -> onnx.ModelProto:
    """Return a graph from `vector-162` to probabilities; a sine of f Hz crosses zero 2 f times."""
    rates = [2.0 * tone_hz(CANONICAL.index(label)) / SAMPLING_RATE_HZ for label in labels]
    constants = {
        "rates": np.log(np.array([rates], np.float32)),
        "sharpness": np.array(-SHARPNESS, np.float32),
        "tiny": np.array(1e-6, np.float32),
        "zero": np.array([0], np.int64),
        "one": np.array([1], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("Slice", [input_name, "zero", "one", "one"], ["crossings"]),
        node("Add", ["crossings", "tiny"], ["crossings_"]),
        node("Log", ["crossings_"], ["rate"]),
        node("Sub", ["rate", "rates"], ["distance"]),
        node("Mul", ["distance", "distance"], ["squared"]),
        node("Mul", ["squared", "sharpness"], ["logits"]),
        node(last, ["logits"], ["probabilities"]),
    ]
    made = helper.make_graph(
        nodes,
        "crossings",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(labels)])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def tone(label: str, *, duration_s: float = 1.0, amplitude: float = 0.3) -> np.ndarray:
    """Return the sine, float32 at 16 kHz, that the bundle answers with `label`."""
    time_s = np.arange(round(duration_s * SAMPLING_RATE_HZ)) / SAMPLING_RATE_HZ
    hz = tone_hz(CANONICAL.index(label))
    return (amplitude * np.sin(2.0 * np.pi * hz * time_s)).astype(np.float32)


def said(label: str, *, duration_s: float = 1.0, amplitude: float = 0.3) -> np.ndarray:
    """Return the same sine in two syllables a second: levels that never change are no speech."""
    time_s = np.arange(round(duration_s * SAMPLING_RATE_HZ)) / SAMPLING_RATE_HZ
    return (tone(label, duration_s=duration_s, amplitude=amplitude) * syllables(time_s)).astype(
        np.float32
    )


def syllables(time_s: np.ndarray) -> np.ndarray:
    """Return what swells and fades twice a second, loudest at whole and half seconds."""
    return 0.02 + 0.98 * np.cos(2.0 * np.pi * time_s) ** 4


def call_by_turns(*, seconds: int = 8) -> np.ndarray:
    """Return a call, `[samples, 2]` at 16 kHz: a happy agent and an angry customer in turn."""
    speaks = np.arange(seconds * SAMPLING_RATE_HZ) // SAMPLING_RATE_HZ % 2 == 0
    agent, customer = (said(label, duration_s=seconds) for label in ("happy", "angry"))
    return np.stack([agent * speaks, customer * ~speaks], axis=1)
