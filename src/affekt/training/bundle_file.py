"""The file of a bundle: written beside its place, compared with torch, and only then put there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from torch import Tensor

import affekt
from affekt.errors import BundleError
from affekt.recognition import BundleMetadata
from affekt.recognition.bundle import METADATA_KEY
from affekt.recognition.checksum import write_model

PARITY_TOLERANCE = 1e-4


def write_bundle(
    proto: onnx.ModelProto,
    metadata: BundleMetadata,
    path: Path,
    *,
    check: Callable[[Path], float],
    force: bool = False,
) -> float:
    """Write a bundle that passes a check.

    Args:
        proto: the graph as the exporter gave it; changed in place.
        metadata: goes into the file.
        path: of the file to write; an older one is replaced only when all is well.
        check: takes the path of the candidate, and returns its greatest difference from torch.
        force: replace a file that Affekt did not write.

    Returns:
        What the check returns.

    Raises:
        BundleError: the check refuses.
        ConfigError: the file may not be replaced, or cannot be written.
    """
    _strip_traces(proto)
    proto.producer_name, proto.producer_version = "affekt", affekt.__version__
    onnx.helper.set_model_props(proto, {METADATA_KEY: metadata.to_json()})
    with tempfile.TemporaryDirectory() as folder:
        candidate = Path(folder) / path.name
        onnx.save(proto, candidate)
        difference = check(candidate)
        write_model(candidate.read_bytes(), path, force=force)
    return difference


def compare(
    expected: Tensor,
    found: np.ndarray[tuple[int, ...], np.dtype[np.float32]],
    *,
    what: str,
    where: str,
) -> float:
    """Return the greatest difference between torch and ONNX Runtime.

    What has no fixed range may be far from one, so the difference is taken relative to the largest
    value of torch's where that exceeds one.

    Args:
        expected: torch's answer.
        found: ONNX Runtime's.
        what: file and output, for the error.
        where: what was put in, for the error.

    Raises:
        BundleError: the shapes differ, or the values by more than `PARITY_TOLERANCE`.
    """
    reference = expected.numpy()
    if reference.shape != found.shape:
        raise BundleError(
            f"export of {what} has shape {found.shape} in ONNX Runtime and {reference.shape} in "
            f"torch {where}"
        )
    scale = max(1.0, float(np.abs(reference).max()))
    difference = float(np.abs(reference - found).max()) / scale
    if not difference <= PARITY_TOLERANCE:
        raise BundleError(
            f"export of {what} differs from torch by {difference:.1e} {where}, allowed is "
            f"{PARITY_TOLERANCE:.0e}"
        )
    return difference


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
