"""What can be measured, by name or path: models of ours and of others, and mere predictions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import onnxruntime

from affekt.audio import Signal
from affekt.corpora.tables import SUFFIXES
from affekt.errors import BundleError, ConfigError
from affekt.evaluation.runs import Probabilities
from affekt.evaluation.sources.base import (
    LabelMap,
    Learnt,
    SignalSource,
    Source,
)
from affekt.evaluation.sources.onnx_classifier import open_onnx_classifier
from affekt.evaluation.sources.predictions import PredictionTable, open_predictions
from affekt.recognition import Recognizer
from affekt.recognition.bundles import METADATA_KEY, Outputs, file_sha256

__all__ = [
    "LabelMap",
    "Learnt",
    "Network",
    "PredictionTable",
    "SignalSource",
    "Source",
    "open_source",
]

HUGGING_FACE = "hf:"


class Network(Learnt, Protocol):
    """What a checkpoint is read into, by whoever can."""

    @property
    def title(self) -> str:
        """Name of the run, and how far it came."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """In the order of the probabilities."""
        ...

    def predict(self, signal: Signal) -> Probabilities:
        """Map a mono signal at 16 kHz to probabilities `[labels]`."""
        ...


def open_source(
    text: str,
    *,
    features: str | None = None,
    labels: LabelMap | None = None,
    open_checkpoint: Callable[[Path], Network] | None = None,
) -> Source:
    """Open what a user names.

    Args:
        text: name of a bundle; path of a bundle, of a training checkpoint (`.ckpt`), of a
            classifier that skl2onnx wrote (`.onnx`) or of a table of predictions (CSV, JSON lines
            or Parquet); or `hf:` and the name or folder of an audio-classification model of
            Hugging Face.
        features: the feature set that a classifier of skl2onnx takes.
        labels: what words of a foreign model mean; asked before the synonyms.
        open_checkpoint: reads a checkpoint; given by whoever may load the training code.

    Raises:
        BundleError: there is no such model, or it cannot be used; the message holds the remedy.
        ConfigError: a table cannot be used, or an option does not belong to this source.
        CorpusError: a table cannot be read.
        MissingExtraError: an optional part is not installed.
    """
    if text.startswith(HUGGING_FACE):
        from affekt.evaluation.sources.hugging_face import open_hugging_face

        return open_hugging_face(text.removeprefix(HUGGING_FACE), labels=labels)
    path = Path(text)
    match path.suffix.lower():
        case suffix if suffix in SUFFIXES:
            return open_predictions(path, labels=labels)
        case ".ckpt":
            return _checkpoint(path, open_checkpoint)
        case ".onnx" if path.is_file() and not _is_bundle(path):
            return open_onnx_classifier(path, features=features, labels=labels)
    return _bundle(text)


def _bundle(text: str) -> Source:
    recognizer = Recognizer.load(text)
    bundle = recognizer.bundle
    return SignalSource(
        kind="bundle",
        name=bundle.metadata.name,
        title=bundle.metadata.title,
        location=str(bundle.path),
        sha256=bundle.sha256,
        labels=bundle.metadata.labels,
        learnt=bundle.metadata,
        predict=recognizer.outputs,
    )


def _checkpoint(path: Path, read: Callable[[Path], Network] | None) -> Source:
    if not path.is_file():
        raise BundleError(f"{path}: no such checkpoint")
    if read is None:
        raise ConfigError(f"{path}: checkpoints cannot be opened here; export a bundle first")
    network = read(path)
    return SignalSource(
        kind="checkpoint",
        name=path.stem,
        title=network.title,
        location=str(path),
        sha256=file_sha256(path),
        labels=network.labels,
        learnt=network,
        predict=lambda signal: Outputs.of_clip(network.predict(signal)),
    )


def _is_bundle(path: Path) -> bool:
    """Tell a bundle from another ONNX file; the recognizer refuses one that cannot be opened."""
    try:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return METADATA_KEY in session.get_modelmeta().custom_metadata_map
    except Exception:  # ONNX Runtime's errors share no root of their own
        return True
