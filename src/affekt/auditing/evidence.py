"""What confirms that two recordings which sound alike are one, or leaves it suspected."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from affekt.audio import SAMPLING_RATE_HZ
from affekt.auditing.alignment import align
from affekt.auditing.fingerprint import Fingerprint
from affekt.auditing.matching import SAME, Change, Likeness
from affekt.auditing.suspicion import suspicion, weights
from affekt.auditing.texture import texture_correlation
from affekt.auditing.waveform import NOTHING, Correlation, Sound, correlate, whitened_peak

# Raised when the evidence changes: part of what the cache is asked for.
VERSION = 4
# Product of the likeness of the fingerprints and the correlation of the waves. On the nine corpora
# at hand, copies lie above, other readings of a sentence by the same speaker below.
CERTAIN = 0.5
# Likewise, of the textures of copies at another pitch or pace.
CERTAIN_TEXTURE = 0.58
# Likewise, how far one delay stands out between a copy and its original behind a filter.
CERTAIN_PEAK = 60.0
# Below, the texture is not worth looking at.
_HARDLY = 0.02
# A filter hides a pitch or pace that is hardly another.
_NEAR_PACE, _NEAR_BINS = 0.025, 0


class Evidence(NamedTuple):
    """What two recordings that sound alike share, as far as it was looked for.

    Attributes:
        correlation: of their waveforms, the second backwards where the change says so.
        peak: how far one delay stands out between them, whatever filter lies there.
        texture: correlation of the texture of their spectra, where pitch or pace differ.
        suspicion: 0 to 1, by how exactly the second runs along the first.
    """

    correlation: Correlation
    peak: float = 0.0
    texture: float = 0.0
    suspicion: float = 0.0


def backwards(change: Change) -> bool:
    """Whether a change turns a recording round."""
    return change.pace < 0.0


def is_certain(alike: Likeness, found: Evidence) -> bool:
    """Whether one recording was surely made from the other."""
    return (
        abs(found.correlation.value) * alike.likeness >= CERTAIN
        or found.peak >= CERTAIN_PEAK
        or found.texture >= CERTAIN_TEXTURE
    )


def is_copy(alike: Likeness, found: Evidence) -> bool:
    """Whether one recording was made from the other, surely or by suspicion."""
    return is_certain(alike, found) or found.suspicion >= weights().least


def confirm(
    read: Callable[[], tuple[Sound, Sound]],
    prints: tuple[Fingerprint, Fingerprint],
    alike: Likeness,
) -> Evidence:
    """Look for evidence in two recordings, and stop where it is certain or there is none.

    Args:
        read: gives both recordings.
        prints: their fingerprints.
        alike: their likeness.
    """
    found = _of_waves(*read(), alike) if _hardly_another(alike.change) else Evidence(NOTHING)
    if backwards(alike.change) or is_certain(alike, found):
        return found
    found = found._replace(suspicion=suspicion(align(*prints, alike)))
    if alike.change != SAME and found.suspicion >= _HARDLY:
        first, second = read()
        found = found._replace(texture=texture_correlation(first.signal, second.signal, alike))
    return found


def _of_waves(first: Sound, second: Sound, alike: Likeness) -> Evidence:
    one, other, offset_s = first.band, second.band, alike.offset_s
    if backwards(alike.change):
        offset_s -= second.signal.size / SAMPLING_RATE_HZ
        other = other[::-1]
    found = Evidence(NOTHING)
    if alike.change == SAME or backwards(alike.change):
        found = Evidence(correlate(one, other, offset_s=offset_s))
    if not is_certain(alike, found):
        found = found._replace(peak=whitened_peak(one, other))
    return found


def _hardly_another(change: Change) -> bool:
    return abs(abs(change.pace) - 1.0) <= _NEAR_PACE and change.shift_bins <= _NEAR_BINS
