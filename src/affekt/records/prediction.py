"""What was recognised: in one recording, and in one window of a stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from affekt.records.options import Stamp

SCHEMA_VERSION = "1"
OPTIONAL_KEYS = ("prediction_set", "out_of_domain", "novelty", "intensity", "left_out", "purpose")
"""Keys of a prediction that are left out where they would be null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A label and its calibrated probability (0 to 1)."""

    label: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What was recognised in one recording, in the Hugging Face audio-classification form.

    ```python
    answer = Recognizer.load().predict("speech.wav")
    print(answer.emotion, answer.confidence, answer.to_dict())
    ```

    Attributes:
        schema_version: of the JSON form.
        path: where the recording came from; "-" is standard input, None is an array.
        duration_s, sampling_rate_hz, channels: of the recording as it was found.
        model: name and version of the bundle that answered.
        emotion: the most probable label.
        confidence: its probability, within the chosen vocabulary.
        uncertain: its probability among all labels of the model is below the threshold, the
            recording is out of the domain, or the whole prediction set was left out.
        predictions: labels by falling probability.
        prediction_set: the labels, most probable first, one of which is right as often as the
            bundle's metadata promise; None where the model makes none.
        out_of_domain: it is unlike what the model learnt from; None where the model cannot tell.
        novelty: how unlike, above 1 is out of the domain; None likewise.
        intensity: of the emotion as listeners would rate it, 0 to 1; None where the model cannot
            tell.
        left_out: probability mass outside the chosen vocabulary; None when none was chosen.
        purpose: why the voice was analysed, as it was stated; None where nothing was.
        warnings: what a reader should know, in plain words.
    """

    schema_version: str = SCHEMA_VERSION
    path: str | None
    duration_s: float
    sampling_rate_hz: int
    channels: int
    model: str
    emotion: str
    confidence: float
    uncertain: bool
    predictions: tuple[Score, ...]
    prediction_set: tuple[str, ...] | None = None
    out_of_domain: bool | None = None
    novelty: float | None = None
    intensity: float | None = None
    left_out: float | None = None
    purpose: Stamp | None = None
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types; the field order is part of the schema.

        The keys of `OPTIONAL_KEYS` are there only where they say something.
        """
        record: dict[str, Any] = {
            "schema_version": self.schema_version,
            "path": self.path,
            "duration_s": round(self.duration_s, 3),
            "sampling_rate_hz": self.sampling_rate_hz,
            "channels": self.channels,
            "model": self.model,
            **answer(self.emotion, self.confidence, self.predictions, uncertain=self.uncertain),
            "prediction_set": None if self.prediction_set is None else list(self.prediction_set),
            "out_of_domain": self.out_of_domain,
            "novelty": rounded(self.novelty),
            "intensity": rounded(self.intensity),
            "left_out": None if self.left_out is None else round(self.left_out, 6),
            "purpose": self.purpose,
            "warnings": list(self.warnings),
        }
        return {
            key: value
            for key, value in record.items()
            if value is not None or key not in OPTIONAL_KEYS
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The answer to one window of a stream.

    Attributes:
        start_s, end_s: the window, counted from the beginning of the stream.
        model: name and version of the bundle that answered.
        speech_share: of its frames that are loud enough for speech, 0 to 1.
        emotion: the most probable label; None where nobody speaks.
        confidence: its probability.
        uncertain: the confidence is below the threshold, or the sound is out of the domain.
        predictions: labels by falling probability; empty where nobody speaks.
        out_of_domain: there is sound, and it is not speech as the model knows it; None where hardly
            anything is loud enough, or the model cannot tell.
        intensity: of the emotion, 0 to 1; None where there is none, or the model cannot tell.
        purpose: why the voice was analysed, as it was stated; None where nothing was.
    """

    start_s: float
    end_s: float
    model: str
    speech_share: float
    emotion: str | None
    confidence: float | None
    uncertain: bool
    predictions: tuple[Score, ...]
    out_of_domain: bool | None = None
    intensity: float | None = None
    purpose: Stamp | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types; `purpose` is last, where one was stated."""
        record = {
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "model": self.model,
            "speech_share": round(self.speech_share, 3),
            **answer(self.emotion, self.confidence, self.predictions, uncertain=self.uncertain),
            "out_of_domain": self.out_of_domain,
            "intensity": rounded(self.intensity),
        }
        return record if self.purpose is None else record | {"purpose": self.purpose}


def answer(
    emotion: str | None,
    confidence: float | None,
    predictions: tuple[Score, ...],
    *,
    uncertain: bool,
) -> dict[str, Any]:
    """Return the keys that every record with an emotion has, as plain JSON types."""
    return {
        "emotion": emotion,
        "confidence": None if confidence is None else round(confidence, 6),
        "uncertain": uncertain,
        "predictions": [
            {"label": item.label, "score": round(item.score, 6)} for item in predictions
        ],
    }


def rounded(value: float | None) -> float | None:
    """Return a figure to the third digit, as records write it."""
    return None if value is None else round(value, 3)
