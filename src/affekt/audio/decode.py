"""Any recording, or an array, to mono float32 at one sampling rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio.bandwidth import Bandwidth
from affekt.audio.blocks import SAMPLING_RATE_HZ, BlockReader, decode_blocks
from affekt.audio.calls import CallGuard
from affekt.audio.downmix import Downmix
from affekt.audio.signal import (
    MAX_CHANNELS,
    Gate,
    Signal,
    as_samples,
    check_channel,
    check_signal,
    joined,
    resample,
    to_float32,
)
from affekt.audio.source import AudioSource
from affekt.errors import AudioError

# Ends of stretches are written with few digits.
_TOLERANCE_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Audio:
    """A recording that passed the gate.

    Attributes:
        signal: [samples] float32 mono, full scale at 1.0.
        sampling_rate_hz: of the signal.
        duration_s: seconds of sound, counted while decoding.
        source_rate_hz, source_channels: of the recording as it was found.
        warnings: what a reader should know, in plain sentences (a missing end, say).
    """

    signal: Signal
    sampling_rate_hz: int
    duration_s: float
    source_rate_hz: int
    source_channels: int
    warnings: tuple[str, ...] = ()


def decode(
    source: AudioSource,
    *,
    sampling_rate_hz: int = SAMPLING_RATE_HZ,
    channel: int | None = None,
    start_s: float | None = None,
    end_s: float | None = None,
    track: int | None = None,
    refuse_calls: bool = False,
) -> Audio:
    """Read a recording, or a stretch of it, as mono float32.

    Args:
        source: a path, "-" for standard input, the bytes of a file, or a binary file object.
        sampling_rate_hz: rate wanted.
        channel: 0-based; None is the mean of those with sound.
        start_s: beginning of the stretch in seconds; None is the recording's.
        end_s: its end; None is the recording's.
        track: of several sound tracks, 0-based; None is the default one, if it holds sound.
        refuse_calls: see `decode_blocks`.

    Raises:
        AudioError: there is nothing to read, or it is no recording, or the stretch lies outside
            it; the message holds the remedy.
        MissingExtraError: the format needs PyAV, which is not installed.
        ConfigError: it is a call, which shall be refused.
    """
    with decode_blocks(
        source,
        sampling_rate_hz=sampling_rate_hz,
        channel=channel,
        track=track,
        refuse_calls=refuse_calls,
    ) as reader:
        if start_s is None and end_s is None:
            signal = joined(list(reader.chunks()))
            duration_s = reader.duration_s
        else:
            signal = _stretch(reader, start_s or 0.0, end_s)
            duration_s = signal.size / sampling_rate_hz
        return Audio(
            signal=signal,
            sampling_rate_hz=sampling_rate_hz,
            duration_s=duration_s,
            source_rate_hz=reader.source_rate_hz,
            source_channels=reader.source_channels,
            warnings=tuple(reader.warnings),
        )


def from_array(
    signal: npt.ArrayLike,
    sampling_rate_hz: int,
    *,
    channel: int | None = None,
    target_rate_hz: int = SAMPLING_RATE_HZ,
    refuse_calls: bool = False,
) -> Audio:
    """Take samples that are in memory already through the same gate.

    Args:
        signal: [samples] or [samples, channels]; float with full scale at 1.0, or uint8, int8,
            int16, int32, which are scaled.
        sampling_rate_hz: of the samples.
        channel: 0-based; None is the mean of those with sound.
        target_rate_hz: rate wanted.
        refuse_calls: see `decode_blocks`.

    Raises:
        AudioError: the array has another shape or type, or is no recording.
        ConfigError: it is a call, which shall be refused.
    """
    name = "<array>"
    frames = as_samples(signal, name=name)
    shape = frames.shape
    if frames.ndim == 1:
        frames = frames[:, np.newaxis]
    if frames.ndim != 2 or not 1 <= frames.shape[1] <= MAX_CHANNELS:
        raise AudioError(
            f"{name}: expected [samples] or [samples, channels], found shape "
            f"{shape}: transpose it if the channels come first"
        )
    check_channel(channel, frames.shape[1], name=name)
    scaled = to_float32(frames, name=name)
    gate = Gate(sampling_rate_hz, name=name)
    mix = Downmix(int(sampling_rate_hz), frames.shape[1], channel=channel)
    gate.check(scaled, channel)
    if refuse_calls and channel is None:
        CallGuard(int(sampling_rate_hz), name=name)(scaled)
    mono = joined([*mix.push(scaled), *mix.finish()])
    gate.update(mono)
    warnings = [*mix.warnings(), *gate.close()]
    resampled = resample(mono, sampling_rate_hz, target_rate_hz)
    band = Bandwidth(target_rate_hz, sampling_rate_hz)
    band.update(resampled)
    return Audio(
        signal=resampled,
        sampling_rate_hz=target_rate_hz,
        duration_s=gate.duration_s,
        source_rate_hz=int(sampling_rate_hz),  # numpy's integers are no JSON
        source_channels=frames.shape[1],
        warnings=(*warnings, *band.warnings()),
    )


def _stretch(reader: BlockReader, start_s: float, end_s: float | None) -> Signal:
    """Read from start to end, and no further; the same samples as a slice of the whole."""
    if start_s < 0 or (end_s is not None and end_s <= start_s):
        raise AudioError(
            f"{reader.label}: a stretch from {start_s:g} s to {end_s} s is impossible: "
            "give a start of at least 0 and an end after it"
        )
    rate_hz = reader.sampling_rate_hz
    from_s = int(start_s)
    first = round(start_s * rate_hz) - from_s * rate_hz
    last = None if end_s is None else round(end_s * rate_hz) - from_s * rate_hz
    pieces: list[Signal] = []
    count = 0
    for piece in reader.chunks(from_s=from_s):
        pieces.append(piece)
        count += piece.size
        if last is not None and count >= last:
            break
    if count <= first:
        raise AudioError(
            f"{reader.label}: ends before {start_s:g} s: give a start within the recording"
        )
    signal = joined(pieces)[first:last].copy()
    if last is not None and last - count > _TOLERANCE_S * rate_hz:
        reader.warnings.append(
            f"The stretch was to end at {end_s:g} s, and the recording ends at "
            f"{from_s + count / rate_hz:.2f} s: what was read counts."
        )
    check_signal(signal, rate_hz, name=f"{reader.label} from {start_s:g} s")
    return signal
