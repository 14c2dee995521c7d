"""A container (WebM, Ogg, MP3, ADTS) decoded while its bytes come in."""

from __future__ import annotations

import contextlib
import queue
from collections.abc import Iterator
from typing import cast

from affekt.audio import (
    ByteStream,
    CallGuard,
    Downmix,
    Gate,
    MediaDecoder,
    Signal,
    StreamResampler,
    check_channel,
    joined,
)

# Chunks that wait to be decoded; whoever puts more waits.
_CHUNKS = 16


class ChunkBuffer:
    """Bytes from one thread to a decoder in another; it can only be read forwards."""

    label = "the stream"

    def __init__(self) -> None:
        self._chunks: queue.Queue[bytes] = queue.Queue(_CHUNKS)
        self._rest = b""
        self._ended = False

    def put(self, chunk: bytes) -> None:
        """Add bytes; none end the stream. Waits while too many are unread."""
        self._chunks.put(chunk)

    def read(self, size: int) -> bytes:
        """Wait for bytes and return at most so many; none at the end."""
        if not self._rest and not self._ended:
            self._rest = self._chunks.get()
            self._ended = not self._rest
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        """Stay at the beginning, the only place that is ever asked for."""
        assert (offset, whence) == (0, 0)  # noqa: S101 - our own invariant
        return 0

    def seekable(self) -> bool:
        """Say that there is no way back."""
        return False

    def drain(self) -> None:
        """Read to the end, and forget what comes."""
        while self.read(1 << 16):
            pass


def decode_stream(
    chunks: ChunkBuffer, *, channel: int | None = None, refuse_calls: bool = False
) -> Iterator[Signal]:
    """Yield mono samples at 16 kHz as soon as they can be decoded.

    Args:
        chunks: the bytes.
        channel: 0-based; None is the mean of those with sound.
        refuse_calls: without a channel, refuse channels that take turns.

    Raises:
        ConfigError: it is a call, which shall be refused.
        AudioError: no sound, a broken header, or a value that is not finite or absurd.
        MissingExtraError: PyAV is not installed.
    """
    stream = cast("ByteStream", chunks)
    with contextlib.closing(MediaDecoder(stream, container="stream")) as media:
        gate = Gate(media.rate_hz, name=chunks.label)
        resampler = StreamResampler(media.rate_hz)
        check_channel(channel, media.channels, name=chunks.label)
        guard = CallGuard(media.rate_hz, name=chunks.label) if refuse_calls else None
        mix = Downmix(media.rate_hz, media.channels, channel=channel, live=True)
        for frames in media.blocks():
            gate.check(frames, channel)
            if guard is not None and channel is None:
                guard(frames)
            yield resampler.push(joined(mix.push(frames)))
        yield resampler.finish()
