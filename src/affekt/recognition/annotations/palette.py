"""How a label looks in the report: a colour, a pattern and a short name, never a colour alone.

The colours are those of Okabe and Ito (2008), which people with any colour vision tell apart;
labels beyond the eight emotions take Tol's muted ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from affekt.recognition.annotations.marks import NOT_SPEECH, SILENCE, SPEECH, UNCERTAIN

TILE = 8  # pixels, the width and height of a pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Colour and pattern (an SVG path within a square of 8 pixels) of a label."""

    fill: str
    path: str
    ink: str = "#000000"


_EMOTIONS: dict[str, Look] = {
    "neutral": Look(fill="#bdbdbd", path=""),
    "calm": Look(fill="#56b4e9", path="M0 6H8"),
    "happy": Look(fill="#f0e442", path="M1 2h2v2h-2zM5 6h2v2h-2z"),
    "sad": Look(fill="#0072b2", path="M0 2H8M0 6H8", ink="#ffffff"),
    "angry": Look(fill="#d55e00", path="M-2 2L2 -2M0 8L8 0M6 10L10 6"),
    "fearful": Look(fill="#cc79a7", path="M-2 6L2 10M0 0L8 8M6 -2L10 2"),
    "disgust": Look(fill="#009e73", path="M0 8L8 0M0 0L8 8"),
    "surprised": Look(fill="#e69f00", path="M2 0V8M6 0V8"),
}
_FURTHER = (
    Look(fill="#88ccee", path="M4 0V8M0 4H8"),
    Look(fill="#999933", path="M0 4L2 2L4 4L6 6L8 4"),
    Look(fill="#cc6677", path="M2 2h4v4h-4z"),
    Look(fill="#44aa99", path="M4 0V8"),
)
_OTHERS = {
    UNCERTAIN: Look(fill="#ffffff", path="M0 0L8 8"),
    SPEECH: Look(fill="#8a94a3", path=""),
    NOT_SPEECH: Look(fill="#dfe3e8", path="M2 6h2M6 2h2"),
    SILENCE: Look(fill="none", path=""),
}


def looks(labels: Iterable[str]) -> dict[str, Look]:
    """Return the look of each label of a model, and of what is no emotion."""
    found: dict[str, Look] = {}
    further = 0
    for label in labels:
        if label in _EMOTIONS:
            found[label] = _EMOTIONS[label]
        else:
            found[label] = _FURTHER[further % len(_FURTHER)]
            further += 1
    return found | _OTHERS
