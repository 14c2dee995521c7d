"""From a trained network to the bundle: one ONNX file, waveform in, metadata inside."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import onnx
import torch
from torch import Tensor, nn

from affekt.config import to_mapping
from affekt.corpora import CORPORA
from affekt.errors import BundleError
from affekt.features.spectra import LogMelConfig
from affekt.models import LogMelFrontEnd
from affekt.recognition import Bundle, BundleMetadata
from affekt.recognition.bundle import INPUT_NAME, METADATA_KEY, OUTPUT_NAMES
from affekt.recognition.checksum import write_model
from affekt.records import Utterance
from affekt.training.bundle_file import compare, write_bundle
from affekt.training.calibration import Calibration
from affekt.training.classifier_export import ClassifierGraph, export_classifier
from affekt.training.console import plain_story
from affekt.training.data import Normalisation
from affekt.training.fit import Fitted
from affekt.training.module import TrainingModule
from affekt.training.recipe import Recipe

PARITY_DURATIONS_S = (0.1, 0.5, 1.7, 3.0, 7.3, 30.0)


class WaveformModel(nn.Module):
    """What a bundle computes: front end, network, temperature."""

    def __init__(self, network: nn.Module, features: LogMelConfig, *, temperature: float) -> None:
        super().__init__()
        self.front_end = LogMelFrontEnd(features)
        self.network = network
        self.temperature = temperature

    def forward(self, waveform: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map `[batch, samples]` to probabilities, embedding and relevance."""
        answer = self.network(self.front_end(waveform))
        probabilities = torch.softmax(answer.logits / self.temperature, dim=1)
        return probabilities, answer.embedding, answer.relevance


@plain_story()
def export_bundle(
    model: WaveformModel, metadata: BundleMetadata, path: Path, *, force: bool = False
) -> float:
    """Write the bundle, unless it answers otherwise than the network does.

    Args:
        model: in evaluation mode.
        metadata: goes into the file.
        path: of the file to write; an older one is replaced only when all is well.
        force: replace a file that Affekt did not write.

    Returns:
        The greatest difference found between the two.

    Raises:
        BundleError: ONNX Runtime and torch differ by more than `PARITY_TOLERANCE` at some length.
    """
    model.eval()
    dynamic = torch.export.Dim.DYNAMIC
    program = torch.onnx.export(
        model,
        (torch.zeros(2, 16000),),
        dynamo=True,
        input_names=[INPUT_NAME],
        output_names=list(OUTPUT_NAMES),
        dynamic_shapes={"waveform": {0: dynamic, 1: dynamic}},
        external_data=False,
        verbose=False,
    )
    if program is None:  # only without `dynamo`
        raise BundleError("torch.onnx.export gave no program")
    check = functools.partial(check_parity, model)
    return write_bundle(program.model_proto, metadata, path, check=check, force=force)


def export(
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
    if isinstance(graph, WaveformModel):
        return export_bundle(graph, metadata, path, force=force)
    return export_classifier(graph, metadata, path, force=force)


def make_graph(
    network: nn.Module, normalisation: Normalisation, recipe: Recipe, temperature: float
) -> WaveformModel | ClassifierGraph:
    """Return what a bundle computes: of waveforms, or of features where a set computes these."""
    source = recipe.features.source
    if isinstance(source, LogMelConfig):
        return WaveformModel(network, source, temperature=temperature).eval()
    mean, scale = normalisation.mean, normalisation.scale
    return ClassifierGraph(network, mean=mean, scale=scale, temperature=temperature).eval()


def check_parity(model: WaveformModel, path: Path) -> float:
    """Return the greatest difference between a bundle and the torch model over all lengths.

    Raises:
        BundleError: it exceeds `PARITY_TOLERANCE`; the message names output and length.
    """
    bundle = Bundle.load(path, threads=1)
    rng = np.random.default_rng(0)
    worst = 0.0
    for duration_s in PARITY_DURATIONS_S:
        samples = round(duration_s * bundle.metadata.sampling_rate_hz)
        waveforms = (0.1 * rng.standard_normal((2, samples))).astype(np.float32)
        with torch.inference_mode():
            expected = model(torch.from_numpy(waveforms))
        # The first three are there: the front end lies in the graph.
        found = cast("tuple[npt.NDArray[np.float32], ...]", bundle.run(waveforms))[: len(expected)]
        for name, ours, theirs in zip(OUTPUT_NAMES, expected, found, strict=True):
            what = f"{path.name} refused: {name}"
            worst = max(worst, compare(ours, theirs, what=what, where=f"at {duration_s} s"))
    return worst


def describe(
    recipe: Recipe, fitted: Fitted, calibration: Calibration, *, licence_text: str
) -> BundleMetadata:
    """Gather what the bundle says of itself."""
    originals = fitted.train.targets[fitted.train.copy == 0]
    labels = [recipe.labels[target] for target in originals]
    held_out = [*fitted.parts.lockbox, *fitted.parts.calibrate]
    if "select" not in recipe.protocol.train_on:
        held_out.extend(fitted.parts.select)
    return BundleMetadata(
        name=recipe.name,
        version=recipe.bundle.version,
        labels=recipe.labels,
        temperature=calibration.temperature,
        threshold=calibration.threshold,
        licence=recipe.bundle.licence,
        licence_text=licence_text or corpora_terms(fitted.train.utterances),
        training_data=tuple(training_data(fitted.train.utterances)),
        held_out=_speakers(held_out),
        recipe={**to_mapping(recipe), "class_counts": dict(Counter(labels))},
        figures={
            "cross_fitted_ua" if calibration.cross_fitted else "calibrate_ua": {
                corpus: round(value, 4) for corpus, value in calibration.ua.items()
            }
        },
        prediction_set=calibration.prediction_set,
        created=dt.datetime.now(dt.UTC).date().isoformat(),
        description=recipe.bundle.description,
        not_for=recipe.bundle.not_for,
        **front_end_of(recipe, fitted.module.network),
    )


def corpora_terms(utterances: Iterable[Utterance]) -> str:
    """Return the terms of the recordings that a model learnt from, which bind its weights."""
    names = dict.fromkeys(item.corpus for item in utterances)
    terms = "; ".join(
        f"{CORPORA[name].title if name in CORPORA else name}: {_licence(name)}" for name in names
    )
    return f"Trained on recordings under these terms, which bind the weights: {terms}."


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


def front_end_of(recipe: Recipe, network: nn.Module) -> dict[str, Any]:
    """Return what a bundle says of its front end: the feature set, or the step of its relevance."""
    if recipe.features.set != "log-mel":
        return {"front_end": recipe.features.set}
    # Whatever takes clips of any length says how many frames make one of the relevance.
    return {"frame_hop_s": recipe.features.frame_hop_s * cast("int", network.stride)}


def training_data(utterances: Sequence[Utterance]) -> list[dict[str, Any]]:
    """Return what a bundle says of the recordings it learnt from, one mapping a corpus."""
    rows = []
    for corpus in dict.fromkeys(item.corpus for item in utterances):
        items = [item for item in utterances if item.corpus == corpus]
        rows.append(
            {
                "corpus": corpus,
                "licence": _licence(corpus),
                "utterances": len(items),
                "speakers": len({item.speaker for item in items}),
            }
        )
    return rows


def _licence(corpus: str) -> str:
    """Return the terms of a corpus in words; of people's own nobody else knows them."""
    return CORPORA[corpus].licence.id if corpus in CORPORA else "as its owner says"


def _speakers(utterances: Sequence[Utterance]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for item in utterances:
        found.setdefault(item.corpus, set()).add(item.speaker)
    return {corpus: sorted(speakers) for corpus, speakers in found.items()}
