"""Putting a calibrator into the graph of a bundle, behind its softmax."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

from affekt.errors import BundleError
from affekt.recognition import Bundle, BundleMetadata
from affekt.recognition.bundles import (
    METADATA_KEY,
    NOVELTY_NAME,
    OUTPUT_NAMES,
    UNCALIBRATED_NAME,
    write_model,
)
from affekt.training.calibration.fit import Calibrator

PREFIX = "calibration/"
_GIVEN = PREFIX + "given"
_DURATIONS_S = (0.1, 0.5, 1.7, 3.0, 7.3, 30.0)
_TOLERANCE = 1e-4
_SMALLEST = 1e-30  # whose logarithm a float32 still holds


def write_calibrated(
    source: Path,
    out: Path,
    calibrator: Calibrator,
    metadata: BundleMetadata,
    *,
    force: bool = False,
) -> float:
    """Write a bundle with a calibrator inside; one that was there before makes way.

    Args:
        source: of the bundle, which may be `out` itself.
        out: of the file to write; replaced only when all is well. A bundle in its own place is.
        calibrator: fitted to the logits of this bundle.
        metadata: goes into the file.
        force: replace a file that Affekt did not write.

    Returns:
        The greatest difference found between the file and the calibrator in numpy.

    Raises:
        BundleError: they differ.
        ConfigError: the file may not be replaced, or cannot be written.
    """
    proto = onnx.load(source)
    strip(proto)
    plain = metadata_of(source)
    _append(proto, calibrator, plain.temperature, classes=len(plain.labels))
    helper.set_model_props(proto, {METADATA_KEY: metadata.to_json()})
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / out.name
        onnx.save(proto, candidate)
        difference = _check(source, candidate, calibrator)
        in_place = out == source
        write_model(candidate.read_bytes(), out, force=force or in_place)
    return difference


def metadata_of(path: Path) -> BundleMetadata:
    """Return what a bundle file says of itself."""
    return Bundle.load(path).metadata


def logits_of(
    probabilities: npt.NDArray[np.floating], temperature: float
) -> npt.NDArray[np.float64]:
    """Return what a network said before its temperature, up to a constant; shapes are kept."""
    logits: npt.NDArray[np.float64] = temperature * np.log(
        np.maximum(probabilities.astype(np.float64), _SMALLEST)
    )
    return logits


def strip(proto: onnx.ModelProto) -> None:
    """Take a calibrator out of a graph, in place; a graph without one stays as it is."""
    graph = proto.graph
    for items in (graph.node, graph.initializer):
        kept = [item for item in items if not item.name.startswith(PREFIX)]
        del items[:]
        items.extend(kept)
    kept_outputs = [
        item for item in graph.output if item.name not in (NOVELTY_NAME, UNCALIBRATED_NAME)
    ]
    del graph.output[:]
    graph.output.extend(kept_outputs)
    _rename(graph, _GIVEN, OUTPUT_NAMES[0])


def _rename(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new


def _append(
    proto: onnx.ModelProto, calibrator: Calibrator, temperature: float, *, classes: int
) -> None:
    """Add the nodes: log, undo the temperature, divide by the clip's own, softmax; novelty."""
    graph = proto.graph
    _rename(graph, OUTPUT_NAMES[0], _GIVEN)
    constants = {
        "smallest": np.array(_SMALLEST),
        "temperature": np.array(temperature),
        "weights": calibrator.weights,
        "bias": calibrator.bias,
        "log_temperatures": calibrator.log_temperatures[:, np.newaxis],
        "novelty_weights": calibrator.novelty_weights[:, np.newaxis],
        "novelty_bias": np.array([calibrator.novelty_bias]),
        "two": np.array(2.0),
    }
    graph.initializer.extend(
        numpy_helper.from_array(values.astype(np.float32), PREFIX + name)
        for name, values in constants.items()
    )

    def add(kind: str, inputs: str, output: str, **attributes: Any) -> None:
        own = {*constants, *(node.name.removeprefix(PREFIX) for node in graph.node)}
        names = [PREFIX + name if name in own else name for name in inputs.split()]
        last = output in (OUTPUT_NAMES[0], UNCALIBRATED_NAME, NOVELTY_NAME)
        target = output if last else PREFIX + output
        graph.node.append(helper.make_node(kind, names, [target], PREFIX + output, **attributes))

    add("Max", f"{_GIVEN} smallest", "floored")
    add("Log", "floored", "log")
    add("Mul", "log temperature", "logits")
    add("Softmax", "logits", UNCALIBRATED_NAME, axis=1)
    add("Gemm", f"{OUTPUT_NAMES[1]} weights bias", "resemblance")
    add("Softmax", "resemblance", "shares", axis=1)
    add("MatMul", "shares log_temperatures", "log_temperature")
    add("Exp", "log_temperature", "own_temperature")
    add("Div", "logits own_temperature", "scaled")
    add("Softmax", "scaled", OUTPUT_NAMES[0], axis=1)
    add("Gemm", f"{OUTPUT_NAMES[1]} novelty_weights novelty_bias", "away")
    add("Sigmoid", "away", "strange")
    add("Mul", "strange two", NOVELTY_NAME)
    for name, width in ((NOVELTY_NAME, 1), (UNCALIBRATED_NAME, classes)):
        graph.output.append(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", width])
        )


def _check(source: Path, candidate: Path, calibrator: Calibrator) -> float:
    """Compare the file with numpy over all lengths.

    Raises:
        BundleError: they differ by more than a ten-thousandth.
    """
    proto = onnx.load(source)
    strip(proto)
    plain_path = candidate.with_suffix(".plain.onnx")
    onnx.save(proto, plain_path)
    plain, calibrated = Bundle.load(plain_path), Bundle.load(candidate)
    rng = np.random.default_rng(0)
    worst = 0.0
    for duration_s in _DURATIONS_S:
        samples = round(duration_s * plain.metadata.sampling_rate_hz)
        waveform = (0.1 * rng.standard_normal(samples)).astype(np.float32)
        expected, found = plain.run(waveform[np.newaxis]), calibrated.run(waveform[np.newaxis])
        if expected.embedding is None or found.novelty is None:
            raise BundleError(f"{source}: only a bundle that gives an embedding can be calibrated")
        embedding = expected.embedding.astype(np.float64)
        logits = logits_of(expected.probabilities, plain.metadata.temperature)
        pairs = (
            (calibrator.probabilities(logits, embedding), found.probabilities),
            (calibrator.novelty(embedding), found.novelty[:, 0]),
        )
        for ours, theirs in pairs:
            worst = max(worst, float(np.abs(ours - theirs).max()))
    if not worst <= _TOLERANCE:
        raise BundleError(
            f"{candidate.name} refused: it differs from its calibrator by {worst:.1e}"
        )
    return worst
