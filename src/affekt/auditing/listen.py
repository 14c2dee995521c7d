"""What one recording is like: digests, lengths, levels and its fingerprint, in one pass."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from affekt.audio import SAMPLING_RATE_HZ, Signal, decode, decode_blocks
from affekt.auditing.fingerprint import HOP_S, Fingerprint, fingerprint
from affekt.corpora import trouble_with
from affekt.errors import AffektError, MissingExtraError

# Raised when what is heard changes: part of what the cache is asked for.
VERSION = 1
# The largest positive sample of 16 bits; what lies beyond it is at full scale in any format.
_FULL_SCALE = 1.0 - 2.0**-15
_NO_PRINT = Fingerprint(np.zeros((0, 0), np.uint8), 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """What was heard in a recording.

    Attributes:
        file_digest: of the file's bytes, in hexadecimal; "" where it cannot be read.
        sound_digest: of its samples, mono at 16 kHz; "" where there are none.
        duration_s: seconds of sound decoded.
        rate_hz, channels: of the file; 0 where it cannot be read.
        peak: largest sample of any channel; full scale is 1.
        clipped_share: of its samples that lie at full scale or beyond.
        print: the fingerprint; without frames where nothing sounds.
        trouble: "silent", "undecodable", "lfs-pointer", "missing", or "".
        message: the trouble in words.
        warnings: what the decoder says of it, in words.
        passing: the trouble may lie here and not in the file: a decoder or a permission is missing.
    """

    file_digest: str = ""
    sound_digest: str = ""
    duration_s: float = 0.0
    rate_hz: int = 0
    channels: int = 0
    peak: float = 0.0
    clipped_share: float = 0.0
    print: Fingerprint = _NO_PRINT
    trouble: str = ""
    message: str = ""
    warnings: tuple[str, ...] = ()
    passing: bool = False

    @property
    def silent_share(self) -> float:
        """Share of the length outside of the first and last sounding frame."""
        return max(0.0, 1.0 - self.print.duration_s / max(self.duration_s, HOP_S))


class _Levels:
    """Watches the frames of a recording as they are decoded."""

    def __init__(self) -> None:
        self.peak = 0.0
        self.samples = 0
        self.clipped = 0

    def watch(self, frames: Signal) -> None:
        level = np.abs(frames)
        self.peak = max(self.peak, float(level.max(initial=0.0)))
        self.samples += level.size
        self.clipped += int(np.count_nonzero(level >= _FULL_SCALE))


def hear(path: Path, start_s: float | None = None, end_s: float | None = None) -> Heard:
    """Listen to a recording, or a stretch of it; what is wrong is told and not raised.

    Args:
        path: the file.
        start_s: beginning of the stretch in seconds; None is the recording's.
        end_s: its end; None is the recording's. Levels of a stretch are those of its mix.
    """
    pieces: list[Signal] = []
    levels = _Levels()
    rate_hz = channels = 0
    trouble = message = ""
    warnings: tuple[str, ...] = ()
    try:
        if not path.is_file():
            return Heard(trouble="missing", message=f"{path}: no such file")
        with path.open("rb") as file:
            file_digest = hashlib.file_digest(file, "blake2b").hexdigest()[:32]
        if start_s is not None or end_s is not None:
            audio = decode(path, start_s=start_s, end_s=end_s)
            rate_hz, channels = audio.source_rate_hz, audio.source_channels
            pieces, warnings = [audio.signal], audio.warnings
            levels.watch(audio.signal)
        else:
            with decode_blocks(path) as reader:
                rate_hz, channels = reader.source_rate_hz, reader.source_channels
                reader.watch = levels.watch
                try:
                    pieces.extend(reader.chunks())
                finally:
                    warnings = tuple(reader.warnings)
    except OSError as error:
        return Heard(
            trouble="undecodable",
            message=f"{path}: cannot be read: {error.strerror or error}",
            passing=True,
        )
    except MissingExtraError as error:
        return Heard(trouble="undecodable", message=str(error), passing=True)
    except AffektError as error:
        trouble, message = trouble_with(
            path, error, samples=sum(piece.size for piece in pieces), peak=levels.peak
        )
    signal = np.concatenate([*pieces, np.zeros(0, np.float32)])
    whole = not trouble and signal.size > 0
    return Heard(
        file_digest=file_digest,
        sound_digest=hashlib.blake2b(signal.tobytes(), digest_size=16).hexdigest() if whole else "",
        duration_s=signal.size / SAMPLING_RATE_HZ,
        rate_hz=rate_hz,
        channels=channels,
        peak=levels.peak,
        clipped_share=levels.clipped / max(levels.samples, 1),
        print=fingerprint(signal) if whole else _NO_PRINT,
        trouble=trouble,
        message=message,
        warnings=warnings,
    )
