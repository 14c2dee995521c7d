"""Who is trained on, who decides, and who is kept for the last look; every split is checked."""

from affekt.protocols.splits import (
    PROTOCOLS,
    LeakError,
    Parts,
    Protocol,
    Split,
    check_disjoint,
    partition,
    protocol,
    speaker_disjoint,
    speaker_disjoint_in_each,
)
from affekt.protocols.tables import lockbox_speakers, selection_speakers

__all__ = [
    "PROTOCOLS",
    "LeakError",
    "Parts",
    "Protocol",
    "Split",
    "check_disjoint",
    "lockbox_speakers",
    "partition",
    "protocol",
    "selection_speakers",
    "speaker_disjoint",
    "speaker_disjoint_in_each",
]
