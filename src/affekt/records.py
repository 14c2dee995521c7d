"""The frozen records that travel between rooms."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCHEMA_VERSION = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One recording, or a stretch of one, with all that its corpus says of it.

    Attributes:
        path: the audio file.
        corpus: name of the corpus it belongs to.
        collection: corpora that share speakers share a collection (RAVDESS speech and song).
        speaker: id within the collection, as the corpus writes it.
        native_label: the emotion in the corpus' own words.
        emotion: its canonical label, or None where there is none (EmoDB's boredom).
        language: ISO 639-1 code.
        gender: "female", "male" or None.
        age: years, where the corpus tells.
        intensity, sentence, take: as the corpus writes them.
        split: part named by the user's own table, if any.
        start_s, end_s: the stretch of the file, in seconds; None is the file's own end.
    """

    path: Path
    corpus: str
    collection: str
    speaker: str
    native_label: str
    emotion: str | None
    language: str | None = None
    gender: str | None = None
    age: int | None = None
    intensity: str | None = None
    sentence: str | None = None
    take: str | None = None
    split: str | None = None
    start_s: float | None = None
    end_s: float | None = None

    @property
    def speaker_key(self) -> tuple[str, str]:
        """Who spoke: `(collection, speaker)`."""
        return (self.collection, self.speaker)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A label and its calibrated probability (0 to 1)."""

    label: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What was recognised in one recording, in the Hugging Face audio-classification form.

    Attributes:
        path: where the recording came from; "-" is standard input, None is an array.
        duration_s, sampling_rate_hz, channels: of the recording as it was found.
        model: name and version of the bundle that answered.
        emotion: the most probable label.
        confidence: its probability.
        uncertain: the confidence is below the threshold.
        predictions: labels by falling probability.
        left_out: probability mass outside the chosen vocabulary; None when none was chosen.
        warnings: what a reader should know, in plain words.
    """

    path: str | None
    duration_s: float
    sampling_rate_hz: int
    channels: int
    model: str
    emotion: str
    confidence: float
    uncertain: bool
    predictions: tuple[Score, ...]
    left_out: float | None = None
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types; the field order is part of the schema.

        `left_out` follows the predictions only where a smaller vocabulary was chosen. The keys
        `prediction_set` and `out_of_domain` are reserved and do not appear yet.
        """
        record: dict[str, Any] = {
            "schema_version": SCHEMA_VERSION,
            "path": self.path,
            "duration_s": round(self.duration_s, 3),
            "sampling_rate_hz": self.sampling_rate_hz,
            "channels": self.channels,
            "model": self.model,
            "emotion": self.emotion,
            "confidence": round(self.confidence, 6),
            "uncertain": self.uncertain,
            "predictions": [
                {"label": item.label, "score": round(item.score, 6)} for item in self.predictions
            ],
        }
        if self.left_out is not None:
            record["left_out"] = round(self.left_out, 6)
        return record | {"warnings": list(self.warnings)}
