"""Somebody speaks or not, frame by frame, as the sound comes in.

A detector looks at the past alone, so that a live stream and a file give the same decisions.
"""

from __future__ import annotations

from typing import Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt

from affekt.audio.activity import NoiseFloor, levels_db
from affekt.audio.signal import Signal
from affekt.errors import ConfigError, MissingExtraError, did_you_mean

Voice = Literal["energy", "webrtc"]
VOICES: tuple[Voice, ...] = get_args(Voice)

FRAME_S = 0.02
# Before anything louder was heard, a leading pause must not pass for speech.
_UNKNOWN_DB = -50.0
_WEBRTC_MODE = 2  # 0 lets much pass, 3 little


class VoiceDetector(Protocol):
    """Decides frame by frame; remembers what it heard."""

    def decide(self, frames: Signal) -> npt.NDArray[np.bool_]:
        """Return whether somebody speaks in each of `[frames, samples]`, 20 ms a frame."""


class EnergyVoice:
    """A frame louder than the noise floor of all that was heard so far.

    It tells sound from background, not speech from other sounds.
    """

    def __init__(self) -> None:
        self._floor = NoiseFloor(unknown_db=_UNKNOWN_DB)

    def decide(self, frames: Signal) -> npt.NDArray[np.bool_]:
        """Compare each frame with the threshold as it stands once that frame is counted."""
        levels = levels_db(frames)
        decisions = [level >= self._floor.threshold_db(level[np.newaxis]) for level in levels]
        return np.array(decisions, dtype=bool)


class WebRtcVoice:
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


def voice_detector(name: str, sampling_rate: int) -> VoiceDetector:
    """Return a detector that has heard nothing yet.

    Args:
        name: one of `VOICES`.
        sampling_rate: of the frames, in Hz.

    Raises:
        ConfigError: there is none of that name.
        MissingExtraError: it needs a library that is not installed.
    """
    if name == "energy":
        return EnergyVoice()
    if name == "webrtc":
        return WebRtcVoice(sampling_rate)
    raise ConfigError(f"no voice detector is called '{name}'{did_you_mean(name, VOICES)}")
