"""Recognising emotions: the bundle, the recognizer that runs it, and the writers of its answers."""

from affekt.recognition.bundles import Bundle, BundleMetadata, Outputs, shipped_bundles
from affekt.recognition.clips import WHOLE_S, Predict, predict_blocks
from affekt.recognition.explain import SPECTRUM, Explanation
from affekt.recognition.inputs import Found, recordings
from affekt.recognition.live import Tally, microphone, raw_samples
from affekt.recognition.notices import (
    CONSENTED_HELP,
    LAW,
    LAW_URL,
    NO_LEGAL_ADVICE,
    NOTICE_RECOGNISER,
    NOTICE_WORKPLACE,
    PURPOSE_HELP,
)
from affekt.recognition.options import Failure, Options
from affekt.recognition.purpose import (
    DEFAULT_ANALYSED,
    TrackPlan,
    check_purpose,
    plan_tracks,
    stamp,
)
from affekt.recognition.recognizer import Recognizer
from affekt.recognition.stream import StreamRecognizer
from affekt.recognition.terms import encoder_terms, terms_line
from affekt.recognition.timeline import TimelineOptions, check_options
from affekt.recognition.writers import CsvWriter, Writer, columns, open_writer, row

__all__ = [
    "CONSENTED_HELP",
    "DEFAULT_ANALYSED",
    "LAW",
    "LAW_URL",
    "NOTICE_RECOGNISER",
    "NOTICE_WORKPLACE",
    "NO_LEGAL_ADVICE",
    "PURPOSE_HELP",
    "SPECTRUM",
    "WHOLE_S",
    "Bundle",
    "BundleMetadata",
    "CsvWriter",
    "Explanation",
    "Failure",
    "Found",
    "Options",
    "Outputs",
    "Predict",
    "Recognizer",
    "StreamRecognizer",
    "Tally",
    "TimelineOptions",
    "TrackPlan",
    "Writer",
    "check_options",
    "check_purpose",
    "columns",
    "encoder_terms",
    "microphone",
    "open_writer",
    "plan_tracks",
    "predict_blocks",
    "raw_samples",
    "recordings",
    "row",
    "shipped_bundles",
    "stamp",
    "terms_line",
]
