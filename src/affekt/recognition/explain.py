"""What the model attended to: how much each moment of a recording weighed in the answer.

The relevance of a frame is its weight in the attentive pooling of the model (Okabe and others,
"Attentive statistics pooling", Interspeech 2018): an output of every bundle whose front end lies
in its graph. `benchmarks/relevance.py` measures whether it means something.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Audio, AudioSource, Window, decode, decode_blocks
from affekt.errors import AudioError, ConfigError
from affekt.features import FloatArray, LogMelConfig, log_mel
from affekt.recognition.bundles import Bundle
from affekt.records import SCHEMA_VERSION, Prediction

# What is kept grows with the length: a spectrum of five minutes is 6 MB, and 100 MB on the way.
LIMIT_S = 300.0
_TOO_LONG = (
    f"relevance is worked out for up to {LIMIT_S / 60.0:.0f} minutes at once: "
    "name a stretch with start_s and end_s"
)

SPECTRUM = LogMelConfig(sampling_rate_hz=SAMPLING_RATE_HZ)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Explanation:
    """A prediction, and where in the recording it came from.

    Attributes:
        prediction: of the recording, or of the stretch that was asked for.
        start_s: where that stretch begins in the recording; 0 for the whole.
        relevance: `[frames]`, not negative, sums to one.
        times_s: `[frames]`, the middle of each frame, counted from the beginning of the recording.
        log_mel: `[frames', bands]`, natural logarithm of mel power, for drawing.
        log_mel_hop_s: from one frame of it to the next; the first lies at `start_s`.
    """

    prediction: Prediction
    start_s: float
    relevance: npt.NDArray[np.float64]
    times_s: npt.NDArray[np.float64]
    log_mel: FloatArray = field(repr=False)
    log_mel_hop_s: float = SPECTRUM.frame_hop_s

    @property
    def duration_s(self) -> float:
        """Length of what was explained, in seconds."""
        return self.prediction.duration_s

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types; the spectrum, which is for drawing, stays out."""
        return {
            "schema_version": SCHEMA_VERSION,
            "prediction": self.prediction.to_dict(),
            "start_s": round(self.start_s, 3),
            "times_s": np.round(self.times_s, 4).tolist(),
            "relevance": np.round(self.relevance, 8).tolist(),
        }


def read_stretch(
    source: AudioSource,
    *,
    channel: int | None,
    mix: bool,
    start_s: float | None,
    end_s: float | None,
) -> Audio:
    """Decode what is to be explained, and refuse what is too long for it.

    Raises:
        AudioError: it cannot be read, or is longer than `LIMIT_S`.
        ConfigError: channels take turns, and shall not be mixed.
    """
    if start_s is not None or end_s is not None:
        begin_s = start_s or 0.0
        # One second more than allowed tells too long from just allowed, and bounds the decoding.
        last_s = begin_s + LIMIT_S + 1.0
        until_s = last_s if end_s is None else min(end_s, last_s)
        audio = decode(
            source, channel=channel, start_s=begin_s, end_s=until_s, refuse_calls=not mix
        )
        if audio.duration_s > LIMIT_S:
            raise AudioError(_TOO_LONG)
        return audio
    with decode_blocks(source, block_s=LIMIT_S, channel=channel, refuse_calls=not mix) as reader:
        signal = next(reader)
        if next(reader, None) is not None:
            raise AudioError(f"{reader.label}: {_TOO_LONG}")
        return Audio(
            signal=signal,
            sampling_rate_hz=reader.sampling_rate_hz,
            duration_s=reader.duration_s,
            source_rate_hz=reader.source_rate_hz,
            source_channels=reader.source_channels,
            warnings=tuple(reader.warnings),
        )


def explained(
    bundle: Bundle,
    prediction: Prediction,
    audio: Audio,
    windows: Iterable[Window],
    *,
    start_s: float,
) -> Explanation:
    """Add to a prediction where it came from.

    Windows weigh by their length, as their probabilities do in the answer, and those out of the
    model's domain only where all are; what lies in no window has weighed nothing.

    Args:
        bundle: the model.
        prediction: its answer.
        audio: what was recognised.
        windows: that the model answered; they may overlap.
        start_s: where `audio` begins in its recording.

    Raises:
        ConfigError: the model gives no relevance.
    """
    hop_s = relevance_hop_s(bundle)
    # A window's frames can end one beyond the recording's.
    out_of_domain, in_domain = np.zeros((2, 2 + round(audio.duration_s / hop_s)))
    frames = int(audio.duration_s / hop_s)
    for window in windows:
        outputs = bundle.run(window.signal[np.newaxis])
        relevance = outputs.relevance
        assert relevance is not None  # noqa: S101 - relevance_hop_s has made sure
        total = (
            out_of_domain
            if outputs.novelty is not None and outputs.novelty[0, 0] > 1.0
            else in_domain
        )
        first = round(window.start_s / hop_s)
        last = min(first + relevance.shape[1], total.size)
        total[first:last] += relevance[0, : last - first] * (window.end_s - window.start_s)
        frames = max(frames, last)
    total = in_domain if in_domain.any() else out_of_domain
    return Explanation(
        prediction=prediction,
        start_s=start_s,
        relevance=total[:frames] / total.sum(),
        times_s=start_s + hop_s * np.arange(frames, dtype=np.float64),
        log_mel=log_mel(audio.signal, SPECTRUM),
    )


def relevance_hop_s(bundle: Bundle) -> float:
    """Return the seconds from one frame of relevance to the next.

    Raises:
        ConfigError: the model gives no relevance.
    """
    hop_s = bundle.metadata.frame_hop_s
    if hop_s is None:
        raise ConfigError(
            f"the model {bundle.metadata.title} gives no relevance: its front end is the feature "
            f"set {bundle.metadata.front_end}; choose a model with the front end in its graph"
        )
    return hop_s
