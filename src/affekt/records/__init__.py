"""The frozen records that travel between rooms."""

from affekt.records.ids import with_one_spelling
from affekt.records.options import (
    HOP_S,
    PURPOSES,
    WINDOW_S,
    ClipOptions,
    CommonOptions,
    Option,
    RecogniseRequest,
    Stamp,
    StreamRequest,
    TimelineRequest,
    TrackOptions,
    declarations,
)
from affekt.records.prediction import OPTIONAL_KEYS, SCHEMA_VERSION, Moment, Prediction, Score
from affekt.records.timeline import Segment, Timeline, Track, TrackSummary, TurningPoint
from affekt.records.utterance import Stretch, Utterance, normal_id

__all__ = [
    "HOP_S",
    "OPTIONAL_KEYS",
    "PURPOSES",
    "SCHEMA_VERSION",
    "WINDOW_S",
    "ClipOptions",
    "CommonOptions",
    "Moment",
    "Option",
    "Prediction",
    "RecogniseRequest",
    "Score",
    "Segment",
    "Stamp",
    "StreamRequest",
    "Stretch",
    "Timeline",
    "TimelineRequest",
    "Track",
    "TrackOptions",
    "TrackSummary",
    "TurningPoint",
    "Utterance",
    "declarations",
    "normal_id",
    "with_one_spelling",
]
