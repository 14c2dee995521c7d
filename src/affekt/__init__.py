"""Affekt: speech emotion recognition that people can trust.

from affekt import Recognizer

recognizer = Recognizer.load()
print(recognizer.predict("speech.wav").emotion)
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from affekt._lazy import on_first_use
from affekt._version import __version__

# ONNX Runtime gathers usage data from version 1.29 on, and sends it to its makers. Other libraries
# load it too, so the variable is set before any of them can. A value of the user's own stays.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

if TYPE_CHECKING:
    from affekt.auditing import audit
    from affekt.client import Client
    from affekt.corpora import load_corpus, open_dataset
    from affekt.evaluation import evaluate
    from affekt.models import create_model
    from affekt.recognition import Recognizer, StreamRecognizer
    from affekt.records import Prediction, Timeline
    from affekt.training import train

__all__ = [
    "Client",
    "Prediction",
    "Recognizer",
    "StreamRecognizer",
    "Timeline",
    "__version__",
    "audit",
    "create_model",
    "evaluate",
    "load_corpus",
    "open_dataset",
    "train",
]

# Loaded on first use, so that `import affekt` costs milliseconds and never needs torch.
_LAZY = {
    "Client": "affekt.client",
    "Prediction": "affekt.records",
    "Recognizer": "affekt.recognition",
    "StreamRecognizer": "affekt.recognition",
    "Timeline": "affekt.records",
    "audit": "affekt.auditing",
    "create_model": "affekt.models",
    "evaluate": "affekt.evaluation",
    "load_corpus": "affekt.corpora",
    "open_dataset": "affekt.corpora",
    "train": "affekt.training",
}


if not TYPE_CHECKING:  # a type checker reads the imports above
    __getattr__, __dir__ = on_first_use(__name__, _LAZY)
