"""Raw samples in chunks of any size to mono float32 at 16 kHz."""

from __future__ import annotations

from typing import Literal

import numpy as np
import soxr

from affekt.audio import SAMPLING_RATE_HZ, Signal, to_mono
from affekt.audio.signal import Gate, check_channel, to_float32

Encoding = Literal["s16le", "f32le"]

_TYPES = {"s16le": "<i2", "f32le": "<f4"}


class PcmReader:
    """Takes interleaved samples; a chunk may end anywhere, within a sample too.

    Args:
        encoding: of a sample.
        sampling_rate_hz: 1,000 to 384,000.
        channels: interleaved.
        channel: 0-based; None is the mean of all.

    Raises:
        AudioError: the rate or the channel is impossible.
    """

    def __init__(
        self, *, encoding: Encoding, sampling_rate_hz: int, channels: int, channel: int | None
    ) -> None:
        check_channel(channel, channels, name="the stream")
        self._gate = Gate(sampling_rate_hz, name="the stream")
        self._type = np.dtype(_TYPES[encoding])
        self._channels = channels
        self._channel = channel
        self._rest = b""
        self._resampler = None
        if sampling_rate_hz != SAMPLING_RATE_HZ:
            self._resampler = soxr.ResampleStream(
                sampling_rate_hz, SAMPLING_RATE_HZ, 1, dtype="float32"
            )

    def push(self, chunk: bytes) -> Signal:
        """Take bytes in, and return the samples they complete.

        Raises:
            AudioError: a value is not finite.
        """
        data = self._rest + chunk
        frame = self._type.itemsize * self._channels
        whole = len(data) // frame * frame
        self._rest = data[whole:]
        frames = np.frombuffer(data[:whole], dtype=self._type).reshape(-1, self._channels)
        return self._resample(to_mono(to_float32(frames, name="the stream"), self._channel))

    def finish(self) -> Signal:
        """Return the samples that the resampler still holds."""
        if self._resampler is None:
            return np.empty(0, dtype=np.float32)
        last: Signal = self._resampler.resample_chunk(np.empty(0, dtype=np.float32), last=True)
        return last

    def _resample(self, mono: Signal) -> Signal:
        self._gate.update(mono)
        if self._resampler is None or not mono.size:
            return mono
        piece: Signal = self._resampler.resample_chunk(mono)
        return piece
