"""Recognition while the sound comes in: one answer a hop, over the window that ends there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal
from affekt.audio.voice import FRAME_S, Voice, voice_detector
from affekt.errors import AudioError, ConfigError
from affekt.recognition.purpose import check_purpose, stamp
from affekt.records import Moment, Score

if TYPE_CHECKING:
    from affekt.recognition.recognizer import Recognizer

# A window with less speech says nothing of its speaker.
MIN_SPEECH_S = 0.4
MIN_SPEECH_SHARE = 0.25
_FRAME = round(FRAME_S * SAMPLING_RATE_HZ)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """One window, as exactly as it was computed.

    Attributes:
        start_s, end_s: the window.
        speech: `[frames]` of 20 ms, from the last window's end to this one's: somebody speaks.
        speech_share: of the frames of the whole window, 0 to 1.
        probabilities: `[classes]`; None where too little of the window is speech.
    """

    start_s: float
    end_s: float
    speech: npt.NDArray[np.bool_]
    speech_share: float
    probabilities: npt.NDArray[np.float64] | None


class StreamListener:
    """Cuts a stream into overlapping windows and hears each as soon as it is complete.

    Windows end at every hop and reach back by `window_s`, or to the beginning of the stream. The
    last one ends with the stream. Nothing depends on how the samples arrive.

    Args:
        recognizer: the model; None listens for speech alone.
        window_s: length of a window, at least a hop.
        hop_s: seconds from one answer to the next; a multiple of 20 ms.
        voice: who decides where somebody speaks, one of `affekt.audio.voice.VOICES`.

    Raises:
        ConfigError: a length is out of its range, or there is no such detector.
    """

    def __init__(
        self, recognizer: Recognizer | None, *, window_s: float, hop_s: float, voice: Voice
    ) -> None:
        check_lengths(window_s, hop_s)
        self._recognizer = recognizer
        self._hop = round(hop_s * SAMPLING_RATE_HZ)
        self._window = round(window_s * SAMPLING_RATE_HZ)
        self._detector = voice_detector(voice, SAMPLING_RATE_HZ)
        self._held: Signal = np.empty(0, dtype=np.float32)
        self._begin = 0  # place of the first held sample in the stream
        self._decided = 0  # place up to which frames are decided
        self._speech = np.empty(0, dtype=bool)  # of the frames from `_begin`
        self._last_end = 0

    def push(self, samples: Signal) -> list[Heard]:
        """Take samples in, mono float32 at 16 kHz, and return the windows they complete.

        Raises:
            AudioError: not a one-dimensional array of finite numbers.
        """
        samples = np.asarray(samples, dtype=np.float32)
        if samples.ndim != 1 or not np.isfinite(samples).all():
            raise AudioError("a stream takes one-dimensional arrays of finite numbers")
        found = []
        while samples.size:
            missing = self._last_end + self._hop - self._end
            self._take(samples[:missing])
            samples = samples[missing:]
            if self._end == self._last_end + self._hop:
                found.append(self._hear(self._end))
        return found

    def finish(self) -> list[Heard]:
        """End the stream and return its last window, if anything came since the one before."""
        if self._end == self._last_end:
            return []
        left = self._end - self._decided
        if left:  # the last frame is filled with zeros, as no more will come
            frame = np.pad(self._held[self._held.size - left :], (0, _FRAME - left))
            self._speech = np.append(self._speech, self._detector.decide(frame[np.newaxis]))
            self._decided = self._end
        return [self._hear(self._end)]

    @property
    def _end(self) -> int:
        return self._begin + self._held.size

    def _take(self, samples: Signal) -> None:
        self._held = np.concatenate((self._held, samples))
        count = (self._end - self._decided) // _FRAME
        if count:
            start = self._decided - self._begin
            frames = self._held[start : start + count * _FRAME].reshape(count, _FRAME)
            self._speech = np.append(self._speech, self._detector.decide(frames))
            self._decided += count * _FRAME

    def _hear(self, end: int) -> Heard:
        start = max(0, end - self._window)
        signal = self._held[start - self._begin : end - self._begin]
        first = (start - self._begin) // _FRAME
        speech = self._speech[first:]
        share = float(speech.mean())
        enough = share >= MIN_SPEECH_SHARE and speech.sum() * FRAME_S >= MIN_SPEECH_S
        probabilities = None
        if enough and self._recognizer is not None:
            probabilities = self._recognizer.probabilities(signal)
        heard = Heard(
            start_s=start / SAMPLING_RATE_HZ,
            end_s=end / SAMPLING_RATE_HZ,
            speech=self._speech[(self._last_end - self._begin) // _FRAME :].copy(),
            speech_share=share,
            probabilities=probabilities,
        )
        self._last_end = end
        # The stream may end before the next hop, and its last window reach back almost to here.
        self._forget(max(0, end - self._window))
        return heard

    def _forget(self, place: int) -> None:
        """Drop what no window to come will hold, in whole frames."""
        frames = (place - self._begin) // _FRAME
        if frames > 0:
            self._held = self._held[frames * _FRAME :].copy()
            self._speech = self._speech[frames:]
            self._begin += frames * _FRAME


class StreamRecognizer:
    """Answers once a hop while a stream comes in, with what the whole file would give.

    Args:
        recognizer: the model.
        window_s: what is listened to for an answer, at least a hop.
        hop_s: seconds from one answer to the next; a multiple of 20 ms.
        threshold: a confidence below it is uncertain (0 to 1); the model's own otherwise.
        voice: who decides where somebody speaks: "energy", or "webrtc" (extra `live`).
        purpose: why the voice is analysed, one of `affekt.recognition.purpose.PURPOSES`; stamped on
            every answer.
        consented: who is heard has consented to that purpose; stamped likewise.

    Raises:
        ConfigError: a setting is out of its range, or the purpose is unknown.
        MissingExtraError: the detector is not installed.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        *,
        window_s: float = 3.0,
        hop_s: float = 1.0,
        threshold: float | None = None,
        voice: Voice = "energy",
        purpose: str | None = None,
        consented: bool = False,
    ) -> None:
        check_purpose(purpose, consented=consented)
        self._listener = StreamListener(recognizer, window_s=window_s, hop_s=hop_s, voice=voice)
        self._labels = recognizer.bundle.metadata.labels
        self._threshold = recognizer.threshold(threshold)
        self._purpose = stamp(purpose, consented=consented)

    def push(self, samples: Signal) -> list[Moment]:
        """Take samples in, mono float32 at 16 kHz, any number, and return what they complete.

        Raises:
            AudioError: not a one-dimensional array of finite numbers.
        """
        return [self._moment(heard) for heard in self._listener.push(samples)]

    def finish(self) -> list[Moment]:
        """End the stream and return its last window, if anything is left."""
        return [self._moment(heard) for heard in self._listener.finish()]

    def _moment(self, heard: Heard) -> Moment:
        scores = ranked(heard.probabilities, self._labels)
        best = scores[0] if scores else None
        return Moment(
            start_s=heard.start_s,
            end_s=heard.end_s,
            speech_share=heard.speech_share,
            emotion=best.label if best else None,
            confidence=best.score if best else None,
            uncertain=best is not None and best.score < self._threshold,
            predictions=scores,
            purpose=self._purpose,
        )


def ranked(
    probabilities: npt.NDArray[np.float64] | None, labels: tuple[str, ...]
) -> tuple[Score, ...]:
    """Return labels by falling probability; nothing where there are none."""
    if probabilities is None:
        return ()
    order = np.argsort(-probabilities, kind="stable")
    return tuple(Score(label=labels[k], score=float(probabilities[k])) for k in order)


def check_lengths(window_s: float, hop_s: float) -> None:
    """Refuse windows and hops that cannot be.

    Raises:
        ConfigError: the message names the length and its range.
    """
    if not 0.1 <= hop_s <= 30.0 or not hop_s <= window_s <= 30.0:
        raise ConfigError(
            f"hop_s must lie in 0.1 to 30 and window_s in hop_s to 30: {hop_s:g} and {window_s:g}"
        )
    for name, value in (("window_s", window_s), ("hop_s", hop_s)):
        if abs(value / FRAME_S - round(value / FRAME_S)) > 1e-6:
            raise ConfigError(f"{name} must be a multiple of {FRAME_S:g} s: {value:g}")
