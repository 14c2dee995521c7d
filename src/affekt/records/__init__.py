"""The frozen records that travel between rooms."""

from affekt.records.ids import with_one_spelling
from affekt.records.options import (
    PURPOSES,
    ClipOptions,
    CommonOptions,
    Option,
    TrackOptions,
    declarations,
)
from affekt.records.prediction import OPTIONAL_KEYS, SCHEMA_VERSION, Moment, Prediction, Score
from affekt.records.timeline import Segment, Timeline, Track, TrackSummary, TurningPoint
from affekt.records.utterance import Stretch, Utterance, normal_id

__all__ = [
    "OPTIONAL_KEYS",
    "PURPOSES",
    "SCHEMA_VERSION",
    "ClipOptions",
    "CommonOptions",
    "Moment",
    "Option",
    "Prediction",
    "Score",
    "Segment",
    "Stretch",
    "Timeline",
    "Track",
    "TrackOptions",
    "TrackSummary",
    "TurningPoint",
    "Utterance",
    "declarations",
    "normal_id",
    "with_one_spelling",
]
