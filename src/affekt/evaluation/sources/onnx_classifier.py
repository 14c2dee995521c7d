"""A classifier that skl2onnx wrote: a feature set goes in, a label and probabilities come out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from affekt.audio import Signal
from affekt.errors import BundleError, ConfigError, MissingExtraError
from affekt.evaluation.runs import Probabilities
from affekt.evaluation.sources.base import LabelMap, SignalSource, rename
from affekt.features import FEATURE_SETS, FeatureSet, find_feature_set
from affekt.recognition.bundles import Outputs, file_sha256

_TOLERANCE = 1e-3
_FLOATS = {"tensor(float)": np.float32, "tensor(double)": np.float64}


def open_onnx_classifier(
    path: Path, *, features: str | None, labels: LabelMap | None = None
) -> SignalSource:
    """Open a classifier of scikit-learn's in ONNX form.

    Args:
        path: of the file.
        features: name of the feature set it takes, as one row of numbers a clip.
        labels: what its classes mean.

    Raises:
        BundleError: it cannot be run, its inputs or outputs are others, or a class has no map.
        ConfigError: no feature set was named, or one of another width.
        MissingExtraError: its classes lie in its graph, and `onnx` is not installed.
    """
    if features is None:
        raise ConfigError(
            f"{path}: no bundle but another ONNX file; --features SET says what it takes "
            f"({', '.join(FEATURE_SETS)}), or make a bundle with: affekt train RECIPE"
        )
    feature_set = find_feature_set(features)
    classifier = _Classifier(path, feature_set)
    renaming = rename(classifier.classes(), labels, where=str(path))

    def predict(signal: Signal) -> Outputs:
        return Outputs.of_clip(classifier(feature_set.compute(signal)) @ renaming.matrix)

    return SignalSource(
        kind="scikit-learn",
        name=path.stem,
        title=f"{path.name} on {features}",
        location=str(path),
        sha256=file_sha256(path),
        labels=renaming.labels,
        predict=predict,
    )


class _Classifier:
    """The file, ready to run; refuses what is no classifier of rows of numbers."""

    def __init__(self, path: Path, feature_set: FeatureSet) -> None:
        self._path = path
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _FLOATS or len(inputs[0].shape) != 2:
            raise BundleError(
                f"{path}: expected one input of floats [batch, columns]; found "
                f"{', '.join(f'{item.name} {item.type} {item.shape}' for item in inputs)}"
            )
        self._input = inputs[0]
        width, wanted = int(np.prod(feature_set.shape)), self._input.shape[1]
        if isinstance(wanted, int) and wanted != width:
            raise ConfigError(
                f"{path}: takes {wanted} numbers a clip, but {feature_set.name} has {width}; "
                "--features must name what it learnt from"
            )
        outputs = [item for item in self._session.get_outputs() if "label" not in item.name]
        if len(outputs) != 1:
            raise BundleError(
                f"{path}: expected a label and probabilities, as skl2onnx writes them; found "
                f"{', '.join(item.name for item in self._session.get_outputs())}"
            )
        self._output = outputs[0].name
        self._probe = self._run(np.zeros(width))
        values = self(np.zeros(width, np.float32))
        if values.ndim != 1 or values.min() < 0.0 or not abs(values.sum() - 1.0) <= _TOLERANCE:
            raise BundleError(
                f"{path}: '{self._output}' holds no probabilities; the classifier must have "
                "predict_proba"
            )

    def classes(self) -> tuple[str, ...]:
        """Return the classes, in the order of the probabilities."""
        if isinstance(self._probe, Mapping):
            return tuple(str(name) for name in self._probe)
        found = _classes_of_graph(self._path)
        if len(found) != len(self._probe):
            raise BundleError(
                f"{self._path}: {len(self._probe)} probabilities, but {len(found)} classes in "
                "the file; write it with skl2onnx and the option zipmap"
            )
        return found

    def __call__(self, features: npt.NDArray[np.float32]) -> Probabilities:
        """Return the probabilities `[classes]` of the features of one clip."""
        answer = self._run(features)
        values = list(answer.values()) if isinstance(answer, Mapping) else answer
        return np.asarray(values, np.float64)

    def _run(self, features: npt.NDArray[np.floating]) -> Any:
        row = features.reshape(1, -1).astype(_FLOATS[self._input.type])
        try:
            (answer,) = self._session.run([self._output], {self._input.name: row})
        except Exception as error:  # ONNX Runtime's errors share no root of their own
            raise BundleError(f"{self._path}: fails on a row of features: {error}") from None
        return answer[0]


def _classes_of_graph(path: Path) -> tuple[str, ...]:
    """Read the classes from the node or the constant that skl2onnx keeps them in."""
    try:
        import onnx
        from onnx import numpy_helper
    except ModuleNotFoundError:
        raise MissingExtraError(
            what="reading the classes of this file", package="onnx", extra="train"
        ) from None
    graph = onnx.load(path).graph
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.name in {"classlabels_strings", "class_labels_strings"}:
                return tuple(item.decode() for item in attribute.strings)
            if attribute.name in {"classlabels_int64s", "classlabels_ints"} and attribute.ints:
                return tuple(str(item) for item in attribute.ints)
    for constant in graph.initializer:
        if constant.name == "classes":
            values = numpy_helper.to_array(constant).ravel().tolist()
            return tuple(item.decode() if isinstance(item, bytes) else str(item) for item in values)
    return ()
