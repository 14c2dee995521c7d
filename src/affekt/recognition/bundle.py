"""The bundle: one ONNX file that holds a model and all that must travel with it.

A waveform goes in (float32, mono, 16 kHz, `[batch, samples]`, both dynamic); `probabilities`
`[batch, classes]`, `embedding` `[batch, dim]` and `relevance` `[batch, frames]` come out. The
acoustic front end and the calibration lie inside the graph. Everything else is one JSON document
in the file's own metadata: `BundleMetadata`.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import onnxruntime

from affekt.audio import SAMPLING_RATE_HZ
from affekt.config import from_mapping, to_mapping
from affekt.errors import BundleError, ConfigError, did_you_mean

METADATA_KEY = "affekt"
SCHEMA_VERSION = "1"
INPUT_NAME = "waveform"
OUTPUT_NAMES = ("probabilities", "embedding", "relevance")

SHIPPED = ("default", "open")
_WEIGHTS = Path(__file__).resolve().parent.parent / "weights"


@dataclass(frozen=True, kw_only=True)
class BundleMetadata:
    """What a bundle says of itself.

    Attributes:
        name, version: who answers; every prediction carries both.
        labels: the classes, in the order of the probabilities' columns.
        sampling_rate_hz: of the waveform that goes in; 16000.
        frame_hop_s: step between two frames of the relevance, in seconds.
        temperature: what the logits are divided by inside the graph (for the record only).
        threshold: a confidence below it is uncertain (0 to 1).
        licence: short name of the terms of the weights.
        licence_text: those terms in full.
        training_data: one mapping a corpus: corpus, licence, utterances, speakers.
        held_out: corpus to the speakers that training never saw.
        recipe: the settings of the training run.
        figures: what was measured, by protocol.
        created: date, ISO 8601.
        description: what the model is, in a few sentences.
        not_for: uses it must not be put to.
        front_end: where the acoustic features are computed; "graph" is inside the file.
        schema_version: of this document.

    Raises:
        ValueError: a value outside its range.
    """

    name: str
    version: str
    labels: tuple[str, ...]
    frame_hop_s: float
    temperature: float
    threshold: float
    licence: str
    licence_text: str
    training_data: tuple[dict[str, Any], ...]
    held_out: dict[str, Any]
    recipe: dict[str, Any]
    figures: dict[str, Any]
    created: str
    description: str
    not_for: tuple[str, ...]
    sampling_rate_hz: int = SAMPLING_RATE_HZ
    front_end: str = "graph"
    schema_version: str = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if not self.name or not self.version:
            raise ValueError("a bundle needs a name and a version")
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise ValueError(f"labels must be two or more, none twice: {list(self.labels)}")
        if self.sampling_rate_hz != SAMPLING_RATE_HZ:
            raise ValueError(f"sampling_rate_hz must be {SAMPLING_RATE_HZ}")
        if not self.frame_hop_s > 0.0:
            raise ValueError(f"frame_hop_s must be positive: {self.frame_hop_s}")
        if not self.temperature > 0.0:
            raise ValueError(f"temperature must be positive: {self.temperature}")
        if not 0.0 <= self.threshold <= 1.0:
            raise ValueError(f"threshold must lie in 0 to 1: {self.threshold}")
        if not self.licence or not self.licence_text:
            raise ValueError("a bundle states the licence of its weights, in full")
        if any("corpus" not in item for item in self.training_data):
            raise ValueError("training_data: every entry names its corpus")
        if self.front_end != "graph":
            raise ValueError(f"front_end '{self.front_end}' is unknown; known: graph")

    @property
    def title(self) -> str:
        """Name and version, as predictions carry them."""
        return f"{self.name} {self.version}"

    def to_json(self) -> str:
        """Return the JSON document that lies in the file."""
        return json.dumps(to_mapping(self), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, *, where: str = "bundle metadata") -> Self:
        """Read the JSON document of a file.

        Keys this version does not know are passed over: additions do not raise the schema version.

        Args:
            text: the document.
            where: what to call the place in an error.

        Raises:
            BundleError: not a JSON object, another schema version, or a value missing or wrong.
        """
        try:
            values = json.loads(text)
        except json.JSONDecodeError as error:
            raise BundleError(f"{where}: the metadata is not JSON: {error}") from None
        if not isinstance(values, dict):
            raise BundleError(f"{where}: the metadata is not a JSON object")
        found = values.get("schema_version")
        if found != SCHEMA_VERSION:
            raise BundleError(
                f"{where}: metadata of schema version {found!r}, this Affekt reads "
                f"'{SCHEMA_VERSION}'; upgrade with: pip install --upgrade affekt"
            )
        known = {key: values[key] for key in values if key in cls.__dataclass_fields__}
        try:
            return from_mapping(cls, known, where=where)
        except ConfigError as error:
            raise BundleError(str(error)) from None


class Outputs(NamedTuple):
    """What a bundle answers for a batch.

    Attributes:
        probabilities: `[batch, classes]`, calibrated, each row sums to one.
        embedding: `[batch, dim]`.
        relevance: `[batch, frames]`, not negative, each row sums to one.
    """

    probabilities: npt.NDArray[np.float32]
    embedding: npt.NDArray[np.float32]
    relevance: npt.NDArray[np.float32]


class Bundle:
    """A bundle, ready to run in ONNX Runtime on the CPU.

    Attributes:
        path: the file.
        metadata: what the file says of itself.
    """

    def __init__(
        self, path: Path, metadata: BundleMetadata, session: onnxruntime.InferenceSession
    ) -> None:
        self.path = path
        self.metadata = metadata
        self._session = session

    @classmethod
    def load(cls, model: str | Path = "default", *, threads: int | None = 1) -> Self:
        """Open a bundle and check that it keeps the contract.

        Args:
            model: the name of a shipped bundle, or the path of a file.
            threads: for one run, at most one a core; None lets ONNX Runtime take every core. The
                models are so small that one thread is as fast for a clip, and leaves the machine
                to others.

        Raises:
            BundleError: no such model, not an ONNX file, not one of ours, or it breaks its word.
            ConfigError: `threads` is below 1.
        """
        if threads is not None and threads < 1:
            raise ConfigError(f"threads must be 1 or more: {threads}")
        path = bundle_path(model)
        # ONNX Runtime would start any number of threads, and bring the machine down.
        session = _open_session(path, min(threads or 0, os.cpu_count() or 1))
        document = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        if document is None:
            raise BundleError(
                f"{path}: an ONNX file, but no Affekt bundle: it has no metadata named "
                f"'{METADATA_KEY}'; make one with: affekt train RECIPE"
            )
        bundle = cls(path, BundleMetadata.from_json(document, where=str(path)), session)
        bundle._check_contract()
        return bundle

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size

    def run(self, waveforms: npt.NDArray[np.float32]) -> Outputs:
        """Run a batch.

        Args:
            waveforms: `[batch, samples]`, float32, mono, 16 kHz.
        """
        return Outputs(*self._session.run(OUTPUT_NAMES, {INPUT_NAME: waveforms}))

    def _check_contract(self) -> None:
        """Look at the names and try one second of sound, which also warms the session up.

        Raises:
            BundleError: what the graph does is not what a bundle must do.
        """
        inputs = tuple(item.name for item in self._session.get_inputs())
        outputs = tuple(item.name for item in self._session.get_outputs())
        if inputs != (INPUT_NAME,) or not set(OUTPUT_NAMES) <= set(outputs):
            raise BundleError(
                f"{self.path}: expected input {INPUT_NAME} and outputs {', '.join(OUTPUT_NAMES)}; "
                f"found {', '.join(inputs)} and {', '.join(outputs)}"
            )
        try:
            answer = self.run(_probe())
        except Exception as error:  # ONNX Runtime's errors share no root of their own
            raise BundleError(
                f"{self.path}: the graph fails on one second of sound: {error}"
            ) from None
        for name, values in zip(OUTPUT_NAMES, answer, strict=True):
            if values.ndim != 2 or values.shape[0] != 1 or not np.isfinite(values).all():
                raise BundleError(f"{self.path}: '{name}' is not finite numbers in [batch, n]")
        width = answer.probabilities.shape[1]
        if width != len(self.metadata.labels):
            raise BundleError(
                f"{self.path}: {len(self.metadata.labels)} labels in the metadata, "
                f"but {width} probabilities"
            )
        for name, values in (
            ("probabilities", answer.probabilities),
            ("relevance", answer.relevance),
        ):
            if values.min() < 0.0 or abs(float(values.sum()) - 1.0) > 1e-3:
                raise BundleError(f"{self.path}: '{name}' is not a distribution that sums to one")


def shipped_bundles() -> dict[str, Path]:
    """Return the bundles that came with this installation, by name."""
    paths = {name: _WEIGHTS / f"{name}.onnx" for name in SHIPPED}
    return {name: path for name, path in paths.items() if path.is_file()}


def bundle_path(model: str | Path) -> Path:
    """Return the file of a shipped bundle's name, or of a path.

    Raises:
        BundleError: no shipped bundle has that name and no file lies at that path.
    """
    shipped = shipped_bundles()
    if isinstance(model, str) and model in shipped:
        return shipped[model]
    path = Path(model)
    # os.path: a name that the system refuses (too long, say) is a missing file and no error.
    if os.path.isfile(path):  # noqa: PTH113
        return path
    if os.path.isdir(path):  # noqa: PTH112
        raise BundleError(f"{path}: a folder; name the .onnx file in it")
    if isinstance(model, Path) or path.suffix or len(path.parts) > 1:
        raise BundleError(f"{path}: no such model file")
    if model in SHIPPED:
        raise BundleError(
            f"the model '{model}' is missing from this installation: reinstall affekt"
        )
    raise BundleError(f"no model is called '{model}'{did_you_mean(model, SHIPPED)}; or give a path")


def _open_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads sleep: spinning would burn the cores of whoever else is on the machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors share no root of their own
        raise BundleError(f"{path}: not an ONNX file that can be run: {error}") from None


def _probe() -> npt.NDArray[np.float32]:
    time_s = np.arange(SAMPLING_RATE_HZ) / SAMPLING_RATE_HZ
    return (0.1 * np.sin(2 * np.pi * 220.0 * time_s)).astype(np.float32)[np.newaxis, :]
