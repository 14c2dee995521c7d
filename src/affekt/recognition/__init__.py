"""Recognising emotions: the bundle, the recognizer that runs it, and the writers of its answers."""

from affekt.recognition.bundle import Bundle, BundleMetadata, Outputs, shipped_bundles
from affekt.recognition.recognizer import Failure, Options, Recognizer

__all__ = [
    "Bundle",
    "BundleMetadata",
    "Failure",
    "Options",
    "Outputs",
    "Recognizer",
    "shipped_bundles",
]
