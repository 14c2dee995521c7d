"""Recognising emotions: the bundle, the recognizer that runs it, and the writers of its answers."""

from __future__ import annotations

from affekt.recognition.bundle import Bundle, BundleMetadata, Outputs, shipped_bundles

__all__ = ["Bundle", "BundleMetadata", "Outputs", "shipped_bundles"]
