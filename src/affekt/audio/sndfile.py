"""Decoding through libsndfile: wav, flac, mp3, ogg vorbis, opus, aiff and their kin."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import numpy as np
import soundfile

from affekt.audio.chunks import TRAILING_BYTES, UNKNOWN_BYTES, next_flac
from affekt.audio.signal import Signal
from affekt.audio.source import ByteStream
from affekt.audio.stderr import mpg123_silenced
from affekt.errors import AudioError

CHUNK_FRAMES = 1 << 16
# Of many channels fewer frames are read at once: 4 MiB of samples.
_CHUNK_SAMPLES = 1 << 20

# libsndfile knows more, among them formats with no signature to speak of, which would let
# any file pass for a recording.
FORMATS = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "FLAC", "OGG", "MP3", "CAF", "AU"})
# Where a seek gives, bit by bit, what reading from the start gives. MP3 differs by a rounding
# (6e-8), for its synthesis sums in an order that depends on where it began, and Opus remembers.
_EXACT_SEEK = frozenset({"WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "FLAC"})
_EXACT_SUBTYPES = frozenset({"VORBIS"})
# Formats decoded until the announced count even if the stream goes on (wrong Xing count,
# wrong last Ogg position, wrong FLAC total).
_COUNTED = frozenset({"FLAC", "OGG", "MP3"})
_UNKNOWN_FRAMES = 2**62
# Encoders round to whole packets, and estimates from a bit rate err by a little.
_TOLERANCE_S = 0.1


class UnreadableError(Exception):
    """libsndfile does not take the content."""


T = TypeVar("T")


class _Sequential(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is only read forwards.

    soundfile seeks after each read, which makes libsndfile fail at the end of a FLAC stream of
    unknown length and lose that block.
    """

    def seekable(self) -> bool:
        return False


class _Watched:
    """A stream that keeps what it raises.

    libsndfile calls it back, and an exception ends there: an interrupt would be lost, and the
    recording would seem to end.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._raised: BaseException | None = None

    def read(self, size: int) -> bytes:
        return self._kept(lambda: self._stream.read(size), b"")

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._kept(lambda: self._stream.seek(offset, whence), -1)

    def tell(self) -> int:
        return self._kept(self._stream.tell, -1)

    def raise_kept(self) -> None:
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised

    def _kept(self, call: Callable[[], T], otherwise: T) -> T:
        try:
            return call() if self._raised is None else otherwise
        except BaseException as error:  # an interrupt is none of Exception
            self._raised = error
            return otherwise


class SoundfileDecoder:
    """One recording that libsndfile can read.

    Args:
        stream: the file.
        share: bytes of sound that its header announced over those that are there.

    Attributes:
        rate_hz, channels: as the header says.
        warnings: sentences about damage that was found, complete after `blocks` ended.
        remarks: sentences about what was chosen; none here.
        more_follows: the file goes on after the frames that its header announces.

    Raises:
        UnreadableError: libsndfile does not take the content.
    """

    def __init__(self, stream: ByteStream, *, share: float = 1.0) -> None:
        self._stream = stream
        self._watched = _Watched(stream)
        self._share = share
        self._is_mp3 = _may_be_mp3(stream.peek(3))
        try:
            with self._silenced(), self._raising():
                self._file = _Sequential(self._watched)
        except soundfile.LibsndfileError as error:
            raise UnreadableError(_reason(error)) from error
        if self._file.format not in FORMATS:
            self._file.close()
            raise UnreadableError(f"{self._file.format} is not taken")
        self.rate_hz: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.warnings: list[str] = []
        self.remarks: list[str] = []
        self.more_follows = False
        self._announced: int = self._file.frames
        self._position = 0

    def skip_to(self, frame: int) -> int:
        """Move close before a frame where that is cheap and exact; return the frame reached."""
        exact = self._file.format in _EXACT_SEEK or self._file.subtype in _EXACT_SUBTYPES
        if exact and 0 < frame < self._announced < _UNKNOWN_FRAMES:
            try:
                with self._raising():
                    self._position = self._file.seek(frame)
            except soundfile.LibsndfileError:  # damaged on the way: read up to there instead
                self._stream.seek(0)
                self._file = _Sequential(self._watched)
        return self._position

    def blocks(self) -> Iterator[Signal]:
        """Yield [frames, channels] float32 as far as the file can be read.

        Raises:
            AudioError: damage at the very beginning.
        """
        most = max(1, min(CHUNK_FRAMES, _CHUNK_SAMPLES // self.channels))
        while self._position < self._announced:
            wanted = min(most, self._announced - self._position)
            frames, damage = self._read(wanted)
            self._position += len(frames)
            if len(frames):
                yield frames
            if damage and self._position == 0:
                raise AudioError(
                    f"{self._stream.label}: nothing of it can be decoded ({damage}): "
                    "get the file again"
                )
            if damage:
                self.warnings.append(
                    f"The recording is damaged after {self._seconds(self._position)} "
                    f"({damage}); what follows was not read."
                )
                return
            if len(frames) < wanted:
                break
        self._compare_with_header()

    def close(self) -> None:
        """Close the decoder, not the stream."""
        self._file.close()

    def _silenced(self) -> contextlib.AbstractContextManager[None]:
        return mpg123_silenced() if self._is_mp3 else contextlib.nullcontext()

    @contextlib.contextmanager
    def _raising(self) -> Iterator[None]:
        """Raise what the stream raised, whatever libsndfile made of it."""
        try:
            yield
        finally:
            self._watched.raise_kept()

    def _read(self, wanted: int) -> tuple[Signal, str]:
        # On damage soundfile does not tell how much came before it; the mark does.
        block = np.full((wanted, self.channels), np.nan, dtype=np.float32)
        try:
            with self._silenced(), self._raising():
                return self._file.read(out=block), ""
        except soundfile.LibsndfileError as error:
            unread = np.flatnonzero(np.isnan(block[:, 0]))
            good = int(unread[0]) if unread.size else wanted
            return block[:good], _reason(error)

    def _compare_with_header(self) -> None:
        """Find out whether the header announced another length than was read."""
        if self._file.format in _COUNTED or self._announced == 0:
            unread = self._stream.size - self._stream.tell()
            self.more_follows = unread > TRAILING_BYTES
        announced = self._announced
        share = self._share if self._share != 1.0 else _cut_off(self._file.extra_info)
        if share is not None:
            announced = round(self._position * share)
        missing = announced - self._position
        if announced < _UNKNOWN_FRAMES and abs(missing) > _TOLERANCE_S * self.rate_hz:
            found = f"{self._seconds(self._position)}"
            self.warnings.append(
                f"The end is missing: the header announces {self._seconds(announced)}, "
                f"{found} could be read."
                if missing > 0
                else f"The header announces {self._seconds(announced)}, "
                f"but {found} were found and read."
            )
        elif not self.more_follows:
            self.warnings += self.end_mark_warnings()

    def next_recording(self) -> ByteStream | None:
        """Return another FLAC stream that follows in the file, if one does."""
        return next_flac(self._stream) if self._file.format == "FLAC" else None

    def end_mark_warnings(self) -> list[str]:
        """Say where an Ogg file lacks the mark of its end."""
        if self._file.format != "OGG" or self._has_end_mark():
            return []
        return ["The stream has no end mark: its end may be missing."]

    def has_another_stream(self) -> bool:
        """Tell whether another Ogg stream begins where this one was read to (RFC 3533)."""
        if self._file.format != "OGG":
            return False
        limit = 1 << 16
        for start in range(0, self._stream.size, limit):
            data = self._stream.peek(limit + 5, offset=start)
            place = data.find(b"OggS", 0 if start else 1)
            while place >= 0:
                if data[place + 5 : place + 6] and data[place + 5] & 2:
                    return True
                place = data.find(b"OggS", place + 1)
        return False

    def _has_end_mark(self) -> bool:
        """Tell whether the last Ogg page is flagged as the last (RFC 3533, section 6)."""
        page_limit = 65_307
        tail = self._stream.peek(page_limit, offset=self._stream.size - page_limit)
        page = tail.rfind(b"OggS")
        return 0 <= page < len(tail) - 5 and bool(tail[page + 5] & 4)

    def _seconds(self, frames: int) -> str:
        return f"{frames / self.rate_hz:.2f} s"


def _cut_off(log: str) -> float | None:
    """Return announced over present bytes of sound, as libsndfile notes them where they differ."""
    note = re.search(r"(?im)^ *(?:data|data size|ssnd) *: (\d+) \(should be (\d+)\)", log)
    if note is None:
        return None
    announced, present = (int(count) for count in note.groups())
    if announced >= UNKNOWN_BYTES or present == 0:
        return None
    return max(1.0, announced / present)


def _reason(error: soundfile.LibsndfileError) -> str:
    return str(error.error_string).removeprefix("Error : ").rstrip(".")


def _may_be_mp3(head: bytes) -> bool:
    return head[:3] == b"ID3" or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)
