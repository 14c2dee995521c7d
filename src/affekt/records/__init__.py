"""The frozen records that travel between rooms."""

from affekt.records.ids import with_one_spelling
from affekt.records.prediction import SCHEMA_VERSION, Moment, Prediction, Score
from affekt.records.timeline import Segment, Timeline, Track, TrackSummary, TurningPoint
from affekt.records.utterance import Stretch, Utterance, normal_id

__all__ = [
    "SCHEMA_VERSION",
    "Moment",
    "Prediction",
    "Score",
    "Segment",
    "Stretch",
    "Timeline",
    "Track",
    "TrackSummary",
    "TurningPoint",
    "Utterance",
    "normal_id",
    "with_one_spelling",
]
