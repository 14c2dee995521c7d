"""Somebody speaks or not, frame by frame, as the sound comes in.

A detector looks at the past alone, unless it is given the floor of the whole recording.
"""

from __future__ import annotations

import math
from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from affekt.audio.activity import NoiseFloor, levels_db
from affekt.audio.signal import Signal
from affekt.errors import ConfigError, MissingExtraError, did_you_mean

VadName = Literal["energy", "webrtc"]
VADS: tuple[VadName, ...] = get_args(VadName)

FRAME_S = 0.02
# What 16 bits can hold is counted for the floor; whatever the floor, nobody speaks below -70 dBFS.
_FAINTEST_DB = -100
_FAINT_DB = -70.0
# Soft syllables lie this far above the noise, and what noise adds by chance does not.
_MOST_ABOVE_DB = 9.0
_HALF_LIFE_S = 5.0
_WEBRTC_MODE = 2  # 0 lets much pass, 3 little


class Vad(Protocol):
    """Decides frame by frame, and remembers the frames before."""

    def decide(self, frames: Signal) -> npt.NDArray[np.bool_]:
        """Return whether somebody speaks in each of `[frames, samples]`, 20 ms a frame."""


class EnergyVad:
    """A frame louder than the noise floor.

    It separates sound from background, not speech from other sounds. Where the level has hardly
    changed yet, there is noise or a tone, and nobody speaks.

    Args:
        sampling_rate: of the frames, in Hz.
        floor: of the whole recording, where it was looked at before; None follows the floor of
            the last seconds, so that a long tone does not hide the words after it.
    """

    def __init__(self, sampling_rate: int, floor: NoiseFloor | None = None) -> None:
        self._rate = sampling_rate
        self._settled_db = None if floor is None else floor.threshold_db
        self._floor = vad_floor(kept=0.5 ** (FRAME_S / _HALF_LIFE_S))

    def decide(self, frames: Signal) -> npt.NDArray[np.bool_]:
        """Compare each frame with the threshold: without a settled one, as it stands by then."""
        levels = levels_db(frames, self._rate)
        if self._settled_db is not None:
            return levels >= max(self._settled_db, _FAINT_DB)
        decisions = np.empty(levels.size, dtype=bool)
        for place, level in enumerate(levels):
            self._floor.update(level[np.newaxis])
            decisions[place] = level >= max(self._floor.threshold_db, _FAINT_DB)
        return decisions


class WebRtcVad:
    """The detector of the WebRTC project (Gaussian mixtures over six bands).

    Raises:
        MissingExtraError: webrtcvad is not installed.
    """

    def __init__(self, sampling_rate: int) -> None:
        try:
            import webrtcvad
        except ModuleNotFoundError:
            raise MissingExtraError(
                what="voice detection by WebRTC", package="webrtcvad-wheels", extra="live"
            ) from None
        self._detector = webrtcvad.Vad(_WEBRTC_MODE)
        self._rate = sampling_rate

    def decide(self, frames: Signal) -> npt.NDArray[np.bool_]:
        """Ask for each frame in its order."""
        pcm = np.clip(frames * 32768.0, -32768, 32767).astype("<i2")
        decisions = [self._detector.is_speech(frame.tobytes(), self._rate) for frame in pcm]
        return np.array(decisions, dtype=bool)


def vad_floor(*, kept: float = 1.0) -> NoiseFloor:
    """Return the floor that "energy" compares with: levels that hardly change are no speech."""
    return NoiseFloor(
        unknown_db=math.inf, nothing_db=_FAINTEST_DB, most_above_db=_MOST_ABOVE_DB, kept=kept
    )


def create_vad(name: str, sampling_rate: int, floor: NoiseFloor | None = None) -> Vad:
    """Return a detector at the beginning of a recording.

    Args:
        name: one of `VADS`.
        sampling_rate: of the frames, in Hz.
        floor: of the whole recording, in `vad_floor()`, where it is known; for "energy".

    Raises:
        ConfigError: there is none of that name.
        MissingExtraError: it needs a library that is not installed.
    """
    if name == "energy":
        return EnergyVad(sampling_rate, floor)
    if name == "webrtc":
        return WebRtcVad(sampling_rate)
    raise ConfigError(f"no voice detector is called '{name}'{did_you_mean(name, VADS)}")
