"""Recognising emotions: the bundle, the recognizer that runs it, and the writers of its answers."""

from affekt.recognition.bundle import Bundle
from affekt.recognition.explain import Explanation
from affekt.recognition.metadata import BundleMetadata
from affekt.recognition.model_files import shipped_bundles
from affekt.recognition.options import Failure, Options
from affekt.recognition.outputs import Outputs
from affekt.recognition.recognizer import Recognizer
from affekt.recognition.stream import StreamRecognizer
from affekt.recognition.timeline import TimelineOptions

__all__ = [
    "Bundle",
    "BundleMetadata",
    "Explanation",
    "Failure",
    "Options",
    "Outputs",
    "Recognizer",
    "StreamRecognizer",
    "TimelineOptions",
    "shipped_bundles",
]
