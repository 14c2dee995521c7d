"""Decoding through FFmpeg (PyAV, the extra `media`): m4a, mp4, 3gp, amr, aac, webm, wma."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from affekt.audio.boxes import announces_too_much, holds_another, is_fragmented, was_cut_off
from affekt.audio.ffmpeg import limit_allocations
from affekt.audio.signal import MIN_PEAK, Signal
from affekt.audio.source import ByteStream
from affekt.errors import AudioError, MissingExtraError

BEYOND_HEADER = "beyond its header"

# Nothing else is tried: playlists and the like would open further files or addresses.
_DEMUXERS = "mov,matroska,webm,aac,amr,amrnb,amrwb,asf,flv,avi,mp3,ogg,flac,wav,w64,aiff,caf,au"
# Channels lie beside each other: of eight that lie apart, PyAV reads a ninth, and ends the process.
_SAMPLES = "flt"
# Of many tracks, each packet is looked for in all of them; no recording has so many.
_MOST_TRACKS = 64
_OPTIONS = {
    "format_whitelist": _DEMUXERS,
    "protocol_whitelist": "",
    "max_streams": str(_MOST_TRACKS),
}
_TOLERANCE_S = 0.5
# Containers whose frames say when they are to be played.
_TIMED = ("MP4", "QuickTime", "WebM or Matroska", "Windows Media", "Flash Video", "stream")
# Of these FFmpeg estimates the length by the bit rate.
_ESTIMATED = ("AAC", "AMR", BEYOND_HEADER)
# Of these it knows that of the longest track, or counts silence that no player keeps.
_OF_THE_WHOLE = ("AVI", "Windows Media")
# Time stamps are rounded, and clocks drift: less than this is no hole.
_HOLE_S = 0.1
# Time stamps that claim more silence than this are damaged, but where the file is so long that it
# may hold a picture meanwhile, or an eventful day.
_MOST_SILENCE_S = 600.0
_LEAST_BYTES_A_SECOND = 100
_SILENT_FRAMES = 1 << 16
# Where so many packets in a row cannot be decoded, minutes of sound, nothing that follows can.
_MOST_IN_VAIN = 10_000


class MediaDecoder:
    """One recording that FFmpeg can read.

    Args:
        stream: the file.
        container: what to call its format in a message.
        rate_hz: sampling rate to decode to; None is the recording's own.
        channels: how many to decode to; None is the recording's own.
        track: of several sound tracks, 0-based; None is the default one if it holds sound, else
            the first that does.

    Attributes:
        rate_hz, channels: of the first frame that was decoded; headers are no authority.
        warnings: sentences about damage that was found, complete after `blocks` ended.
        remarks: sentences about what was chosen.

    Raises:
        MissingExtraError: PyAV is not installed.
        AudioError: there is no sound track, or not this one, or nothing of it can be decoded.
    """

    def __init__(
        self,
        stream: ByteStream,
        *,
        container: str,
        rate_hz: int | None = None,
        channels: int | None = None,
        track: int | None = None,
    ) -> None:
        try:
            import av
        except ImportError:
            raise MissingExtraError(
                what=f"{stream.label}: reading {container}", package="av (PyAV)", extra="media"
            ) from None
        self._av = av
        self._errors = (av.error.FFmpegError, OSError, ValueError, MemoryError)
        limit_allocations(av)
        self.warnings: list[str] = []
        self.remarks: list[str] = []
        self._damaged = 0
        self._broken = False
        self._file, self._kind = stream, container
        self._container = self._opened()
        self._track = self._chosen(track)
        has_sound = bool(self._container.streams.audio)
        self._frames: Iterator[Any] = iter(())
        if has_sound:
            self._frames = (frame for _, frame in self._decoded(self._track))
        self._first: Any = next(self._frames, None)
        if self._first is None:
            what = "no sound that can be decoded" if has_sound else "no sound"
            self._container.close()
            raise AudioError(f"{stream.label}: holds {what}: name a recording with a sound track")
        self.rate_hz: int = rate_hz or self._first.sample_rate
        self.channels: int = channels or self._first.layout.nb_channels
        self._is_fragmented = is_fragmented(stream, container)
        self._announced_s = self._announced()
        self._begins_s = self._beginning()
        self._silence_s = 0.0

    def skip_to(self, frame: int) -> int:  # noqa: ARG002 - compressed streams start at the start
        """Return the frame that reading starts from: always 0."""
        return 0

    def blocks(self) -> Iterator[Signal]:
        """Yield [frames, channels] float32 until the sound ends, whatever the header says.

        Where the time stamps leave a hole, silence is put: times are those of a player.
        """
        layout = self._first.layout
        layout = layout.name if layout.nb_channels == self.channels else f"{self.channels}c"
        converter: Any = None
        kind: tuple[Any, ...] = ()
        count_s = 0.0
        for frame in self._all_frames():
            if hole_s := self._hole(frame, count_s):
                yield from self._flush(converter)
                converter, kind = None, ()
                yield from self._silence(hole_s)
                count_s += hole_s
            found = _kind_of(frame)
            # Broadcasts and calls may change their kind on the way; the output stays the same.
            if found != kind:
                yield from self._flush(converter)
                converter = self._av.AudioResampler(_SAMPLES, layout, self.rate_hz)
                kind = found
            count_s += frame.samples / frame.sample_rate
            frame.pts = None
            yield from self._converted(converter, frame)
        yield from self._flush(converter)
        self._compare_with_header(count_s)

    def close(self) -> None:
        """Close the decoder, not the stream."""
        self._container.close()

    def _opened(self) -> Any:
        message = (
            f"{self._file.label}: its {self._kind} header is damaged or cut off: get the file again"
        )
        if announces_too_much(self._file, self._kind):
            raise AudioError(message)
        self._file.seek(0)
        try:
            return self._av.open(self._file, mode="r", options=_OPTIONS)
        except self._errors as error:
            raise AudioError(message) from error

    def _chosen(self, track: int | None) -> int:
        """Return the sound track to read."""
        tracks = self._container.streams.audio
        if track is not None and not 0 <= track < len(tracks):
            count = "one (0)" if len(tracks) == 1 else f"{len(tracks)} (0 to {len(tracks) - 1})"
            self._container.close()
            raise AudioError(f"{self._file.label}: there is no sound track {track}: it has {count}")
        if track is not None or len(tracks) < 2:
            return track or 0
        flagged = [number for number, item in enumerate(tracks) if _is_default(item)]
        order = [*flagged, *(number for number in range(len(tracks)) if number not in flagged)]
        chosen = self._first_with_sound(order)
        why = "the default one" if chosen in flagged[:1] else "the first one"
        if chosen != order[0]:
            why = "the first one with sound"
        self.remarks.append(
            f"The recording has {len(tracks)} sound tracks: track {chosen}, {why}, was read "
            "(choose another with track, counted from 0)."
        )
        return chosen

    def _first_with_sound(self, order: list[int]) -> int:
        """Return the first track that is more than silence, else the first; one reading for all."""
        loud: set[int] = set()
        converters: dict[tuple[Any, ...], Any] = {}
        for number, frame in self._decoded(*order):
            key = (number, *_kind_of(frame))
            if key not in converters:
                converters[key] = self._av.AudioResampler(_SAMPLES)
            frame.pts = None
            if any(
                np.abs(part).max() >= MIN_PEAK for part in self._converted(converters[key], frame)
            ):
                loud.add(number)
            if order[0] in loud:
                break
        self._container.close()
        self._container, self._damaged, self._broken = self._opened(), 0, False
        return next((number for number in order if number in loud), order[0])

    def _all_frames(self) -> Iterator[Any]:
        yield self._first
        yield from self._frames

    def _decoded(self, *tracks: int) -> Iterator[tuple[int, Any]]:
        """Yield tracks and decoded frames, and step over packets that cannot be decoded."""
        streams = self._container.streams.audio
        number_of = {streams[number].index: number for number in tracks}
        for stream in self._container.streams:
            if stream.index not in number_of and hasattr(stream, "discard"):  # in newer PyAV
                stream.discard = type(stream.discard).all
        packets = self._container.demux([streams[number] for number in tracks])
        in_vain = 0
        while in_vain < _MOST_IN_VAIN:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except self._errors:
                self._broken = True
                return
            try:
                for frame in packet.decode():
                    in_vain = 0
                    yield number_of[packet.stream.index], frame
            except self._errors:
                self._damaged += 1
                in_vain += 1
        self._broken = True

    def _hole(self, frame: Any, count_s: float) -> float:
        """Return how much silence lies before a frame, in seconds; 0 for none."""
        if self._kind not in _TIMED or frame.pts is None:
            return 0.0
        hole_s = float(frame.pts * frame.time_base) - self._begins_s - count_s
        if hole_s < _HOLE_S:
            return 0.0
        most_s = max(_MOST_SILENCE_S, self._file.size / _LEAST_BYTES_A_SECOND)
        ends_s = [end_s for end_s in (self._announced_s, self._announced_end()) if end_s]
        if self._silence_s + hole_s > most_s or (
            ends_s and count_s + hole_s > max(ends_s) + _TOLERANCE_S
        ):
            note = "The time stamps are damaged: where they leave holes, none was put."
            if note not in self.warnings:
                self.warnings.append(note)
            return 0.0
        self._silence_s += hole_s
        return hole_s

    def _silence(self, hole_s: float) -> Iterator[Signal]:
        left = round(hole_s * self.rate_hz)
        while left > 0:
            yield np.zeros((min(left, _SILENT_FRAMES), self.channels), dtype=np.float32)
            left -= _SILENT_FRAMES

    def _flush(self, converter: Any) -> Iterator[Signal]:
        return iter(()) if converter is None else self._converted(converter, None)

    def _converted(self, converter: Any, frame: Any) -> Iterator[Signal]:
        try:
            pieces = converter.resample(frame)
        except self._errors:  # a rate or layout that no recording has
            self._damaged += 1
            return
        for piece in pieces:
            yield _to_frames(piece)

    def _beginning(self) -> float:
        """Return where the clock stands as the recording begins, in seconds.

        It is 0, and what comes late comes late, but in a piece of a longer stream.
        """
        starts_s = max(0, self._container.start_time or 0) / self._av.time_base
        end_s = self._announced_end()
        if self._kind in ("MP4", "QuickTime"):
            return starts_s if self._is_fragmented else 0.0
        return starts_s if end_s is None or starts_s > end_s else 0.0

    def _announced_end(self) -> float | None:
        duration = self._container.duration
        return duration / self._av.time_base if duration and duration > 0 else None

    def _announced(self) -> float | None:
        """Return where the header says that this track ends, in seconds; None where it does not."""
        if self._kind in (*_ESTIMATED, *_OF_THE_WHOLE) or self._is_fragmented:
            return None
        track = self._container.streams.audio[self._track]
        clock = re.fullmatch(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)", track.metadata.get("DURATION", ""))
        if clock is not None:  # as Matroska has it
            hours, minutes, seconds = (float(part) for part in clock.groups())
            return 3600 * hours + 60 * minutes + seconds
        if track.duration:
            return float((track.duration + max(0, track.start_time or 0)) * track.time_base)
        alone = len(self._container.streams) == 1
        return self._announced_end() if alone else None

    def _compare_with_header(self, seconds: float) -> None:
        announced_s = self._announced_s
        if announced_s is not None and announced_s - seconds > _TOLERANCE_S:
            self.warnings.append(
                f"The end is missing: the header announces {announced_s:.2f} s, "
                f"{seconds:.2f} s could be read."
            )
        elif announced_s is None and (self._broken or was_cut_off(self._file, self._kind)):
            self.warnings.append("The file was cut off: its end is missing.")
        elif holds_another(self._file, self._kind):
            self.warnings.append(
                "Another recording follows in the file: it was not read; split the file."
            )
        elif self._damaged:
            packets = (
                "1 damaged packet" if self._damaged == 1 else f"{self._damaged} damaged packets"
            )
            self.warnings.append(f"The recording is damaged: {packets} left out.")


def _is_default(track: Any) -> bool:
    return bool(int(getattr(track, "disposition", 0)) & 1)


def _kind_of(frame: Any) -> tuple[Any, ...]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _to_frames(frame: Any) -> Signal:
    samples: Signal = frame.to_ndarray()
    return samples.reshape(-1, frame.layout.nb_channels)
