"""Raw samples in pieces of any size to mono float32 at 16 kHz."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import soxr

from affekt.audio.blocks import SAMPLING_RATE_HZ
from affekt.audio.calls import CallGuard
from affekt.audio.downmix import Downmix
from affekt.audio.formats import SIGNATURE_BYTES, format_of
from affekt.audio.signal import MAX_CHANNELS, Gate, Signal, check_channel, joined, to_float32
from affekt.errors import AudioError, ConfigError, did_you_mean

SampleFormat = Literal["s16le", "f32le"]
SAMPLE_FORMATS: tuple[SampleFormat, ...] = get_args(SampleFormat)

_TYPES: dict[str, np.dtype[Any]] = {"s16le": np.dtype("<i2"), "f32le": np.dtype("<f4")}
_NOTHING: Signal = np.empty(0, dtype=np.float32)


class ContainerError(AudioError):
    """A file came where raw samples are expected."""


class StreamResampler:
    """Brings a mono stream to 16 kHz without a seam between its pieces.

    Args:
        sampling_rate_hz: of what comes in; at 16,000 the samples pass as they are.
    """

    def __init__(self, sampling_rate_hz: int) -> None:
        self._stream = (
            None
            if sampling_rate_hz == SAMPLING_RATE_HZ
            else soxr.ResampleStream(sampling_rate_hz, SAMPLING_RATE_HZ, 1, dtype="float32")
        )

    def push(self, samples: Signal) -> Signal:
        """Take `[samples]` in, and return what is ready by now."""
        if self._stream is None or not samples.size:
            return samples
        ready: Signal = self._stream.resample_chunk(samples)
        return ready

    def finish(self) -> Signal:
        """Return the samples that are still held."""
        if self._stream is None:
            return _NOTHING
        last: Signal = self._stream.resample_chunk(_NOTHING, last=True)
        return last


class PcmReader:
    """Takes interleaved samples without a header; a chunk may end anywhere, within a sample too.

    Args:
        sample_format: 16-bit integers or 32-bit floats, little-endian.
        sampling_rate_hz: 1,000 to 384,000.
        channels: interleaved, 1 to 64.
        channel: 0-based; None is the mean of those with sound.
        refuse_calls: without a channel, refuse channels that take turns.
        name: what to call the stream in a message.

    Raises:
        ConfigError: the format is unknown, or the number of channels impossible.
        AudioError: the rate or the channel is impossible.
    """

    def __init__(
        self,
        *,
        sample_format: SampleFormat,
        sampling_rate_hz: int,
        channels: int = 1,
        channel: int | None = None,
        refuse_calls: bool = False,
        name: str = "the stream",
    ) -> None:
        if sample_format not in _TYPES:
            hint = did_you_mean(sample_format, SAMPLE_FORMATS)
            raise ConfigError(f"no sample format is called '{sample_format}'{hint}")
        if not 1 <= channels <= MAX_CHANNELS:
            raise ConfigError(f"{name}: has 1 to {MAX_CHANNELS} channels, not {channels}")
        check_channel(channel, channels, name=name)
        self._gate = Gate(sampling_rate_hz, name=name)
        self._name = name
        self._type = _TYPES[sample_format]
        self._channels = channels
        self._channel = channel
        self._guard = (
            CallGuard(sampling_rate_hz, name=name) if refuse_calls and channel is None else None
        )
        self._mix = Downmix(sampling_rate_hz, channels, channel=channel, live=True)
        self._rest = b""
        self._head = b""
        self._resampler = StreamResampler(sampling_rate_hz)

    def push(self, chunk: bytes) -> Signal:
        """Take bytes in, and return the samples they complete.

        Raises:
            ContainerError: a file comes in, with a header.
            AudioError: a value is not finite, or absurdly large.
            ConfigError: it is a call, which shall be refused.
        """
        self._check_head(chunk)
        data = self._rest + chunk
        frame_bytes = self._type.itemsize * self._channels
        whole = len(data) - len(data) % frame_bytes
        self._rest = data[whole:]
        frames = np.frombuffer(data[:whole], dtype=self._type).reshape(-1, self._channels)
        scaled = to_float32(frames, name=self._name)
        self._gate.check(scaled, self._channel)
        if self._guard is not None:
            self._guard(scaled)
        return self._resampler.push(joined(self._mix.push(scaled)))

    def finish(self) -> Signal:
        """Return the samples that the resampler still holds; a sample cut short is left out."""
        return self._resampler.finish()

    def _check_head(self, chunk: bytes) -> None:
        """Refuse what begins as the files of a format do, however little of it comes at once."""
        missing = SIGNATURE_BYTES - len(self._head)
        if missing <= 0:
            return
        self._head += chunk[:missing]
        # MP3 and AAC can begin with no more than two bytes of their own, which samples may hold.
        kind = None if self._head.startswith(b"\xff") else format_of(self._head)
        if kind is not None:
            raise ContainerError(
                f"{self._name}: begins as {kind.name} files do, and raw samples are expected: "
                "decode it first (ffmpeg -i FILE -f s16le -ar 16000 -ac 1 -)"
            )
