"""What goes in and comes out, for OpenAPI: the records of `affekt.records` as their JSON is."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Purpose = Literal["medical", "safety", "research"]
Stamp = Literal[
    "medical",
    "safety",
    "research",
    "medical with consent",
    "safety with consent",
    "research with consent",
]
_CONSENTED = "The speaker has consented to the purpose; stamped likewise."


class Exact(BaseModel):
    """Nothing but the fields it names."""

    model_config = ConfigDict(extra="forbid")


class RecogniseQuery(Exact):
    """Options of `POST /v1/recognize`, as `affekt predict` has them."""

    model: str | None = Field(None, description="A name of `GET /v1/models`; else the one in use.")
    emotions: Literal["8", "7", "6", "4"] | None = Field(
        None, description="A smaller vocabulary; the probability it leaves out is in `left_out`."
    )
    top_k: int | None = Field(None, ge=1, le=100, description="Only the most probable labels.")
    threshold: float | None = Field(
        None, ge=0.0, le=1.0, description="A confidence below it is uncertain."
    )
    channel: int | None = Field(
        None, ge=0, le=1023, description="Counted from 0, instead of the mean of all."
    )
    mix: bool = Field(
        False,
        description="Take all channels for one voice; without it and without a channel, channels "
        "that sound by turns, as those of a call do, are refused.",
    )
    purpose: Purpose | None = Field(
        None, description="Stamped on the answer and on each prediction in it."
    )
    consented: bool = Field(False, description=_CONSENTED)


class TimelineQuery(Exact):
    """Options of `POST /v1/timeline`."""

    model: str | None = Field(None, description="A name of `GET /v1/models`; else the one in use.")
    channels: str | None = Field(
        None,
        max_length=500,
        description="Names, separated by commas, one a channel of the recording: agent,customer.",
    )
    analyse: str | None = Field(
        None,
        max_length=500,
        description="Whose emotions are inferred; with named channels the customer's alone.",
    )
    mix: bool = Field(
        False,
        description="Take all channels for one voice; without it and without names, channels that "
        "sound by turns, as those of a call do, are refused.",
    )
    purpose: Purpose | None = Field(
        None,
        description="Needed to analyse a channel of somebody at work or in education; stamped on "
        "the answer.",
    )
    consented: bool = Field(
        False,
        description=f"{_CONSENTED} Research needs it for such a channel.",
    )
    window_s: float = Field(3.0, ge=0.1, le=30.0, description="What is listened to at once.")
    hop_s: float = Field(
        1.0, ge=0.1, le=30.0, description="Step to the next; a multiple of 0.02, at most a window."
    )
    threshold: float | None = Field(
        None, ge=0.0, le=1.0, description="A confidence below it is uncertain."
    )


class Score(Exact):
    """A label and its calibrated probability."""

    label: str
    score: float = Field(ge=0.0, le=1.0)


class Prediction(Exact):
    """What was recognised in one recording."""

    schema_version: str
    path: str | None = Field(description="Its name in the form; null for a raw body.")
    duration_s: float
    sampling_rate_hz: int
    channels: int
    model: str
    emotion: str
    confidence: float
    uncertain: bool = Field(
        description="Its probability among all labels is below the threshold, or out of domain."
    )
    predictions: list[Score]
    prediction_set: list[str] | None = Field(
        None, description="One of these is right as often as the model promises, if it does."
    )
    out_of_domain: bool | None = Field(
        None, description="Unlike what the model learnt from; there only where it can tell."
    )
    novelty: float | None = Field(None, description="How unlike; above 1 is out of the domain.")
    left_out: float | None = Field(None, description="There only with a smaller vocabulary.")
    purpose: Stamp | None = Field(None, description="There only where one was stated.")
    warnings: list[str]


class ProblemDetails(BaseModel):
    """An error (RFC 9457)."""

    type: str = Field(description="urn:affekt:problem:KIND, the same for all errors of a kind.")
    title: str
    status: int
    detail: str
    request_id: str
    retry_after_s: int | None = None
    max_upload_bytes: int | None = None
    errors: list[dict[str, Any]] | None = Field(None, description="Parameters that are wrong.")


class Recognised(Exact):
    """One recording's outcome: a prediction, or, among several recordings, a problem."""

    prediction: Prediction | None
    problem: ProblemDetails | None


class RecogniseAnswer(Exact):
    """One outcome for each recording, in their order."""

    purpose: Stamp | None
    results: list[Recognised]


class Segment(Exact):
    """A stretch of a track with one answer; without emotion where nobody speaks."""

    start_s: float
    end_s: float
    speech: bool
    emotion: str | None
    confidence: float | None
    uncertain: bool
    predictions: list[Score]
    out_of_domain: bool | None = Field(
        description="There is sound, and it is not speech as the model knows it; null in silence, "
        "where nothing was inferred, and where the model cannot tell."
    )


class TurningPoint(Exact):
    """A change of emotion."""

    time_s: float
    before: str
    after: str


class TrackSummary(Exact):
    """A track in a few figures."""

    speech_s: float
    shares: dict[str, float]
    longest_negative: tuple[float, float] | None
    turning_points: list[TurningPoint]
    not_speech_s: float = Field(description="Sound that is not speech, such as a ring tone.")


class Track(Exact):
    """One voice over time."""

    index: int | None
    name: str | None
    analysed: bool
    speech: list[tuple[float, float]]
    segments: list[Segment]
    summary: TrackSummary


class Timeline(Exact):
    """A long recording over time."""

    schema_version: str
    path: str | None
    duration_s: float
    sampling_rate_hz: int
    channels: int
    model: str
    labels: list[str]
    window_s: float
    hop_s: float
    purpose: Stamp | None
    tracks: list[Track]
    warnings: list[str]


class Model(Exact):
    """A model that may be asked for."""

    name: str
    title: str
    in_use: bool
    labels: list[str]
    threshold: float
    licence: str
    description: str
    not_for: list[str]
    trained_on: list[str]
    created: str
    size_bytes: int
    sha256: str


class Models(Exact):
    """All models."""

    models: list[Model]


class Health(Exact):
    """That the service lives, or is ready."""

    status: Literal["ok"]
