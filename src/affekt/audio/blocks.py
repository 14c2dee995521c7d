"""A recording of any length, decoded block by block in flat memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import numpy as np
import soxr

from affekt.audio.bandwidth import Bandwidth
from affekt.audio.calls import CallGuard
from affekt.audio.downmix import Downmix
from affekt.audio.media import BEYOND_HEADER, MediaDecoder
from affekt.audio.opening import Decoder, open_decoder
from affekt.audio.signal import Gate, Signal, check_channel, rechunk
from affekt.audio.sndfile import SoundfileDecoder
from affekt.audio.source import AudioSource, ByteStream, open_source
from affekt.errors import AffektError, AudioError, MissingExtraError

SAMPLING_RATE_HZ = 16_000

# The resampler has forgotten its beginning after this long.
_WARM_UP_S = 1


class BlockReader:
    """Iterates over a recording in blocks of equal length, in flat memory; the last is shorter.

    A context manager; made by `decode_blocks`. It can be iterated over once.

    Attributes:
        label: what the recording is called in messages.
        sampling_rate_hz: of the blocks.
        source_rate_hz, source_channels: of the recording as it was found.
        warnings: what a reader should know, complete once the blocks are exhausted.
        damaged: something of it could not be read, as the warnings say.
        watch: shown each `[samples, channels]` at the recording's own rate, before channels are
            mixed; what it raises ends the reading.
    """

    def __init__(
        self,
        source: AudioSource,
        *,
        block_s: float = 30.0,
        sampling_rate_hz: int = SAMPLING_RATE_HZ,
        channel: int | None = None,
        track: int | None = None,
        refuse_calls: bool = False,
    ) -> None:
        block_samples = round(block_s * sampling_rate_hz)
        if block_samples < 1:
            raise ValueError(f"block_s must hold at least one sample, found {block_s}")
        self.sampling_rate_hz = sampling_rate_hz
        self.warnings: list[str] = []
        self.damaged = False
        self.watch: Callable[[Signal], None] | None = None
        self._channel = channel
        with contextlib.ExitStack() as undo:
            self._stream = open_source(source)
            undo.callback(self._stream.close)
            self.label = self._stream.label
            self._decoder, self._following = open_decoder(self._stream, track=track)
            undo.callback(self._decoder.close)
            self.source_rate_hz = self._decoder.rate_hz
            self.source_channels = self._decoder.channels
            check_channel(channel, self.source_channels, name=self.label)
            self._gate = Gate(self.source_rate_hz, name=self.label)
            if refuse_calls and channel is None:
                self.watch = CallGuard(self.source_rate_hz, name=self.label)
            self._close = undo.pop_all()
        self._blocks = rechunk(self.chunks(), block_samples)

    @property
    def duration_s(self) -> float:
        """Seconds of sound decoded so far."""
        return self._gate.duration_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Signal]:
        return self

    def __next__(self) -> Signal:
        """Return the next block, [samples] float32.

        Raises:
            AudioError: a value is not finite or absurd, or, at the end, the whole was empty, too
                short or silent.
        """
        return next(self._blocks)

    def close(self) -> None:
        """Close the recording; a file object of the caller's stays open."""
        self._close.close()

    def chunks(self, *, from_s: int = 0) -> Iterator[Signal]:
        """Yield the signal in pieces as they come from the resampler.

        Args:
            from_s: whole second before which nothing is needed; where the format allows, reading
                starts there, otherwise the pieces before it are dropped.
        """
        rate_hz, target_hz = self.source_rate_hz, self.sampling_rate_hz
        start_s = max(0, from_s - _WARM_UP_S)
        # Only whole seconds: both rates have a sample there, so nothing shifts.
        start = self._decoder.skip_to(start_s * rate_hz)
        unwanted = from_s * target_hz - start * target_hz // rate_hz
        self._gate = Gate(rate_hz, name=self.label, start_s=start / rate_hz)
        stream = None
        if rate_hz != target_hz:
            stream = soxr.ResampleStream(rate_hz, target_hz, 1, dtype="float32")
        band = Bandwidth(target_hz, rate_hz)
        mix = Downmix(rate_hz, self.source_channels, channel=self._channel)
        for mono in self._mono(start, mix):
            piece: Signal = mono if stream is None else stream.resample_chunk(mono)
            band.update(piece[unwanted:])
            yield piece[unwanted:]
            unwanted = max(0, unwanted - piece.size)
        if stream is not None:
            piece = stream.resample_chunk(np.empty(0, dtype=np.float32), last=True)
            band.update(piece[unwanted:])
            yield piece[unwanted:]
        self._stream.raise_read_error()
        self.warnings += [*mix.warnings(), *self._gate.close(), *band.warnings()]

    def _mono(self, position: int, mix: Downmix) -> Iterator[Signal]:
        """Yield what is left of the recording from a position, checked and mixed."""
        for frames in self._frames(position):
            self._gate.check(frames, self._channel)
            if self.watch is not None:
                self.watch(frames)
            for mono in mix.push(frames):
                self._gate.update(mono)
                yield mono
        for mono in mix.finish():
            self._gate.update(mono)
            yield mono

    def _frames(self, position: int) -> Iterator[Signal]:
        """Yield [frames, channels] from a position to the end of the last recording in the file."""
        decoder: Decoder | None = self._decoder
        stream, following, recordings = self._stream, self._following, 0
        while decoder is not None:
            recordings += 1
            for frames in decoder.blocks():
                position += len(frames)
                yield frames
            self.warnings += decoder.remarks
            self._note_damage(*decoder.warnings)
            if isinstance(decoder, SoundfileDecoder) and decoder.more_follows:
                following = following or decoder.next_recording()
                if following is None:
                    yield from self._beyond_header(decoder, stream, position)
            if following is None:
                break
            stream = following
            decoder, following = self._next_recording(stream, position / self.source_rate_hz)
        if recordings > 1:
            self._note_damage(
                f"The file holds {recordings} recordings one behind the other: all were read."
            )

    def _next_recording(
        self, stream: ByteStream, at_s: float
    ) -> tuple[Decoder | None, ByteStream | None]:
        """Open the next recording of a file that holds several, if it can be read as one."""
        try:
            decoder, following = open_decoder(stream)
        except AffektError:
            self._note_damage(
                f"After {at_s:.2f} s the file goes on with something that cannot be read."
            )
            return None, None
        self._close.callback(decoder.close)
        if (decoder.rate_hz, decoder.channels) == (self.source_rate_hz, self.source_channels):
            return decoder, following
        self._note_damage(
            f"After {at_s:.2f} s another recording follows, of {decoder.rate_hz} Hz with "
            f"{decoder.channels} channels: what follows was not read; split the file there."
        )
        return None, None

    def _beyond_header(
        self, decoder: SoundfileDecoder, stream: ByteStream, position: int
    ) -> Iterator[Signal]:
        """Read on with FFmpeg where libsndfile stopped at the count in the header."""
        at_s = position / self.source_rate_hz
        try:
            media = MediaDecoder(
                stream,
                container=BEYOND_HEADER,
                rate_hz=self.source_rate_hz,
                channels=decoder.channels,
            )
        except MissingExtraError:
            if position == 0:
                raise
            cut_off = [] if decoder.has_another_stream() else decoder.end_mark_warnings()
            goes_on = (
                f"The header announces {at_s:.2f} s, but the file goes "
                "on: what follows was not read; pip install 'affekt[media]' reads it."
            )
            self._note_damage(*(cut_off or [goes_on]))
            return
        except AudioError:  # what follows is no sound (tags, a picture)
            self._note_damage(*decoder.end_mark_warnings())
            return
        with contextlib.closing(media):
            found = 0
            for frames in media.blocks():
                found += len(frames)
                if found > position:
                    yield frames[-min(found - position, len(frames)) :]
        if found > position:
            self._note_damage(
                f"The header announces {at_s:.2f} s, "
                f"but {found / self.source_rate_hz:.2f} s were found and read."
            )
        elif decoder.has_another_stream():
            self._note_damage(
                f"After {at_s:.2f} s another stream follows, of another kind: what follows was not "
                "read; split the file there."
            )
        else:
            self._note_damage(*decoder.end_mark_warnings())

    def _note_damage(self, *notes: str) -> None:
        self.warnings += notes
        self.damaged = self.damaged or bool(notes)


def decode_blocks(
    source: AudioSource,
    *,
    block_s: float = 30.0,
    sampling_rate_hz: int = SAMPLING_RATE_HZ,
    channel: int | None = None,
    track: int | None = None,
    refuse_calls: bool = False,
) -> BlockReader:
    """Open a recording of any length for reading in blocks, in flat memory.

    The blocks joined are exactly what `decode` returns.

    Args:
        source: a path, "-" for standard input, the bytes of a file, or a binary file object.
        block_s: length of a block in seconds; the last is shorter.
        sampling_rate_hz: rate wanted.
        channel: 0-based; None is the mean of those with sound.
        track: of several sound tracks, 0-based; None is the default one, if it holds sound.
        refuse_calls: without a channel, the reading ends with a ConfigError once two channels
            have taken turns, as those of a call do.

    Raises:
        AudioError: there is nothing to read, or it is no recording; the message holds the remedy.
        MissingExtraError: the format needs PyAV, which is not installed.
    """
    return BlockReader(
        source,
        block_s=block_s,
        sampling_rate_hz=sampling_rate_hz,
        channel=channel,
        track=track,
        refuse_calls=refuse_calls,
    )
