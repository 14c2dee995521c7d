"""Recognition while the sound comes in: one answer a hop, over the window that ends there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from affekt.audio import (
    FRAME_S,
    SAMPLING_RATE_HZ,
    Gate,
    NoiseFloor,
    Signal,
    StreamResampler,
    VadName,
    as_samples,
    create_vad,
    fill_frame,
    to_float32,
)
from affekt.errors import AudioError, ConfigError
from affekt.recognition.purpose import check_purpose, stamp
from affekt.records import Moment, Score

if TYPE_CHECKING:
    from affekt.recognition.recognizer import Recognizer

# A window with less speech says nothing of its speaker.
MIN_SPEECH_S = 0.4
MIN_SPEECH_SHARE = 0.25
FRAME_SAMPLES = round(FRAME_S * SAMPLING_RATE_HZ)
_NAME = "the stream"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindowPrediction:
    """The prediction of one window, unrounded.

    Attributes:
        start_s, end_s: the window.
        speech: `[frames]` of 20 ms, from the last window's end to this one's: somebody speaks.
        speech_share: of the frames of the whole window, 0 to 1.
        probabilities: `[classes]`; None where too little of the window is speech.
        novelty: above 1 is out of the domain; None likewise, and where the model cannot tell.
        intensity: 0 to 1; None likewise.
    """

    start_s: float
    end_s: float
    speech: npt.NDArray[np.bool_]
    speech_share: float
    probabilities: npt.NDArray[np.float64] | None
    novelty: float | None
    intensity: float | None = None

    @property
    def out_of_domain(self) -> bool | None:
        """The sound is not speech as the model knows it; None where the model cannot tell."""
        return None if self.novelty is None else self.novelty > 1.0


class WindowPredictor:
    """Cuts a stream into overlapping windows and predicts each as soon as it is complete.

    Windows end at every hop and reach back by `window_s`, or to the beginning of the stream. The
    last one ends with the stream. Nothing depends on how the samples arrive.

    Args:
        recognizer: the model; None detects speech alone.
        window_s: length of a window, at least a hop.
        hop_s: seconds from one answer to the next; a multiple of 20 ms.
        vad: who decides where somebody speaks, one of `affekt.audio.vad.VADS`.
        floor: of the whole recording, where it is known.

    Raises:
        ConfigError: a length is out of its range, or there is no such detector.
    """

    def __init__(
        self,
        recognizer: Recognizer | None,
        *,
        window_s: float,
        hop_s: float,
        vad: VadName,
        floor: NoiseFloor | None = None,
    ) -> None:
        check_lengths(window_s, hop_s)
        self._recognizer = recognizer
        self._hop = round(hop_s * SAMPLING_RATE_HZ)
        self._window = round(window_s * SAMPLING_RATE_HZ)
        self._detector = create_vad(vad, SAMPLING_RATE_HZ, floor)
        self._held: Signal = np.empty(0, dtype=np.float32)
        self._begin = 0  # place of the first held sample in the stream
        self._decided = 0  # place up to which frames are decided
        self._speech = np.empty(0, dtype=bool)  # of the frames from `_begin`
        self._last_end = 0

    def push(self, samples: Signal) -> list[WindowPrediction]:
        """Take samples in, mono float32 at 16 kHz, and return the windows they complete."""
        found = []
        while samples.size:
            missing = self._last_end + self._hop - self._end
            self._take(samples[:missing])
            samples = samples[missing:]
            if self._end == self._last_end + self._hop:
                found.append(self._predict(self._end))
        return found

    def finish(self) -> list[WindowPrediction]:
        """End the stream and return its last window, if anything came since the one before."""
        if self._end == self._last_end:
            return []
        left = self._end - self._decided
        if left:
            frame = fill_frame(self._held[self._held.size - left :], FRAME_SAMPLES)
            self._speech = np.append(self._speech, self._detector.decide(frame[np.newaxis]))
            self._decided = self._end
        return [self._predict(self._end)]

    @property
    def _end(self) -> int:
        return self._begin + self._held.size

    def _take(self, samples: Signal) -> None:
        self._held = np.concatenate((self._held, samples))
        count = (self._end - self._decided) // FRAME_SAMPLES
        if count:
            start = self._decided - self._begin
            frames = self._held[start : start + count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES)
            self._speech = np.append(self._speech, self._detector.decide(frames))
            self._decided += count * FRAME_SAMPLES

    def _predict(self, end: int) -> WindowPrediction:
        start = max(0, end - self._window)
        signal = self._held[start - self._begin : end - self._begin]
        first = (start - self._begin) // FRAME_SAMPLES
        speech = self._speech[first:]
        share = float(speech.mean())
        enough = share >= MIN_SPEECH_SHARE and speech.sum() * FRAME_S >= MIN_SPEECH_S
        probabilities, novelty, intensity = None, None, None
        if enough and self._recognizer is not None:
            outputs = self._recognizer.bundle.run(signal[np.newaxis])
            probabilities = outputs.probabilities[0].astype(np.float64)
            novelty = None if outputs.novelty is None else float(outputs.novelty[0, 0])
            intensity = None if outputs.intensity is None else float(outputs.intensity[0, 0])
        window = WindowPrediction(
            start_s=start / SAMPLING_RATE_HZ,
            end_s=end / SAMPLING_RATE_HZ,
            speech=self._speech[(self._last_end - self._begin) // FRAME_SAMPLES :].copy(),
            speech_share=share,
            probabilities=probabilities,
            novelty=novelty,
            intensity=intensity,
        )
        self._last_end = end
        # The stream may end before the next hop, and its last window reach back almost to here.
        self._forget(max(0, end - self._window))
        return window

    def _forget(self, place: int) -> None:
        """Drop what no window to come will hold, in whole frames."""
        frames = (place - self._begin) // FRAME_SAMPLES
        if frames > 0:
            self._held = self._held[frames * FRAME_SAMPLES :].copy()
            self._speech = self._speech[frames:]
            self._begin += frames * FRAME_SAMPLES


class StreamRecognizer:
    """Answers once a hop while a stream comes in, with what the whole file would give.

    ```python
    stream = StreamRecognizer(Recognizer.load(), sampling_rate_hz=48_000)
    for block in blocks:
        print(stream.push(block))
    print(stream.finish())
    ```

    Where somebody speaks is decided by what came so far; a file is looked at whole before.

    Args:
        recognizer: the model.
        sampling_rate_hz: of the stream, 1,000 to 384,000.
        window_s: length of the window that an answer is about, at least a hop.
        hop_s: seconds from one answer to the next; a multiple of 20 ms.
        threshold: a confidence below it is uncertain (0 to 1); the model's own otherwise.
        vad: who decides where somebody speaks: "energy", or "webrtc" (extra `live`).
        purpose: why the voice is analysed, one of `affekt.records.PURPOSES`; stamped on
            every answer.
        consented: the speaker has consented to that purpose; stamped likewise.

    Raises:
        AudioError: the rate is impossible.
        ConfigError: a setting is out of its range, or the purpose is unknown.
        MissingExtraError: the detector is not installed.
    """

    def __init__(
        self,
        recognizer: Recognizer,
        *,
        sampling_rate_hz: int = SAMPLING_RATE_HZ,
        window_s: float = 3.0,
        hop_s: float = 1.0,
        threshold: float | None = None,
        vad: VadName = "energy",
        purpose: str | None = None,
        consented: bool = False,
    ) -> None:
        check_purpose(purpose, consented=consented)
        self._gate = Gate(sampling_rate_hz, name=_NAME)
        self._resampler = StreamResampler(sampling_rate_hz)
        self._windows = WindowPredictor(recognizer, window_s=window_s, hop_s=hop_s, vad=vad)
        self._model = recognizer.bundle.metadata.title
        self._labels = recognizer.bundle.metadata.labels
        self._threshold = recognizer.threshold(threshold)
        self._purpose = stamp(purpose, consented=consented)
        self._ended = False

    def push(self, samples: npt.ArrayLike) -> list[Moment]:
        """Take the next samples of one channel, any number, and return what they complete.

        Args:
            samples: `[samples]`; float with full scale at 1.0, or integers of 8, 16 or 32 bits.

        Raises:
            AudioError: they are no samples of one channel, one is not finite, or `finish` was
                called before.
        """
        if self._ended:
            raise AudioError(f"{_NAME}: has ended (finish was called): begin another one")
        signal = _mono(samples)
        self._gate.check(signal)
        return self._moments(self._windows.push(self._resampler.push(signal)))

    def finish(self) -> list[Moment]:
        """End the stream and return its last window, if anything is left."""
        if self._ended:
            return []
        self._ended = True
        last = self._windows.push(self._resampler.finish())
        return self._moments([*last, *self._windows.finish()])

    def _moments(self, windows: Iterable[WindowPrediction]) -> list[Moment]:
        return [self._moment(window) for window in windows]

    def _moment(self, window: WindowPrediction) -> Moment:
        # What is not speech is nobody's emotion.
        scores = () if window.out_of_domain else ranked(window.probabilities, self._labels)
        best = scores[0] if scores else None
        return Moment(
            start_s=window.start_s,
            end_s=window.end_s,
            model=self._model,
            speech_share=window.speech_share,
            emotion=best.label if best else None,
            confidence=best.score if best else None,
            uncertain=window.out_of_domain or (best is not None and best.score < self._threshold),
            predictions=scores,
            out_of_domain=window.out_of_domain,
            intensity=window.intensity if scores else None,
            purpose=self._purpose,
        )


def _mono(samples: npt.ArrayLike) -> Signal:
    """Return samples as float32.

    Raises:
        AudioError: they are bytes, of several channels, or of a type without a full scale.
    """
    frames = as_samples(samples, name=_NAME)
    if frames.ndim != 1:
        raise AudioError(
            f"{_NAME}: takes one channel, [samples], not an array of shape {frames.shape}: "
            "choose a channel, or take the mean of all"
        )
    return to_float32(frames, name=_NAME)


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
