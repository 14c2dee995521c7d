"""Sound as it comes: from a microphone, or as raw samples from standard input."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Generator
from typing import BinaryIO

import numpy as np

from affekt.audio import ContainerError, PcmReader, SampleFormat, Signal, StreamResampler
from affekt.errors import AudioError, MissingExtraError
from affekt.records import Moment

_BLOCK_S = 0.1
# Sound that waits for the model; a machine that is further behind does not catch up.
_BACKLOG_S = 10.0
_READ_BYTES = 2**14


def raw_samples(
    stream: BinaryIO,
    *,
    sampling_rate_hz: int,
    sample_format: SampleFormat,
    channels: int = 1,
    channel: int | None = None,
    mix: bool = False,
) -> Generator[Signal, None, None]:
    """Yield mono samples at 16 kHz from a stream of raw ones, as soon as they are there.

    Nothing is read ahead: a writer that is faster than the model has to wait.

    Args:
        stream: interleaved samples without a header, until its end.
        sampling_rate_hz: of the stream, 1 to 384 kHz.
        sample_format: of a sample.
        channels: of the stream.
        channel: of those, counted from 0; None takes their mean.
        mix: take it even of channels that take turns, as those of a call do.

    Raises:
        ConfigError: the format or the channels are impossible, or channels take turns.
        AudioError: the rate is impossible, a sample is not finite, or a file with a header comes.
    """
    reader = PcmReader(
        sample_format=sample_format,
        sampling_rate_hz=sampling_rate_hz,
        channels=channels,
        channel=channel,
        refuse_calls=not mix,
    )
    read = getattr(stream, "read1", stream.read)
    while block := read(_READ_BYTES):
        try:
            yield reader.push(block)
        except ContainerError:
            raise
        except AudioError as error:
            raise AudioError(f"{error}; or check --sample-format ({sample_format})") from None
    yield reader.finish()


def microphone(
    device: str | int | None = None, *, dropped: Callable[[float], None]
) -> Generator[Signal, None, None]:
    """Yield mono samples at 16 kHz from a microphone, up to ten times a second, until closed.

    Args:
        device: name, part of one, or number; None is the system's own choice.
        dropped: called with the seconds that were left out, as the machine is too slow.

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
    try:
        described = sounddevice.query_devices(device, "input")
        rate_hz = round(described["default_samplerate"])
        backlog = Backlog(rate_hz)
        device_stream = sounddevice.InputStream(
            device=device,
            channels=1,
            samplerate=rate_hz,
            blocksize=round(_BLOCK_S * rate_hz),
            dtype="float32",
            callback=lambda samples, *_: backlog.put(samples[:, 0].copy()),
        )
    except (ValueError, sounddevice.PortAudioError) as error:
        raise AudioError(
            f"no microphone to listen to: {error}; python -m sounddevice lists what there is, "
            "and --stdin takes raw samples from another program"
        ) from error
    resampler = StreamResampler(rate_hz)
    with device_stream:
        while True:
            samples, dropped_s = backlog.get()
            if dropped_s:
                dropped(dropped_s)
            yield resampler.push(samples)


class Backlog:
    """Sound that waits for the model, between the thread that records and the one that recognises.

    Where too much waits, all of it is dropped: what follows is in one piece, and of now.

    Args:
        sampling_rate_hz: of the sound.
    """

    def __init__(self, sampling_rate_hz: int) -> None:
        self._rate_hz = sampling_rate_hz
        self._blocks: list[Signal] = []
        self._waiting = 0  # samples in the blocks
        self._dropped = 0
        self._changed = threading.Condition()

    def put(self, block: Signal) -> None:
        """Add a block, and never wait."""
        with self._changed:
            if self._waiting + block.size > _BACKLOG_S * self._rate_hz:
                self._dropped += self._waiting
                self._blocks, self._waiting = [], 0
            self._blocks.append(block)
            self._waiting += block.size
            self._changed.notify()

    def get(self) -> tuple[Signal, float]:
        """Wait for sound; return all that waits, and how many seconds before it were dropped."""
        with self._changed:
            self._changed.wait_for(lambda: self._blocks)
            found = np.concatenate(self._blocks), self._dropped / self._rate_hz
            self._blocks, self._waiting, self._dropped = [], 0, 0
            return found


class Tally:
    """How long each emotion lasted, moment after moment.

    Each moment answers for the time from the end of the one before to its own.

    Attributes:
        total_s: length of all moments so far.
    """

    def __init__(self) -> None:
        self.total_s = 0.0
        self._seconds: defaultdict[str, float] = defaultdict(float)

    def add(self, moment: Moment) -> None:
        """Count the next moment."""
        if moment.out_of_domain:
            name = "not speech"
        else:
            name = "uncertain" if moment.uncertain else moment.emotion or "silence"
        self._seconds[name] += moment.end_s - self.total_s
        self.total_s = moment.end_s

    def seconds(self) -> dict[str, float]:
        """Return the seconds of each emotion, most first.

        "uncertain", "not speech" and "silence" are among them.
        """
        return dict(sorted(self._seconds.items(), key=lambda pair: -pair[1]))
