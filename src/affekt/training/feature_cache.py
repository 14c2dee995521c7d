"""A feature cache on disk, addressed by what the features are made of.

The key of an entry is a SHA-256 over the file's content, every parameter of the extractor and the
format's version, so that neither a changed recording nor a changed setting can bring a stale
result. An entry is one `.npy` array followed by a SHA-256 of it, in float16 unless asked
otherwise; a damaged entry is computed anew. Entries are written beside their place and renamed
into it, which is safe with several processes.
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from affekt.errors import AudioError, ConfigError
from affekt.files import open_file
from affekt.places import cache_root
from affekt.records import Utterance

FORMAT_VERSION = 1

Features = NDArray[np.float32]

_DIGEST_BYTES = hashlib.sha256().digest_size
_logger = logging.getLogger(__name__)


def default_cache_root() -> Path:
    """Return the folder for features, in the cache."""
    return cache_root() / "features"


class FeatureCache:
    """Features on disk that are computed once.

    Args:
        root: folder of the entries; made when the first one is written.
        parameters: every parameter of the extractor, as JSON types.
        dtype: how values are kept: float16 for spectra on a logarithmic scale, float32 for values
            that span more than half precision does.

    Raises:
        TypeError: a parameter is no JSON type, and could be taken for another.
        ValueError: a parameter is not finite.
    """

    def __init__(
        self,
        root: Path,
        parameters: Mapping[str, object],
        *,
        dtype: type[np.float16] | type[np.float32] = np.float16,
    ) -> None:
        document = {"format": FORMAT_VERSION, "parameters": dict(parameters)}
        if dtype is not np.float16:
            document["dtype"] = np.dtype(dtype).name
        self.root = root
        self._dtype = dtype
        self._parameters = json.dumps(document, sort_keys=True, allow_nan=False).encode()

    def get(self, source: Path | Utterance, compute: Callable[[], Features]) -> Features:
        """Return the features of a recording, computed only if they are not in the cache.

        The values have passed through the kept precision either way, so that the first run equals
        the next.

        Args:
            source: the recording; an utterance may be a stretch of its file.
            compute: makes the features; called at most once.

        Raises:
            AudioError: the recording cannot be read.
            ConfigError: the cache cannot be written.
            ValueError: the features are not finite in the kept precision.
        """
        entry = self.entry(source)
        cached = _read(entry)
        if cached is None:
            with np.errstate(over="ignore"):
                cached = compute().astype(self._dtype)
            if not np.isfinite(cached).all():
                kept = np.dtype(self._dtype).name
                raise ValueError(f"{source}: the features are not finite in {kept}")
            _write(entry, cached)
        return cached.astype(np.float32)

    def entry(self, source: Path | Utterance) -> Path:
        """Return where the entry of a recording lies, whether it is there or not.

        Raises:
            AudioError: the recording cannot be read.
        """
        path = source.path if isinstance(source, Utterance) else source
        key = hashlib.sha256(_digest(path))
        if isinstance(source, Utterance):
            key.update(json.dumps([source.start_s, source.end_s]).encode())
        else:
            key.update(b"[null, null]")
        key.update(self._parameters)
        name = key.hexdigest()
        return self.root / name[:2] / name[2:]


def _digest(path: Path) -> bytes:
    try:
        with open_file(path) as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise AudioError(f"{path}: cannot be read: {error.strerror}") from error


def _read(entry: Path) -> NDArray[np.floating] | None:
    """Return the array of an entry, or None where there is none or a damaged one."""
    try:
        content = entry.read_bytes()
    except OSError:
        return None
    body, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != digest:
        _logger.warning("%s: damaged cache entry, computed anew", entry)
        return None
    array: NDArray[np.floating] = np.lib.format.read_array(io.BytesIO(body), allow_pickle=False)
    return array


def _write(entry: Path, array: NDArray[np.floating]) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
    body = buffer.getvalue()
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=entry.parent, prefix=".", delete=False) as file:
            try:
                file.write(body + hashlib.sha256(body).digest())
                file.close()
                Path(file.name).replace(entry)
            except OSError:
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise ConfigError(
            f"feature cache {entry.parent}: cannot be written: {error.strerror}; "
            "set AFFEKT_CACHE to a folder with room"
        ) from error
