"""Affekt: speech emotion recognition that people can trust."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# ONNX Runtime gathers usage data from version 1.29 on, and sends it to its makers. Other libraries
# load it too: it is told to keep silent before any of them can. Whoever sets the variable decides.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from affekt.corpora import load_corpus
    from affekt.corpora.datasets import open_dataset
    from affekt.models import create_model
    from affekt.recognition import Recognizer

__all__ = ["Recognizer", "__version__", "create_model", "load_corpus", "open_dataset"]

# Loaded on first use, so that `import affekt` costs milliseconds and never needs torch.
_LAZY = {
    "Recognizer": "affekt.recognition",
    "create_model": "affekt.models",
    "load_corpus": "affekt.corpora",
    "open_dataset": "affekt.corpora.datasets",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'affekt' has no attribute '{name}'")
