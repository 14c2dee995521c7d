"""A bundle's metadata, size and checksum, read from its file without loading the model."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

from affekt.errors import BundleError
from affekt.recognition import BundleMetadata
from affekt.recognition.bundles import check_checksum, file_sha256, read_metadata


@dataclass(frozen=True, slots=True)
class ModelCard:
    """A bundle's metadata, and which file they lie in."""

    metadata: BundleMetadata
    size_bytes: int
    sha256: str


def read_model_card(path: Path) -> ModelCard:
    """Read a bundle's model card; the checksum of a file that has not changed is remembered.

    Raises:
        BundleError: the file cannot be read, is damaged, or is no bundle.
    """
    metadata = read_metadata(path)
    try:
        now = path.stat()
        sha256 = _sha256(path, now.st_mtime_ns, now.st_size)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None
    check_checksum(path, sha256)
    return ModelCard(metadata, now.st_size, sha256)


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, mtime_ns: int, size_bytes: int) -> str:  # noqa: ARG001 (part of the key)
    return file_sha256(path)
