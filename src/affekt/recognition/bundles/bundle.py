"""The bundle: one ONNX file that holds a model and all that must travel with it.

A waveform goes in: float32, mono, 16 kHz, `[batch, samples]`, both dynamic. In most bundles the
graph takes it, with the acoustic front end and the calibration inside; out come `probabilities`
`[batch, classes]`, `embedding` `[batch, dim]` and `relevance` `[batch, frames]`; a calibrated
bundle also gives `novelty` `[batch, 1]`, and `uncalibrated` probabilities; a model that tells
the intensity of the emotion also gives `intensity` `[batch, 1]`, 0 to 1. A bundle whose metadata
name a feature set takes `features` `[batch, *shape]` instead, batch dynamic, computed here, and
needs to give no more than `probabilities`. Everything else is one JSON document in the file's own
metadata: `BundleMetadata`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import onnxruntime

from affekt.audio import SAMPLING_RATE_HZ
from affekt.errors import AffektError, AudioError, BundleError, ConfigError
from affekt.parallel import within
from affekt.recognition.bundles import model_files
from affekt.recognition.bundles.checksum import check_checksum, file_sha256
from affekt.recognition.bundles.metadata import METADATA_KEY, BundleMetadata
from affekt.recognition.bundles.model_files import bundle_path, shipped_bundles
from affekt.recognition.bundles.outputs import Outputs

INPUT_NAME = "waveform"
FEATURES_NAME = "features"
OUTPUT_NAMES = ("probabilities", "embedding", "relevance")
NOVELTY_NAME = "novelty"
UNCALIBRATED_NAME = "uncalibrated"
INTENSITY_NAME = "intensity"
_FURTHER_NAMES = (NOVELTY_NAME, UNCALIBRATED_NAME, INTENSITY_NAME)

_PROVIDER = "CPUExecutionProvider"
# They move a sum to another axis, where its order depends on how many clips share a batch.
_REORDERING = ["TransposeOptimizer", "TransposeOptimizer_CPUExecutionProvider"]
# For opening a bundle and one second of sound, which take the slowest a few seconds.
LOAD_LIMIT_S = 30.0


class Bundle:
    """A bundle, ready to run in ONNX Runtime on the CPU.

    Attributes:
        path: the file.
        sha256: of the file, in hexadecimal.
        metadata: what the file says of itself.
    """

    def __init__(
        self,
        path: Path,
        sha256: str,
        metadata: BundleMetadata,
        session: onnxruntime.InferenceSession,
        run_options: onnxruntime.RunOptions | None = None,
    ) -> None:
        self.path = path
        self.sha256 = sha256
        self.metadata = metadata
        self._session = session
        self._run_options = run_options
        given = {item.name for item in session.get_outputs()}
        self._further = tuple(name for name in _FURTHER_NAMES if name in given)

    @classmethod
    def load(cls, model: str | Path = "default", *, threads: int | None = 1) -> Self:
        """Open a bundle and check that it keeps the contract.

        Args:
            model: the name of a shipped or installed bundle, `NAME@VERSION` for one release of
                it, "active" for the one in use, or the path of a file.
            threads: for one run, at most one a core; None lets ONNX Runtime take every core. The
                models are so small that one thread is as fast for a clip, and leaves the machine
                to others.

        Raises:
            BundleError: no such model, damaged, not an ONNX file, not one of ours, or it breaks
                its word.
            ConfigError: `threads` is below 1.
        """
        if threads is not None and threads < 1:
            raise ConfigError(f"threads must be 1 or more: {threads}")
        path = bundle_path(model)
        sha256 = file_sha256(path)
        if not check_checksum(path, sha256) and path in shipped_bundles().values():
            raise BundleError(f"{path}: its checksum is missing: reinstall affekt")
        # ONNX Runtime would start any number of threads, and bring the machine down.
        settings = _settings(min(threads or 0, os.cpu_count() or 1))
        run_options = onnxruntime.RunOptions()
        try:
            return within(LOAD_LIMIT_S, partial(cls._opened, path, sha256, settings, run_options))
        except AffektError:
            raise
        except TimeoutError:
            run_options.terminate = True
            raise BundleError(
                f"{path}: does not answer to one second of sound within {LOAD_LIMIT_S:g} s: its "
                "graph may never end"
            ) from None
        except Exception as error:  # ONNX Runtime's errors share no root of their own
            reason = str(error) or type(error).__name__
            raise BundleError(f"{path}: not an ONNX file that can be run: {reason}") from None

    @property
    def licence_text(self) -> str:
        """Terms of the weights, in full.

        Those of a bundle that ships stand beside it, and may be newer than what it holds.
        """
        beside = model_files.WEIGHTS / f"LICENSE-{self.path.stem}.md"
        if self.path == shipped_bundles().get(self.path.stem) and beside.is_file():
            return beside.read_text(encoding="utf-8")
        return self.metadata.licence_text

    @classmethod
    def _opened(
        cls,
        path: Path,
        sha256: str,
        settings: onnxruntime.SessionOptions,
        run_options: onnxruntime.RunOptions,
    ) -> Self:
        session = onnxruntime.InferenceSession(
            path, settings, [_PROVIDER], disabled_optimizers=_REORDERING
        )
        bundle = cls(path, sha256, _metadata(session, path), session, run_options)
        bundle._check_contract()
        return bundle

    @property
    def size_bytes(self) -> int:
        """Size of the file."""
        return self.path.stat().st_size

    def run(self, waveforms: npt.NDArray[np.float32]) -> Outputs:
        """Run a batch.

        Args:
            waveforms: `[batch, samples]`, float32, mono, 16 kHz.

        Raises:
            AudioError: the graph fails on this sound, or gives numbers that are no answer.
        """
        return self._answered(self._answer, waveforms)

    def classify(self, features: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return the probabilities `[batch, classes]` of features that are computed already.

        Args:
            features: `[batch, *shape]`, float32, of the feature set that the metadata name.

        Raises:
            BundleError: the front end of this bundle lies in its graph.
            AudioError: the graph fails on these features, or gives numbers that are no answer.
        """
        if self.metadata.feature_set is None:
            raise BundleError(f"{self.path}: takes waveforms: its front end lies in the graph")
        return self._answered(self._classify, features).probabilities

    def _answer(self, waveforms: npt.NDArray[np.float32]) -> Outputs:
        """Run a batch, and return whatever comes out."""
        feature_set = self.metadata.feature_set
        if feature_set is None:
            names = OUTPUT_NAMES + self._further
            answers = self._session.run(names, {INPUT_NAME: waveforms}, self._run_options)
            return Outputs(**dict(zip(names, answers, strict=True)))
        return self._classify(np.stack([feature_set.compute(row) for row in waveforms]))

    def _classify(self, features: npt.NDArray[np.float32]) -> Outputs:
        inputs = {FEATURES_NAME: features}
        return Outputs(*self._session.run(OUTPUT_NAMES[:1], inputs, self._run_options))

    def _answered(
        self, call: Callable[[npt.NDArray[np.float32]], Outputs], batch: npt.NDArray[np.float32]
    ) -> Outputs:
        """Return what the graph answers to a batch; every answer anywhere passes through here.

        Raises:
            AudioError: it fails, or its numbers are no answer.
        """
        try:
            outputs = call(batch)
        except AffektError:
            raise
        except Exception as error:  # ONNX Runtime's errors share no root of their own
            raise AudioError(f"the model {self.metadata.title} fails on this: {error}") from None
        fault = outputs.fault(len(batch))
        if fault is not None:
            raise AudioError(
                f"the model {self.metadata.title} has no answer to this: {fault}; check that it is "
                "a recording of speech, and its level"
            )
        return outputs

    def _check_contract(self) -> None:
        """Look at the names and try one second of sound, which also warms the session up.

        Raises:
            BundleError: what the graph does is not what a bundle must do.
        """
        self._check_signature()
        try:
            answer = self._answer(_probe())
        except Exception as error:  # ONNX Runtime's errors share no root of their own
            raise BundleError(
                f"{self.path}: the graph fails on one second of sound: {error}"
            ) from None
        fault = answer.fault(1)
        if fault is not None:
            raise BundleError(f"{self.path}: {fault}")
        width = answer.probabilities.shape[1]
        if width != len(self.metadata.labels):
            raise BundleError(
                f"{self.path}: {len(self.metadata.labels)} labels in the metadata, "
                f"but {width} probabilities"
            )

    def _check_signature(self) -> None:
        """Compare names and shapes of the graph's inputs and outputs with the front end.

        Raises:
            BundleError: they differ, or the feature set is no longer what the model learnt from.
        """
        feature_set = self.metadata.feature_set
        expected = INPUT_NAME if feature_set is None else FEATURES_NAME
        needed = OUTPUT_NAMES if feature_set is None else OUTPUT_NAMES[:1]
        inputs = self._session.get_inputs()
        names = tuple(item.name for item in inputs)
        outputs = tuple(item.name for item in self._session.get_outputs())
        if names != (expected,) or not set(needed) <= set(outputs):
            raise BundleError(
                f"{self.path}: expected input {expected} and outputs {', '.join(needed)}; "
                f"found {', '.join(names)} and {', '.join(outputs)}"
            )
        if feature_set is None:
            return
        batch, *shape = inputs[0].shape
        if isinstance(batch, int) or tuple(shape) != feature_set.shape:
            raise BundleError(
                f"{self.path}: expected features {['batch', *feature_set.shape]}, as "
                f"{feature_set.name} gives them; found {inputs[0].shape}"
            )
        if self.metadata.front_end_version != feature_set.version:
            raise BundleError(
                f"{self.path}: learnt from version {self.metadata.front_end_version} of "
                f"{feature_set.name}, but this Affekt computes version {feature_set.version}: "
                "train it anew"
            )


def _settings(threads: int) -> onnxruntime.SessionOptions:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    # Waiting threads sleep: spinning would burn the cores of whoever else is on the machine.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    settings.log_severity_level = 4
    return settings


def _metadata(session: onnxruntime.InferenceSession, path: Path) -> BundleMetadata:
    try:
        document = session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
    except UnicodeDecodeError:
        raise BundleError(f"{path}: the metadata are not UTF-8") from None
    if document is None:
        raise BundleError(
            f"{path}: an ONNX file, but no Affekt bundle: it has no metadata named "
            f"'{METADATA_KEY}'; make one with: affekt train RECIPE"
        )
    return BundleMetadata.from_json(document, where=str(path))


def _probe() -> npt.NDArray[np.float32]:
    time_s = np.arange(SAMPLING_RATE_HZ) / SAMPLING_RATE_HZ
    return (0.1 * np.sin(2 * np.pi * 220.0 * time_s)).astype(np.float32)[np.newaxis, :]
