"""An audio-classification model of Hugging Face, by its name there or from a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from affekt.audio import SAMPLING_RATE_HZ, Signal
from affekt.errors import BundleError, MissingExtraError
from affekt.evaluation.runs import Probabilities
from affekt.evaluation.sources.base import LabelMap, SignalSource, rename
from affekt.recognition.bundles import Outputs


def open_hugging_face(name: str, *, labels: LabelMap | None = None) -> SignalSource:
    """Open a model; code that comes with it is never run, and pickled weights are refused.

    Args:
        name: of a repository, or a folder that `save_pretrained` wrote.
        labels: what its classes mean.

    Raises:
        BundleError: it cannot be loaded, listens at another rate, gives more than one label at
            once, or a class has no map.
        MissingExtraError: the extra `ssl` is not installed.
    """
    model, extractor = _load(name)
    if extractor.sampling_rate != SAMPLING_RATE_HZ:
        raise BundleError(
            f"hf:{name}: listens at {extractor.sampling_rate} Hz; only models of "
            f"{SAMPLING_RATE_HZ} Hz can be measured"
        )
    if model.config.problem_type in {"multi_label_classification", "regression"}:
        raise BundleError(
            f"hf:{name}: a model for {model.config.problem_type.replace('_', ' ')}; one label a "
            "clip is needed"
        )
    words = [model.config.id2label[place] for place in range(model.config.num_labels)]
    renaming = rename(words, labels, where=f"hf:{name}")

    def predict(signal: Signal) -> Outputs:
        return Outputs.of_clip(_probabilities(model, extractor, signal) @ renaming.matrix)

    folder = Path(name)
    return SignalSource(
        kind="Hugging Face",
        name=folder.resolve().name,
        title=f"hf:{folder.resolve().name if folder.is_dir() else name}",
        location=f"hf:{name}",
        sha256=_sha256(model),
        labels=renaming.labels,
        predict=predict,
    )


def _load(name: str) -> tuple[Any, Any]:
    try:
        import transformers
    except ModuleNotFoundError:
        raise MissingExtraError(
            what="a model of Hugging Face", package="transformers", extra="ssl"
        ) from None
    place = {"local_files_only": True} if Path(name).is_dir() else {}
    shown = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    try:
        extractor = transformers.AutoFeatureExtractor.from_pretrained(name, **place)
        model, loading = transformers.AutoModelForAudioClassification.from_pretrained(
            name, use_safetensors=True, output_loading_info=True, **place
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = str(error).strip().splitlines()[0]
        raise BundleError(
            f"hf:{name}: no audio-classification model that can be loaded: {first}"
        ) from None
    finally:
        transformers.logging.set_verbosity(shown)
    if loading["missing_keys"]:
        raise BundleError(
            f"hf:{name}: holds no weights for {', '.join(sorted(loading['missing_keys'])[:3])}: an "
            "encoder that was not trained to classify"
        )
    return model.eval(), extractor


def _probabilities(model: Any, extractor: Any, signal: Signal) -> Probabilities:
    import torch

    inputs = extractor(signal, sampling_rate=SAMPLING_RATE_HZ, return_tensors="pt")
    try:
        with torch.inference_mode():
            logits = model(**inputs).logits[0]
    except RuntimeError as error:
        first = str(error).splitlines()[0]
        raise BundleError(
            f"a clip of {signal.size / SAMPLING_RATE_HZ:.2f} s cannot be predicted: {first}"
        ) from None
    values: Probabilities = torch.softmax(logits.double(), dim=0).numpy()
    return values


def _sha256(model: Any) -> str:
    """Return one sum over names and values of all weights, however the files are cut."""
    digest = hashlib.sha256()
    for name, values in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(values.float().cpu().numpy()).tobytes())
    return digest.hexdigest()
