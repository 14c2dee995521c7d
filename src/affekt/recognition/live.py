"""Sound as it comes: from a microphone, or as raw samples from standard input."""

from __future__ import annotations

import queue
from collections import defaultdict
from collections.abc import Generator, Sequence
from typing import Any, BinaryIO, Literal, get_args

import numpy as np
import soxr

from affekt.audio import SAMPLING_RATE_HZ, Signal, to_mono
from affekt.errors import AudioError, ConfigError, MissingExtraError, did_you_mean
from affekt.records import Moment

SampleFormat = Literal["s16le", "f32le"]
SAMPLE_FORMATS: tuple[SampleFormat, ...] = get_args(SampleFormat)
_TYPES: dict[str, np.dtype[Any]] = {"s16le": np.dtype("<i2"), "f32le": np.dtype("<f4")}
_BLOCK_S = 0.1


def raw_samples(
    stream: BinaryIO, *, sampling_rate_hz: int, sample_format: SampleFormat, channels: int = 1
) -> Generator[Signal, None, None]:
    """Yield mono samples at 16 kHz from a stream of raw ones, as soon as they are there.

    Args:
        stream: interleaved samples without a header, until its end.
        sampling_rate_hz: of the stream, 1 to 384 kHz.
        sample_format: 16-bit integers or 32-bit floats, little-endian.
        channels: of the stream; their mean is taken.

    Raises:
        ConfigError: the rate, the format or the channels are impossible.
        AudioError: a sample is not finite.
    """
    if sample_format not in _TYPES:
        hint = did_you_mean(sample_format, SAMPLE_FORMATS)
        raise ConfigError(f"no sample format is called '{sample_format}'{hint}")
    if not 1_000 <= sampling_rate_hz <= 384_000 or not 1 <= channels <= 64:
        raise ConfigError("the rate must lie in 1 to 384 kHz, and there must be 1 to 64 channels")
    kind = _TYPES[sample_format]
    frame_bytes = kind.itemsize * channels
    resampler = _Resampler(sampling_rate_hz)
    held = b""
    read = getattr(stream, "read1", stream.read)
    while block := read(frame_bytes * max(1, round(_BLOCK_S * sampling_rate_hz))):
        held += block
        whole = len(held) - len(held) % frame_bytes
        frames = np.frombuffer(held[:whole], dtype=kind).reshape(-1, channels)
        held = held[whole:]
        scale = 32768.0 if kind.kind == "i" else 1.0
        samples = to_mono(frames.astype(np.float32) / np.float32(scale))
        if not np.isfinite(samples).all():
            raise AudioError("the stream holds values that are no numbers: check --sample-format")
        yield resampler.push(samples)
    yield resampler.finish()


def microphone(device: str | int | None = None) -> Generator[Signal, None, None]:
    """Yield mono samples at 16 kHz from a microphone, ten times a second, until closed.

    Args:
        device: name, part of one, or number; None is the system's own choice.

    Raises:
        MissingExtraError: sounddevice, or the PortAudio library it needs, is not installed.
        AudioError: there is no such microphone, or it cannot be opened.
    """
    try:
        import sounddevice
    except (ModuleNotFoundError, OSError) as error:
        raise MissingExtraError(
            what="a microphone (with the system's PortAudio library: apt install libportaudio2)",
            package="sounddevice",
            extra="live",
        ) from error
    blocks: queue.SimpleQueue[Signal] = queue.SimpleQueue()
    try:
        described = sounddevice.query_devices(device, "input")
        rate_hz = round(described["default_samplerate"])
        opened = sounddevice.InputStream(
            device=device,
            channels=1,
            samplerate=rate_hz,
            blocksize=round(_BLOCK_S * rate_hz),
            dtype="float32",
            callback=lambda samples, *_: blocks.put(samples[:, 0].copy()),
        )
    except (ValueError, sounddevice.PortAudioError) as error:
        raise AudioError(
            f"no microphone to listen to: {error}; python -m sounddevice lists what there is, "
            "and --stdin takes raw samples from another program"
        ) from error
    resampler = _Resampler(rate_hz)
    with opened:
        while True:
            yield resampler.push(blocks.get())


def summarise_moments(moments: Sequence[Moment]) -> dict[str, float]:
    """Return how many seconds each emotion was heard, "uncertain" and "silence" among them.

    Each moment answers for the time from the end of the one before to its own.
    """
    seconds: defaultdict[str, float] = defaultdict(float)
    before_s = 0.0
    for item in moments:
        name = "uncertain" if item.uncertain else item.emotion or "silence"
        seconds[name] += item.end_s - before_s
        before_s = item.end_s
    return dict(sorted(seconds.items(), key=lambda pair: -pair[1]))


class _Resampler:
    """Brings a stream to 16 kHz without a seam between its pieces."""

    def __init__(self, sampling_rate_hz: int) -> None:
        self._stream = (
            None
            if sampling_rate_hz == SAMPLING_RATE_HZ
            else soxr.ResampleStream(sampling_rate_hz, SAMPLING_RATE_HZ, 1, dtype="float32")
        )

    def push(self, samples: Signal) -> Signal:
        return samples if self._stream is None else self._stream.resample_chunk(samples)

    def finish(self) -> Signal:
        nothing = np.empty(0, dtype=np.float32)
        if self._stream is None:
            return nothing
        rest: Signal = self._stream.resample_chunk(nothing, last=True)
        return rest
