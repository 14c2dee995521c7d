"""Whether the channels of a recording hold voices of their own, as those of a call do."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from affekt.audio.activity import NoiseFloor, levels_db
from affekt.audio.signal import Signal

_FRAME_S = 0.02
_SPAN_FRAMES = 50
# What is held of all channels, in samples: a second of stereo, and 4 MiB of a thousand channels.
_MOST_HELD = 1 << 20
# Digital silence is the lowest floor there is.
_NOTHING_DB = -80.0
# In stereo, a voice is louder on one channel by less than this wherever it stands between the
# microphones; a call's other channel has an echo of it at most.
_ALONE_DB = 12.0
# Of each of two channels, alone: a few words, more than the clicks and knocks of a recording.
_ENOUGH_S = 1.0


class CrosstalkDetector:
    """Watches a recording, and knows as soon as two channels have sounded without the others.

    Levels alone are compared: channels of one scene rise and fall together, whatever the
    microphones, delays and codecs make of their waveforms. A channel that is always the louder
    one says nothing, for one voice can stand closer to a microphone.

    Args:
        sampling_rate: of the recording, in Hz.
        channels: of the recording.

    Attributes:
        alone_s: `[channels]`, for how long each has sounded alone so far.
    """

    def __init__(self, sampling_rate: int, channels: int) -> None:
        self._rate = sampling_rate
        self._frame = round(_FRAME_S * sampling_rate)
        # Where the level has never changed much, there is noise or a tone, and nobody speaks.
        self._floors = [NoiseFloor(unknown_db=math.inf) for _ in range(channels)]
        most = _MOST_HELD // (self._frame * channels)
        self._piece = self._frame * max(1, min(_SPAN_FRAMES, most))
        self._held: Signal = np.empty((0, channels), dtype=np.float32)
        self._levels: npt.NDArray[np.float64] = np.empty((channels, 0))
        self.alone_s: npt.NDArray[np.float64] = np.zeros(channels)

    @property
    def separate_voices(self) -> bool:
        """Two channels hold voices of their own."""
        return int((self.alone_s >= _ENOUGH_S).sum()) >= 2

    def update(self, frames: Signal) -> None:
        """Look at the next `[samples, channels]`, any number of samples."""
        self._held = np.concatenate((self._held, frames))
        whole = len(self._held) - len(self._held) % self._piece
        for start in range(0, whole, self._piece):
            piece = self._held[start : start + self._piece]
            by_channel = np.ascontiguousarray(piece.T).reshape(-1, self._frame)
            levels = levels_db(by_channel, self._rate).reshape(piece.shape[1], -1)
            self._levels = np.concatenate((self._levels, levels), axis=1)
            while self._levels.shape[1] >= _SPAN_FRAMES:
                self._compare(np.maximum(self._levels[:, :_SPAN_FRAMES], _NOTHING_DB))
                self._levels = self._levels[:, _SPAN_FRAMES:]
        self._held = self._held[whole:].copy()

    def _compare(self, levels: npt.NDArray[np.float64]) -> None:
        for floor, level in zip(self._floors, levels, strict=True):
            floor.update(level)
        thresholds_db = [floor.threshold_db for floor in self._floors]
        second_db, first_db = np.sort(levels, axis=0)[-2:]
        loudest = levels.argmax(axis=0)
        alone = (first_db - second_db >= _ALONE_DB) & (first_db >= np.take(thresholds_db, loudest))
        self.alone_s += _FRAME_S * np.bincount(loudest[alone], minlength=self.alone_s.size)
