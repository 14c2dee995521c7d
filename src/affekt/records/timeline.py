"""A long recording over time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from affekt.records.options import Stamp
from affekt.records.prediction import SCHEMA_VERSION, Score, answer, rounded


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a track with one answer.

    Attributes:
        start_s, end_s: the stretch, in seconds of the recording.
        speech: somebody speaks.
        emotion: the most probable label, first of the predictions; None in silence, on a track that
            is not analysed, for what is not speech, and for speech too short to say anything of.
        confidence: its probability, the mean over the stretch.
        uncertain: the confidence is below the threshold, or the sound is out of the domain.
        predictions: labels by falling mean probability.
        out_of_domain: there is sound, and it is not speech as the model knows it; None in silence,
            where nothing was inferred, and where the model cannot tell.
        intensity: of the emotion, 0 to 1, the mean over the stretch; None where there is no
            emotion, or the model cannot tell.
    """

    start_s: float
    end_s: float
    speech: bool
    emotion: str | None
    confidence: float | None
    uncertain: bool
    predictions: tuple[Score, ...]
    out_of_domain: bool | None = None
    intensity: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types."""
        return {
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "speech": self.speech,
            **answer(self.emotion, self.confidence, self.predictions, uncertain=self.uncertain),
            "out_of_domain": self.out_of_domain,
            "intensity": rounded(self.intensity),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TurningPoint:
    """A change of emotion between two stretches that are sure of theirs."""

    time_s: float
    before: str
    after: str

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types."""
        return {"time_s": round(self.time_s, 3), "before": self.before, "after": self.after}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackSummary:
    """A track in a few figures.

    Attributes:
        speech_s: how long somebody speaks.
        shares: emotion, or "uncertain", to its share of the speech (0 to 1); empty where
            nothing was analysed.
        longest_negative: beginning and end of the longest stretch of negative emotions, in
            seconds; what other voices say meanwhile does not end it. None where there is none.
        turning_points: changes from one emotion to another, in order.
        not_speech_s: how long there is sound that is not speech, such as music or a ring tone.
    """

    speech_s: float
    shares: dict[str, float]
    longest_negative: tuple[float, float] | None
    turning_points: tuple[TurningPoint, ...]
    not_speech_s: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types."""
        negative = self.longest_negative
        return {
            "speech_s": round(self.speech_s, 3),
            "shares": {label: round(share, 4) for label, share in self.shares.items()},
            "longest_negative": None if negative is None else [round(s, 3) for s in negative],
            "turning_points": [point.to_dict() for point in self.turning_points],
            "not_speech_s": round(self.not_speech_s, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One voice of a recording over time.

    Attributes:
        index: of the channel, counted from 0; None is the mean of all.
        name: whose voice it is, where channels were named.
        analysed: emotion was inferred; otherwise speech activity alone.
        speech: beginning and end of each stretch in which somebody speaks, in seconds.
        segments: cover the whole recording, in order, without a gap.
        summary: of the segments.
    """

    index: int | None
    name: str | None
    analysed: bool
    speech: tuple[tuple[float, float], ...]
    segments: tuple[Segment, ...]
    summary: TrackSummary

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types."""
        return {
            "index": self.index,
            "name": self.name,
            "analysed": self.analysed,
            "speech": [[round(start, 3), round(end, 3)] for start, end in self.speech],
            "segments": [segment.to_dict() for segment in self.segments],
            "summary": self.summary.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A long recording over time.

    ```python
    for track in Recognizer.load().timeline("call.wav").tracks:
        print(track.segments)
    ```

    Attributes:
        schema_version: of the JSON form.
        path: where the recording came from; "-" is standard input, None is an array.
        duration_s, sampling_rate_hz, channels: of the recording as it was found.
        model: name and version of the bundle that answered.
        labels: of the model.
        window_s, hop_s: what was recognised at once, and the step from one to the next.
        purpose: why somebody at work or in education was analysed; None where nobody was.
        tracks: one a voice.
        warnings: what a reader should know, in plain words.
    """

    schema_version: str = SCHEMA_VERSION
    path: str | None
    duration_s: float
    sampling_rate_hz: int
    channels: int
    model: str
    labels: tuple[str, ...]
    window_s: float
    hop_s: float
    purpose: Stamp | None
    tracks: tuple[Track, ...]
    warnings: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types; the field order is part of the schema."""
        return {
            "schema_version": self.schema_version,
            "path": self.path,
            "duration_s": round(self.duration_s, 3),
            "sampling_rate_hz": self.sampling_rate_hz,
            "channels": self.channels,
            "model": self.model,
            "labels": list(self.labels),
            "window_s": self.window_s,
            "hop_s": self.hop_s,
            "purpose": self.purpose,
            "tracks": [track.to_dict() for track in self.tracks],
            "warnings": list(self.warnings),
        }
