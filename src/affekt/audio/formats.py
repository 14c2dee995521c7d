"""Every format that can be read: the endings of its files, and the bytes that they begin with."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePath

SIGNATURE_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One kind of file.

    Attributes:
        name: what to call it in a message.
        media_type: of its files, for the web and for other programs.
        suffixes: how its files are called, in lower case.
        signatures: what they begin with: pairs of a place and bytes, of which all must be there.
        needs_media: FFmpeg (PyAV, the extra `media`) reads it; libsndfile does otherwise.
    """

    name: str
    media_type: str
    suffixes: tuple[str, ...]
    signatures: tuple[tuple[tuple[int, bytes], ...], ...]
    needs_media: bool = False


def _at(*parts: tuple[int, bytes]) -> tuple[tuple[int, bytes], ...]:
    return parts


# In order of preference where the same recording lies there in two containers: as recorded
# first, lossy copies last.
FORMATS: tuple[Format, ...] = (
    Format(
        name="WAV",
        media_type="audio/wav",
        suffixes=(".wav", ".wave", ".bwf", ".rf64", ".w64"),
        signatures=(
            _at((0, b"RIFF"), (8, b"WAVE")),
            _at((0, b"RF64"), (8, b"WAVE")),
            _at((0, b"riff")),
        ),
    ),
    Format(
        name="FLAC", media_type="audio/flac", suffixes=(".flac",), signatures=(_at((0, b"fLaC")),)
    ),
    Format(
        name="AIFF",
        media_type="audio/aiff",
        suffixes=(".aiff", ".aif", ".aifc"),
        signatures=(_at((0, b"FORM"), (8, b"AIFF")), _at((0, b"FORM"), (8, b"AIFC"))),
    ),
    Format(
        name="AU",
        media_type="audio/basic",
        suffixes=(".au", ".snd"),
        signatures=(_at((0, b".snd")),),
    ),
    Format(
        name="CAF", media_type="audio/x-caf", suffixes=(".caf",), signatures=(_at((0, b"caff")),)
    ),
    Format(
        name="Ogg",
        media_type="audio/ogg",
        suffixes=(".ogg", ".opus", ".oga", ".spx"),
        signatures=(_at((0, b"OggS")),),
    ),
    Format(name="MP3", media_type="audio/mpeg", suffixes=(".mp3",), signatures=(_at((0, b"ID3")),)),
    Format(
        name="MP4",
        media_type="audio/mp4",
        suffixes=(".m4a", ".mp4", ".m4b", ".m4v", ".3gp", ".3gpp", ".3g2"),
        signatures=(_at((4, b"ftyp")),),
        needs_media=True,
    ),
    Format(name="AAC", media_type="audio/aac", suffixes=(".aac",), signatures=(), needs_media=True),
    Format(
        name="QuickTime",
        media_type="video/quicktime",
        suffixes=(".mov", ".qt", ".qta"),
        signatures=(_at((4, b"moov")), _at((4, b"mdat")), _at((4, b"wide"))),
        needs_media=True,
    ),
    Format(
        name="AMR",
        media_type="audio/amr",
        suffixes=(".amr", ".awb"),
        signatures=(_at((0, b"#!AMR")),),
        needs_media=True,
    ),
    Format(
        name="WebM or Matroska",
        media_type="audio/webm",
        suffixes=(".webm", ".weba", ".mkv", ".mka"),
        signatures=(_at((0, b"\x1aE\xdf\xa3")),),
        needs_media=True,
    ),
    Format(
        name="Windows Media",
        media_type="audio/x-ms-wma",
        suffixes=(".wma", ".wmv", ".asf"),
        signatures=(_at((0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11")),),
        needs_media=True,
    ),
    Format(
        name="Flash Video",
        media_type="video/x-flv",
        suffixes=(".flv",),
        signatures=(_at((0, b"FLV\x01")),),
        needs_media=True,
    ),
    Format(
        name="AVI",
        media_type="video/x-msvideo",
        suffixes=(".avi",),
        signatures=(_at((0, b"RIFF"), (8, b"AVI LIST")),),
        needs_media=True,
    ),
)
# What is looked for in folders; a file that is named itself may be called anything.
SUFFIXES: tuple[str, ...] = tuple(suffix for kind in FORMATS for suffix in kind.suffixes)

READABLE = (
    ", ".join(kind.name for kind in FORMATS if not kind.needs_media)
    + "; with affekt[media] also "
    + ", ".join(kind.name for kind in FORMATS if kind.needs_media)
)


def format_of(head: bytes) -> Format | None:
    """Name the format whose signature a file begins with.

    Args:
        head: its first `SIGNATURE_BYTES` bytes or more.
    """
    for kind in FORMATS:
        for signature in kind.signatures:
            if all(head[place : place + len(part)] == part for place, part in signature):
                return kind
    # Frames that begin anywhere: eleven or twelve sync bits, then what no frame may say.
    if len(head) < 4 or head[0] != 0xFF:
        return None
    if head[1] & 0xF6 == 0xF0 and head[2] & 0x3C < 0x34:  # ADTS: ISO/IEC 13818-7, 6.2.1
        return _named("AAC")
    layer = head[1] >> 1 & 3
    if head[1] & 0xE0 == 0xE0 and head[1] & 0x18 != 0x08 and layer in (1, 2):
        return _named("MP3") if head[2] & 0xF0 not in (0, 0xF0) and head[2] & 0x0C != 0x0C else None
    return None


def resembles_a_format(head: bytes) -> bool:
    """Tell whether a file begins like one of these, be its header cut off or damaged."""
    firsts = [signature[0] for kind in FORMATS for signature in kind.signatures]
    return head[:1] == b"\xff" or any(
        head[place : place + len(part)] == part for place, part in firsts
    )


def media_type(name: str) -> str:
    """Return the media type that a file's name stands for."""
    suffix = PurePath(name).suffix.lower()
    found = (kind.media_type for kind in FORMATS if suffix in kind.suffixes)
    return next(found, "application/octet-stream")


def is_recording(path: str | os.PathLike[str]) -> bool:
    """Tell whether a file is taken for a recording: by its name, else by its first bytes.

    Pipes, devices, folders, and files that cannot be opened are none; nothing waits here.
    """
    file = Path(path)
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return False
        if file.suffix.lower() in SUFFIXES:
            return True
        with file.open("rb") as stream:
            return format_of(stream.read(SIGNATURE_BYTES)) is not None
    except (OSError, ValueError):
        return False


def _named(name: str) -> Format:
    return next(kind for kind in FORMATS if kind.name == name)
