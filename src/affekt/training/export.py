"""From a trained network to the bundle: one ONNX file, waveform in, metadata inside."""

from __future__ import annotations

import dataclasses
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor

import affekt
from affekt.errors import BundleError
from affekt.recognition import Bundle, BundleMetadata
from affekt.recognition.bundles import (
    FEATURES_NAME,
    INPUT_NAME,
    METADATA_KEY,
    OUTPUT_NAMES,
    write_model,
)
from affekt.training.console import plain_story
from affekt.training.graph import FeatureGraph, Graph, WaveformGraph, make_graph
from affekt.training.module import TrainingModule
from affekt.training.quantise import quantise
from affekt.training.recipe import Recipe

FloatArray = npt.NDArray[np.float32]

PARITY_TOLERANCE = 1e-4
INT8_TOLERANCE = 0.1
PARITY_DURATIONS_S: tuple[float, ...] = (0.1, 0.5, 1.7, 3.0, 7.3, 30.0)
PARITY_BATCHES = (1, 2, 5)


def export_bundle(
    module: TrainingModule, recipe: Recipe, metadata: BundleMetadata, path: Path, *, force: bool
) -> float:
    """Write the bundle of a trained network, its front end in the graph where that is possible.

    Args:
        module: trained, in evaluation mode, on the CPU.
        recipe: that it was trained by.
        metadata: goes into the file, its temperature into the graph.
        path: of the file to write.
        force: replace a file that Affekt did not write.

    Returns:
        The greatest difference found between the file and the network.

    Raises:
        BundleError: they differ.
    """
    graph = make_graph(module.network, module.normalisation, recipe, metadata.temperature)
    eight_bit = recipe.bundle.weights == "int8"
    return export_graph(graph, metadata, path, force=force, eight_bit=eight_bit)


@plain_story()
def export_graph(
    graph: Graph,
    metadata: BundleMetadata,
    path: Path,
    *,
    force: bool = False,
    eight_bit: bool = False,
) -> float:
    """Write a bundle, unless it answers otherwise than the graph does.

    Args:
        graph: in evaluation mode, on the CPU.
        metadata: goes into the file.
        path: of the file to write; an older one is replaced only when all is well.
        force: replace a file that Affekt did not write.
        eight_bit: keep the large matrices in eight bits, once the graph in full precision has
            passed.

    Returns:
        The greatest difference found between the two.

    Raises:
        BundleError: ONNX Runtime and torch differ by more than `PARITY_TOLERANCE` at some length
            or for some batch, in eight bits by more than `INT8_TOLERANCE`; or no matrix is large.
        ConfigError: the file may not be replaced, or cannot be written.
    """
    graph.eval()
    proto = _of_waveforms(graph) if isinstance(graph, WaveformGraph) else _of_features(graph)
    _strip_traces(proto)
    proto.producer_name, proto.producer_version = "affekt", affekt.__version__
    onnx.helper.set_model_props(proto, {METADATA_KEY: metadata.to_json()})
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / path.name
        onnx.save(proto, candidate)
        difference = check_parity(graph, candidate)
        if eight_bit:
            quantised = _quantised(proto, path)
            onnx.save(quantised, candidate)
            difference = check_parity(graph, candidate, tolerance=INT8_TOLERANCE)
        write_model(candidate.read_bytes(), path, force=force)
    return difference


def _quantised(proto: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    try:
        return quantise(proto)
    except ValueError as error:
        raise BundleError(f"{path.name}: bundle.weights = 'int8': {error}") from None


def check_parity(graph: Graph, path: Path, *, tolerance: float = PARITY_TOLERANCE) -> float:
    """Return the greatest difference between a bundle and torch over all lengths and batches.

    Raises:
        BundleError: it exceeds the tolerance; the message names output, and length or batch.
    """
    worst, names = 0.0, graph.output_names()
    for where, expected, found in _answers(graph, Bundle.load(path, threads=1)):
        for name, ours, theirs in zip(names, expected, found[: len(names)], strict=True):
            what = f"{path.name} refused: {name}"
            difference = _difference(ours, theirs, what=what, where=where, allowed=tolerance)
            worst = max(worst, difference)
    return worst


def _answers(
    graph: Graph, bundle: Bundle
) -> Iterator[tuple[str, tuple[Tensor, ...], tuple[FloatArray, ...]]]:
    """Give what was put in, what torch answers, and what ONNX Runtime does."""
    rng = np.random.default_rng(0)
    durations_s = PARITY_DURATIONS_S
    if isinstance(graph, FeatureGraph):
        for size in PARITY_BATCHES:
            # Spread as the features of the training part are: the network sees its own range.
            drawn = rng.standard_normal((size, *graph.features.shape), dtype=np.float32)
            batch = torch.from_numpy(drawn) * graph.scale + graph.mean
            with torch.inference_mode():
                yield f"for a batch of {size}", graph(batch), (bundle.classify(batch.numpy()),)
        durations_s = durations_s[::2]  # both compute the features alike, and of one shape
    for duration_s in durations_s:
        samples = round(duration_s * bundle.metadata.sampling_rate_hz)
        waveforms = (0.1 * rng.standard_normal((2, samples))).astype(np.float32)
        found = bundle.run(waveforms)
        yield (
            f"at {duration_s} s",
            graph.answer(waveforms),
            tuple(x for x in found if x is not None),
        )


def _difference(
    expected: Tensor,
    found: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    *,
    what: str,
    where: str,
    allowed: float,
) -> float:
    """Return the greatest difference between torch and ONNX Runtime.

    What has no fixed range may be far from one, so the difference is taken relative to the largest
    value of torch's where that exceeds one.

    Args:
        expected: torch's answer.
        found: ONNX Runtime's.
        what: file and output, for the error.
        where: what was put in, for the error.
        allowed: the greatest difference that passes.

    Raises:
        BundleError: the shapes differ, or the values by more than is allowed.
    """
    reference = expected.numpy()
    if reference.shape != found.shape:
        raise BundleError(
            f"export of {what} has shape {found.shape} in ONNX Runtime and {reference.shape} in "
            f"torch {where}"
        )
    scale = max(1.0, float(np.abs(reference).max()))
    difference = float(np.abs(reference - found).max()) / scale
    if not difference <= allowed:
        raise BundleError(
            f"export of {what} differs from torch by {difference:.1e} {where}, allowed is "
            f"{allowed:.0e}"
        )
    return difference


def _of_waveforms(graph: WaveformGraph) -> onnx.ModelProto:
    """Return the graph in ONNX form, any batch of any length."""
    dynamic = torch.export.Dim.DYNAMIC
    program = torch.onnx.export(
        graph,
        (torch.zeros(2, 16000),),
        dynamo=True,
        input_names=[INPUT_NAME],
        output_names=list(graph.output_names()),
        dynamic_shapes={"waveform": {0: dynamic, 1: dynamic}},
        external_data=False,
        verbose=False,
    )
    if program is None:  # only without `dynamo`
        raise BundleError("torch.onnx.export gave no program")
    return program.model_proto


def _of_features(graph: FeatureGraph) -> onnx.ModelProto:
    """Return the graph in ONNX form, any batch of features of one shape."""
    probabilities = OUTPUT_NAMES[0]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Of the tracing exporter: it is to go one day, and a batch that it sees may become fixed.
        # The other one takes 15 s where this takes 0.1 s (GRU); what was fixed, parity finds.
        warnings.simplefilter("ignore")
        file = Path(folder) / "graph.onnx"
        torch.onnx.export(
            graph,
            (torch.zeros(2, *graph.features.shape),),
            file,
            dynamo=False,
            input_names=[FEATURES_NAME],
            output_names=[probabilities],
            dynamic_axes={FEATURES_NAME: {0: "batch"}, probabilities: {0: "batch"}},
        )
        return onnx.load(file)


def _strip_traces(proto: onnx.ModelProto) -> None:
    """Remove the exporter's notes, which hold source lines and paths of this machine."""
    del proto.metadata_props[:]
    proto.doc_string = ""
    proto.graph.doc_string = ""
    del proto.graph.metadata_props[:]
    for node in proto.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in (*proto.graph.input, *proto.graph.output, *proto.graph.value_info):
        value.doc_string = ""
        del value.metadata_props[:]


def record_figures(path: Path, figures: Mapping[str, Any]) -> None:
    """Add measured figures to the metadata of a bundle; its graph stays as it is.

    Args:
        path: of the bundle.
        figures: by name; one that is there already is replaced.

    Raises:
        ConfigError: the file cannot be written.
    """
    metadata = Bundle.load(path, threads=1).metadata
    merged = dataclasses.replace(metadata, figures={**metadata.figures, **figures})
    proto = onnx.load(path)
    onnx.helper.set_model_props(proto, {METADATA_KEY: merged.to_json()})
    write_model(proto.SerializeToString(), path, force=True)  # in its own place, as asked
