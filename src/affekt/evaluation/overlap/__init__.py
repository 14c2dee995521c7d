"""What clips under test share with those that a model learnt from."""

from affekt.evaluation.overlap.leaks import (
    Copy,
    LeakedCopy,
    Leaks,
    find_leaks,
    learns_at_hand,
)
from affekt.evaluation.overlap.speakers import (
    clips_of_training_speakers,
    identity,
    lockbox_tested,
    of_unknown_origin,
    training_clips,
    training_speakers_among,
)

__all__ = [
    "Copy",
    "LeakedCopy",
    "Leaks",
    "clips_of_training_speakers",
    "find_leaks",
    "identity",
    "learns_at_hand",
    "lockbox_tested",
    "of_unknown_origin",
    "training_clips",
    "training_speakers_among",
]
