"""What a bundle says of itself, read from its file without loading the model.

An ONNX file is a protocol buffer (`ModelProto`): a sequence of fields, each with a number, a wire
type and, where it is a string or a message, a length. Everything but the few fields that hold
metadata is jumped over, so that a file of any size takes a handful of reads.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from affekt.errors import BundleError
from affekt.recognition.bundles.metadata import MAX_CHARACTERS, METADATA_KEY, BundleMetadata

# Of ModelProto and of StringStringEntryProto, in onnx.proto.
_METADATA_PROPS, _KEY, _VALUE = 14, 1, 2
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read_metadata(path: Path) -> BundleMetadata:
    """Read what a bundle says of itself; of a file that has not changed it is remembered.

    Raises:
        BundleError: the file cannot be read, is damaged, or is no bundle.
    """
    try:
        now = path.stat()
        return _read(path, now.st_mtime_ns, now.st_size)
    except OSError as error:
        raise BundleError(f"{path}: cannot be read: {error.strerror}") from None


@functools.lru_cache(maxsize=64)
def _read(path: Path, mtime_ns: int, size_bytes: int) -> BundleMetadata:  # noqa: ARG001 (part of the key)
    with path.open("rb") as file:
        for number, length in _fields(file, size_bytes, path):
            if number != _METADATA_PROPS or length > MAX_CHARACTERS:
                file.seek(length, os.SEEK_CUR)
                continue
            end = file.tell() + length
            entry = {kind: file.read(size) for kind, size in _fields(file, end, path)}
            if entry.get(_KEY) == METADATA_KEY.encode():
                try:
                    document = entry.get(_VALUE, b"").decode("utf-8")
                except UnicodeDecodeError:
                    raise BundleError(f"{path}: the metadata are not UTF-8") from None
                return BundleMetadata.from_json(document, where=str(path))
    raise BundleError(f"{path}: has no metadata named '{METADATA_KEY}': no Affekt bundle")


def _fields(file: BinaryIO, end: int, path: Path) -> Iterator[tuple[int, int]]:
    """Yield number and length of every field up to a place; whoever asks moves beyond each."""
    while file.tell() < end:
        tag = _varint(file, path)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _BYTES:
            length = _varint(file, path)
            if length > end - file.tell():
                raise BundleError(f"{path}: is cut off")
            yield number, length
        elif wire_type == _VARINT:
            _varint(file, path)
        elif wire_type in (_FIXED64, _FIXED32):
            file.seek(8 if wire_type == _FIXED64 else 4, os.SEEK_CUR)
        else:
            raise BundleError(f"{path}: not an ONNX file")


def _varint(file: BinaryIO, path: Path) -> int:
    """Read a number: seven bits a byte, the lowest first; the eighth says that more follow."""
    value = 0
    for shift in range(0, 64, 7):
        byte = file.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise BundleError(f"{path}: not an ONNX file")
