"""What is done to samples: the one gate, the channel, the sampling rate, the length."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt
import soxr

from affekt.errors import AudioError, SilentError

Signal = npt.NDArray[np.float32]

MIN_RATE_HZ = 1_000
MAX_RATE_HZ = 384_000
MIN_DURATION_S = 0.1
# -80 dBFS: three steps of 16 bits. The dither of an empty 16-bit track stays below it (its peaks
# are two steps), and of speech recorded down there no waveform is left.
MIN_PEAK = 1e-4
# Twice full scale still happens in float mixes; far beyond it lie integers stored as floats.
MAX_PLAUSIBLE_PEAK = 8.0
# The full scale of 32-bit integers, the widest that anybody stores as floats. What lies beyond is
# damage (one bit of an exponent), and squares of it are infinite to a model.
MAX_PEAK = 2.0**31
# More columns than any microphone array here: such an array lies on its side.
MAX_CHANNELS = 64


class Gate:
    """The only judge of what counts as a recording; it watches a signal block by block.

    Values are checked as they come in, and the mono signal that is made of them is counted.

    Args:
        sampling_rate_hz: of the blocks it will see.
        name: what to call the recording in a message.
        start_s: where in the recording the first block lies.

    Raises:
        AudioError: the rate is no number, or lies outside 1 to 384 kHz.
    """

    def __init__(self, sampling_rate_hz: float, *, name: str, start_s: float = 0.0) -> None:
        try:
            possible = MIN_RATE_HZ <= sampling_rate_hz <= MAX_RATE_HZ
        except TypeError:
            raise AudioError(
                f"{name}: a sampling rate of {sampling_rate_hz!r} is no number of Hz: give the rate"
            ) from None
        if not possible:
            raise AudioError(
                f"{name}: a sampling rate of {sampling_rate_hz:g} Hz is outside "
                f"{MIN_RATE_HZ} to {MAX_RATE_HZ} Hz: correct the rate, or resample the recording"
            )
        self.samples = 0
        self.peak = 0.0
        self._channel_peak = 0.0
        self._checked = 0
        self._rate_hz = sampling_rate_hz
        self._name = name
        self._start_s = start_s

    @property
    def duration_s(self) -> float:
        """Seconds seen so far."""
        return self.samples / self._rate_hz

    def check(self, frames: Signal, channel: int | None = None) -> None:
        """Refuse what no recording holds, before channels are mixed.

        Args:
            frames: the next [samples] or [samples, channels].
            channel: the only one that is read, if not all are.

        Raises:
            AudioError: a value is not finite, or is absurdly large; the message says where.
        """
        if frames.size == 0:
            return
        read = frames if channel is None else frames[:, channel]
        peak = _peak(read)
        if not peak <= MAX_PEAK:
            self._refuse(read)
        self._checked += len(frames)
        if channel is not None and self.peak < MIN_PEAK:  # is it silent, or the wrong channel?
            peak = _peak(frames)
        self._channel_peak = max(self._channel_peak, peak)

    def update(self, signal: Signal) -> None:
        """Take in the next block of what will be recognised.

        Args:
            signal: [samples] mono, made of what was checked.
        """
        if signal.size:
            self.samples += signal.size
            self.peak = max(self.peak, _peak(signal))

    def close(self) -> list[str]:
        """Judge the whole, and return what a reader should know about it in plain sentences.

        Raises:
            AudioError: the recording is empty or shorter than 0.1 s.
            SilentError: it is silent.
        """
        if self.samples == 0:
            raise AudioError(
                f"{self._name}: holds no samples: check that the recording or export was finished"
            )
        if self.duration_s < MIN_DURATION_S:
            raise AudioError(
                f"{self._name}: lasts {self.duration_s:.3f} s, and at least {MIN_DURATION_S} s "
                "is needed: give a longer recording"
            )
        if self.peak < MIN_PEAK:
            raise SilentError(f"{self._name}: {self._why_silent()}")
        if self.peak > MAX_PLAUSIBLE_PEAK:
            return [
                f"The signal peaks at {self.peak:.4g}, far above full scale (1.0): "
                "these look like integers stored as floats; divide them by their full scale."
            ]
        return []

    def _refuse(self, frames: Signal) -> NoReturn:
        first = np.argwhere(~(np.abs(frames) <= MAX_PEAK))[0]
        value, sample = frames[tuple(first)], self._checked + int(first[0])
        where = f" in channel {first[1]}" if frames.ndim > 1 and frames.shape[1] > 1 else ""
        why = "far beyond full scale (1.0)" if np.isfinite(value) else "not a finite number"
        raise AudioError(
            f"{self._name}: the sample at {self._start_s + sample / self._rate_hz:.3f} s "
            f"({sample}){where} is {value:.6g}, {why}: export the recording again, "
            "or put zeros there (numpy.nan_to_num)"
        )

    def _why_silent(self) -> str:
        level = "-inf" if self.peak == 0 else f"{20 * math.log10(self.peak):.0f}"
        least = f"{20 * math.log10(MIN_PEAK):.0f}"
        if self._channel_peak >= MIN_PEAK:
            return (
                f"is silent (peak {level} dBFS) although its channels are not: they cancel each "
                "other or the wrong one was taken; choose another with channel"
            )
        return (
            f"is silent (peak {level} dBFS, at least {least} is needed): "
            "check the microphone and the recording level"
        )


def check_signal(signal: Signal, sampling_rate_hz: float, *, name: str) -> None:
    """Refuse what is not a recording; every signal passes here or through `Gate` itself.

    Args:
        signal: [samples] mono float.
        sampling_rate_hz: 1,000 to 384,000.
        name: what to call the recording in a message.

    Raises:
        AudioError: the rate is impossible, or the signal is empty, not finite, absurdly large,
            shorter than 0.1 s, or silent (peak below -80 dBFS).
    """
    gate = Gate(sampling_rate_hz, name=name)
    gate.check(signal)
    gate.update(signal)
    gate.close()


def as_samples(values: npt.ArrayLike, *, name: str) -> npt.NDArray[Any]:
    """Return what a caller gives as an array.

    Args:
        values: numbers.
        name: what to call them in a message.

    Raises:
        AudioError: they are bytes or text, or rows of different lengths.
    """
    if isinstance(values, bytes | bytearray | memoryview | str):
        raise AudioError(
            f"{name}: takes arrays of samples, not {type(values).__name__}: "
            "numpy.frombuffer(data, dtype='<i2') makes one of raw 16-bit samples"
        )
    try:
        return np.asarray(values)
    except ValueError:
        raise AudioError(
            f"{name}: its rows differ in length: every moment needs a sample of every channel"
        ) from None


def to_float32(frames: npt.NDArray[Any], *, name: str) -> Signal:
    """Turn samples of any usual type into float32 with full scale at 1.0.

    Args:
        frames: uint8, int8, int16, int32 (scaled by their full scale) or any float (as it is).
        name: what to call the recording in a message.

    Raises:
        AudioError: the type says nothing about full scale (int64, bool, complex, text, ...).
    """
    if frames.dtype.kind == "f":
        with np.errstate(over="ignore"):  # the gate says where
            return frames.astype(np.float32, copy=False)
    if frames.dtype == np.uint8:
        return (frames.astype(np.float32) - 128.0) / 128.0
    if frames.dtype in (np.int8, np.int16, np.int32):
        full_scale = 2.0 ** (8 * frames.dtype.itemsize - 1)
        return np.asarray(frames / full_scale, dtype=np.float32)
    raise AudioError(
        f"{name}: samples of type {frames.dtype} have no known full scale: "
        "convert them to float (-1 to 1), int16 or int32"
    )


def check_channel(channel: int | None, channels: int, *, name: str) -> None:
    """Refuse a channel that the recording does not have.

    Raises:
        AudioError: the channel is outside 0 to channels - 1.
    """
    if channel is not None and not 0 <= channel < channels:
        count = "1 channel (0)" if channels == 1 else f"{channels} channels (0 to {channels - 1})"
        raise AudioError(f"{name}: there is no channel {channel}: the recording has {count}")


def resample(signal: Signal, sampling_rate_hz: int, target_rate_hz: int) -> Signal:
    """Change the sampling rate (soxr, HQ: 20 bits, linear phase).

    Args:
        signal: [samples].
        sampling_rate_hz: of the signal.
        target_rate_hz: of what is returned.

    Returns:
        [round(samples * target / source)]; the signal itself if the rates agree.
    """
    if sampling_rate_hz == target_rate_hz:
        return signal
    resampled: Signal = soxr.resample(signal, sampling_rate_hz, target_rate_hz)
    return resampled


def rechunk(pieces: Iterable[Signal], length: int) -> Iterator[Signal]:
    """Cut consecutive pieces of any length into pieces of `length` samples; the last is shorter."""
    held: list[Signal] = []
    count = 0
    for piece in pieces:
        place = 0
        while count + piece.size - place >= length:
            taken = piece[place : place + length - count]
            yield np.concatenate([*held, taken]) if held else taken
            place += taken.size
            held, count = [], 0
        if place < piece.size:
            held.append(piece[place:])
            count += piece.size - place
    if held:
        yield np.concatenate(held)


def joined(pieces: list[Signal]) -> Signal:
    """Return consecutive pieces as one signal; without a copy where one holds all of it."""
    filled = [piece for piece in pieces if piece.size]
    if len(filled) == 1:
        return filled[0]
    return np.concatenate([*filled, np.empty(0, dtype=np.float32)])


def _peak(signal: Signal) -> float:
    # max and min carry NaN along, and need no copy as abs() would.
    return max(float(signal.max()), -float(signal.min()))
