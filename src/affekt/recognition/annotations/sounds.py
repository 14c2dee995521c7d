"""The recording beside its annotations: the outline of its waveform."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from affekt.audio import AudioSource, Signal, decode_blocks
from affekt.errors import AudioError

_STEP_SAMPLES = 160  # 10 ms, the finest step of an outline


def outline(
    source: AudioSource, *, channel: int | None = None, points: int = 2000
) -> npt.NDArray[np.float32]:
    """Return the peak of each of `points` to `2 * points` equal stretches of a recording.

    Memory does not grow with the length; recordings below `points` * 10 ms give fewer.

    Args:
        source: the recording.
        channel: counted from 0; None is the mean of all.
        points: how many are wanted.

    Raises:
        AudioError: it cannot be read.
    """
    peaks = _Peaks(2 * points)
    with decode_blocks(source, block_s=10.0, channel=channel) as reader:
        try:
            for block in reader:
                peaks.update(block)
        except AudioError:
            if reader.duration_s == 0.0 or peaks.loudest > 0.0:
                raise
            # One silent channel of a call is no reason to refuse the others.
    return peaks.values()


class _Peaks:
    """Peaks of equal stretches, which double whenever there are too many."""

    def __init__(self, most: int) -> None:
        self.loudest = 0.0
        self._most = most
        self._step = _STEP_SAMPLES
        self._peaks = np.zeros(0, dtype=np.float32)
        self._rest: Signal = np.zeros(0, dtype=np.float32)

    def update(self, signal: Signal) -> None:
        held = np.concatenate((self._rest, np.abs(signal)))
        whole = held.size // self._step
        found = held[: whole * self._step].reshape(whole, self._step).max(axis=1, initial=0.0)
        self._rest = held[whole * self._step :]
        self._peaks = np.concatenate((self._peaks, found))
        self.loudest = max(self.loudest, float(held.max(initial=0.0)))
        while self._peaks.size > self._most:
            even = self._peaks.size // 2 * 2
            odd = self._peaks[even:]
            self._peaks = self._peaks[:even].reshape(-1, 2).max(axis=1)
            self._step *= 2
            if odd.size:  # half a stretch: back to what is not yet counted
                filler = np.full(self._step // 2, odd[0], dtype=np.float32)
                self._rest = np.concatenate((filler, self._rest))

    def values(self) -> npt.NDArray[np.float32]:
        if self._rest.size or not self._peaks.size:
            return np.append(self._peaks, self._rest.max(initial=0.0))
        return self._peaks
