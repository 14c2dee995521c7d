"""Decoding through FFmpeg (PyAV, the extra `media`): m4a, mp4, 3gp, amr, aac, webm, wma."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from affekt.audio.signal import Signal
from affekt.audio.source import ByteStream
from affekt.errors import AudioError, MissingExtraError

# Nothing else is tried: playlists and the like would open further files or addresses.
_DEMUXERS = "mov,matroska,webm,aac,amr,amrnb,amrwb,asf,flv,avi,mp3,ogg,flac,wav,w64,aiff,caf,au"
_OPTIONS = {"format_whitelist": _DEMUXERS, "protocol_whitelist": ""}
_TOLERANCE_S = 0.5


class MediaDecoder:
    """One recording that FFmpeg can read.

    Args:
        stream: the file.
        container: what to call its format in a message.
        rate_hz: sampling rate to decode to; None is the recording's own.

    Attributes:
        rate_hz, channels: of the first frame that was decoded; headers are no authority.
        warnings: sentences about what was found while reading, complete after `blocks` ended.

    Raises:
        MissingExtraError: PyAV is not installed.
        AudioError: there is no sound track, or nothing of it can be decoded.
    """

    def __init__(self, stream: ByteStream, *, container: str, rate_hz: int | None = None) -> None:
        try:
            import av
        except ImportError:
            raise MissingExtraError(
                what=f"{stream.label}: reading {container}", package="av (PyAV)", extra="media"
            ) from None
        self._av = av
        self.warnings: list[str] = []
        self._damaged = 0
        stream.seek(0)
        try:
            self._container = av.open(stream, mode="r", options=_OPTIONS)
        except (av.error.FFmpegError, ValueError) as error:
            raise AudioError(
                f"{stream.label}: its {container} header is damaged or cut off: get the file again"
            ) from error
        self._frames = self._decoded()
        self._first: Any = next(self._frames, None)
        if self._first is None:
            track = "no sound that can be decoded" if self._container.streams.audio else "no sound"
            self._container.close()
            raise AudioError(f"{stream.label}: holds {track}: name a recording with a sound track")
        self.rate_hz: int = rate_hz or self._first.sample_rate
        self.channels: int = self._first.layout.nb_channels

    def skip_to(self, frame: int) -> int:  # noqa: ARG002 - compressed streams start at the start
        """Return the frame that reading starts from: always 0."""
        return 0

    def blocks(self) -> Iterator[Signal]:
        """Yield [frames, channels] float32 until the sound ends, whatever the header says."""
        layout = self._first.layout.name
        converter: Any = None
        kind: tuple[Any, ...] = ()
        count = 0
        for frame in self._all_frames():
            found = (frame.format.name, frame.layout.name, frame.sample_rate)
            # Broadcasts and calls may change their kind on the way; the output stays the same.
            if found != kind:
                yield from self._flush(converter)
                converter = self._av.AudioResampler("fltp", layout, self.rate_hz)
                kind = found
            count += frame.samples / frame.sample_rate
            frame.pts = None
            for converted in converter.resample(frame):
                yield _to_frames(converted)
        yield from self._flush(converter)
        self._compare_with_header(count)

    def close(self) -> None:
        """Close the decoder, not the stream."""
        self._container.close()

    def _all_frames(self) -> Iterator[Any]:
        yield self._first
        yield from self._frames

    def _decoded(self) -> Iterator[Any]:
        """Yield decoded frames, and step over packets that cannot be decoded."""
        if not self._container.streams.audio:
            return
        packets = self._container.demux(self._container.streams.audio[0])
        while True:
            try:
                packet = next(packets)
            except (StopIteration, self._av.error.FFmpegError):
                return
            try:
                yield from packet.decode()
            except self._av.error.FFmpegError:
                self._damaged += 1

    def _flush(self, converter: Any) -> Iterator[Signal]:
        if converter is not None:
            for converted in converter.resample(None):
                yield _to_frames(converted)

    def _compare_with_header(self, seconds: float) -> None:
        duration = self._container.duration
        announced = duration / self._av.time_base if duration else 0.0
        if announced - seconds > _TOLERANCE_S:
            self.warnings.append(
                f"The end is missing: the header announces {announced:.2f} s, "
                f"{seconds:.2f} s could be read."
            )
        elif self._damaged:
            packets = (
                "1 damaged packet" if self._damaged == 1 else f"{self._damaged} damaged packets"
            )
            self.warnings.append(f"The recording is damaged: {packets} left out.")


def _to_frames(frame: Any) -> Signal:
    planes: Signal = frame.to_ndarray()
    return np.ascontiguousarray(planes.T)
