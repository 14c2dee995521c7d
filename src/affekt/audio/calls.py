"""Calls, which hold a person a channel: their voices are never mixed by oversight."""

from __future__ import annotations

from affekt.audio.crosstalk import CrosstalkDetector
from affekt.audio.signal import Signal
from affekt.errors import ConfigError

IS_A_CALL = "its channels take turns, as those of a call do"
_CHOOSE_ONE = (
    "choose one person's channel (channel: 0), or name them all in a timeline (channels: "
    "agent,customer); or, if all are one voice or one scene, say so (mix)"
)
# What is looked at together; more would only be copied.
_PIECE = 1 << 18


class CallGuard:
    """Is shown the frames of a recording before they are mixed, and refuses a call.

    Args:
        sampling_rate: of the frames, in Hz.
        name: what to call the recording in a message.
        remedy: what to do about it.
    """

    def __init__(self, sampling_rate: int, *, name: str, remedy: str = _CHOOSE_ONE) -> None:
        self._rate = sampling_rate
        self._refusal = f"{name}: {IS_A_CALL}: {remedy}"
        self._crosstalk: CrosstalkDetector | None = None

    def __call__(self, frames: Signal) -> None:
        """Look at the next `[samples, channels]`, any number of samples.

        Raises:
            ConfigError: by now two channels have taken turns.
        """
        if frames.shape[1] == 1:
            return
        if self._crosstalk is None:
            self._crosstalk = CrosstalkDetector(self._rate, frames.shape[1])
        for start in range(0, len(frames), _PIECE):
            self._crosstalk.update(frames[start : start + _PIECE])
            if self._crosstalk.separate_voices:
                raise ConfigError(self._refusal)
