"""What clips under test share with those that a model learnt from."""

from affekt.evaluation.overlap.leaks import (
    Copy,
    LeakedCopy,
    Leaks,
    find_leaks,
    learns_at_hand,
)
from affekt.evaluation.overlap.speakers import (
    heard_clips,
    heard_in_training,
    identity,
    lockbox_tested,
    of_unknown_origin,
    training_clips,
)

__all__ = [
    "Copy",
    "LeakedCopy",
    "Leaks",
    "find_leaks",
    "heard_clips",
    "heard_in_training",
    "identity",
    "learns_at_hand",
    "lockbox_tested",
    "of_unknown_origin",
    "training_clips",
]
