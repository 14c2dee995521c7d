"""From a classifier of features to a bundle: the front end is a feature set outside the graph."""

from __future__ import annotations

import dataclasses
import functools
import tempfile
import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from affekt.errors import BundleError
from affekt.features.sets import FeatureSet
from affekt.models import Answer
from affekt.recognition import Bundle, BundleMetadata
from affekt.recognition.bundle import FEATURES_NAME, OUTPUT_NAMES
from affekt.training.bundle_file import compare, write_bundle

FloatArray = npt.NDArray[np.float32]

PARITY_BATCHES = (1, 2, 5)
PARITY_DURATIONS_S = (0.1, 1.7, 7.3)
_PROBABILITIES = OUTPUT_NAMES[0]


class ClassifierGraph(nn.Module):
    """What such a bundle computes: normalisation, network, temperature, softmax."""

    mean: Tensor
    scale: Tensor

    def __init__(
        self, network: nn.Module, *, mean: FloatArray, scale: FloatArray, temperature: float
    ) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("scale", torch.from_numpy(scale))

    def forward(self, features: Tensor) -> Tensor:
        """Map `[batch, *shape]` to probabilities `[batch, classes]`."""
        answer = self.network((features - self.mean) / self.scale)
        logits = answer.logits if isinstance(answer, Answer) else answer
        return torch.softmax(logits / self.temperature, dim=1)


def export_classifier(
    graph: ClassifierGraph, metadata: BundleMetadata, path: Path, *, force: bool = False
) -> float:
    """Write the bundle of a classifier, unless it answers otherwise than the network does.

    Args:
        graph: in evaluation mode, on the CPU.
        metadata: goes into the file; `front_end` names the feature set, and the version of that
            set is filled in.
        path: of the file to write; an older one is replaced only when all is well.
        force: replace a file that Affekt did not write.

    Returns:
        The greatest difference found between the probabilities of the two.

    Raises:
        BundleError: the metadata name no feature set, or ONNX Runtime and torch differ by more
            than `PARITY_TOLERANCE` on some batch or recording.
    """
    features = metadata.feature_set
    if features is None:
        raise BundleError(f"export of {path.name} refused: front_end must name a feature set")
    metadata = dataclasses.replace(metadata, front_end_version=features.version)
    check = functools.partial(check_parity, graph, features)
    return write_bundle(_trace(graph, features), metadata, path, check=check, force=force)


def check_parity(graph: ClassifierGraph, features: FeatureSet, path: Path) -> float:
    """Return the greatest difference between a bundle and torch, on features and from waveforms.

    Raises:
        BundleError: it exceeds `PARITY_TOLERANCE`; the message names the batch or the length.
    """
    bundle = Bundle.load(path, threads=1)
    rng = np.random.default_rng(0)
    what = f"{path.name} refused: {_PROBABILITIES}"
    worst = 0.0
    for size in PARITY_BATCHES:
        # Spread as the features of the training part are, so that the network sees its own range.
        drawn = torch.from_numpy(rng.standard_normal((size, *features.shape), dtype=np.float32))
        batch = drawn * graph.scale + graph.mean
        found = bundle.classify(batch.numpy())
        where = f"for a batch of {size}"
        worst = max(worst, compare(_answer(graph, batch), found, what=what, where=where))
    for duration_s in PARITY_DURATIONS_S:
        samples = round(duration_s * bundle.metadata.sampling_rate_hz)
        waveforms = 0.1 * rng.standard_normal((2, samples), dtype=np.float32)
        batch = torch.from_numpy(np.stack([features.compute(row) for row in waveforms]))
        found = bundle.run(waveforms).probabilities
        where = f"at {duration_s} s"
        worst = max(worst, compare(_answer(graph, batch), found, what=what, where=where))
    return worst


@torch.inference_mode()
def _answer(graph: ClassifierGraph, batch: Tensor) -> Tensor:
    probabilities: Tensor = graph(batch)
    return probabilities


def _trace(graph: ClassifierGraph, features: FeatureSet) -> onnx.ModelProto:
    """Return the graph in ONNX form, its batch dynamic."""
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Of the tracing exporter: it is to go one day, and a batch that it sees may become fixed.
        # The other one takes 15 s where this takes 0.1 s (GRU); what was fixed, parity finds.
        warnings.simplefilter("ignore")
        file = Path(folder) / "graph.onnx"
        torch.onnx.export(
            graph,
            (torch.zeros(2, *features.shape),),
            file,
            dynamo=False,
            input_names=[FEATURES_NAME],
            output_names=[_PROBABILITIES],
            dynamic_axes={FEATURES_NAME: {0: "batch"}, _PROBABILITIES: {0: "batch"}},
        )
        return onnx.load(file)
