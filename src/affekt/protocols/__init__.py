"""Who is trained on, who decides, and who is kept for the last look; every split is checked."""

from affekt.protocols.drawn import speaker_disjoint, speaker_disjoint_in_each
from affekt.protocols.named import PROTOCOLS, Protocol, protocol
from affekt.protocols.shipped import Parts, partition
from affekt.protocols.shipped_tables import (
    lockbox_speakers,
    read_table,
    selection_speakers,
)
from affekt.protocols.split import LeakError, Split, check_disjoint

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
    "read_table",
    "selection_speakers",
    "speaker_disjoint",
    "speaker_disjoint_in_each",
]
