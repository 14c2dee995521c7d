"""Clips of one speaker that hold one sound under several labels, one of them perhaps cut shorter.

Equal features are found by their digest. For clips of any length the surroundings of the loudest
moments are compared as well, and what looks alike is compared over all that two clips share:
lossy copies that are cut at different places never have equal features.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from affekt.records import Utterance

Features = npt.NDArray[np.floating]
Floats = npt.NDArray[np.float32]

# Bands of a first and of a second look: neighbours of the log-mels say nearly the same.
_BANDS = 20
# What lies more than 50 dB below the loudest a lossy codec does as it likes with.
_RANGE = 11.5  # as the natural logarithm of a power
# Frames about a loud moment, of which every other is compared, and how many moments.
_ABOUT = 20
_MOMENTS = 5
_APART = 15
_LOOKS_ALIKE = 0.9
# Two copies are at most so many frames from where their loud moments put them; what is cut
# between two frames is read between them.
_MOVES = 3
_BETWEEN = (0.0, 0.25, 0.5, 0.75)
# Chosen on the shipped recipes' corpora, where it finds every known copy and no second reading.
_ALIKE = 0.98
_NEARLY = 0.8
# What copies share: so many frames, and this share of the shorter.
_LEAST_FRAMES = 40
_LEAST_SHARE = 0.9


def same_sounds(
    utterances: Sequence[Utterance],
    originals: Sequence[Features],
    targets: npt.NDArray[np.int64],
) -> list[list[int]]:
    """Return the places of clips of one speaker that hold one sound under several labels.

    Args:
        utterances: the clips.
        originals: `[clips]`, their features: `[frames, bands]` where the clips differ in length.
        targets: `[clips]`, indices of their labels.
    """
    any_length = len({len(features) for features in originals}) > 1
    speakers: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, item in enumerate(utterances):
        speakers[item.speaker_key].append(place)
    group = {place: {place} for place in range(len(originals))}
    for places in speakers.values():
        clips = [originals[place] for place in places]
        pairs = _equal(clips)
        if any_length:
            pairs += _alike(clips, targets[places])
        for one, other in pairs:
            joined = group[places[one]] | group[places[other]]
            group.update(dict.fromkeys(joined, joined))
    found = {min(places): sorted(places) for places in group.values()}
    return [places for _, places in sorted(found.items()) if len({*targets[places]}) > 1]


def _equal(clips: Sequence[Features]) -> list[tuple[int, int]]:
    """Return clips whose features are equal, each with the next such clip."""
    groups: dict[bytes, list[int]] = defaultdict(list)
    for place, clip in enumerate(clips):
        groups[hashlib.sha256(np.ascontiguousarray(clip).tobytes()).digest()].append(place)
    return [pair for places in groups.values() for pair in pairwise(places)]


def _alike(clips: Sequence[Features], targets: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return clips of different labels of which one is a copy of the other or of a part of it."""
    spectra = [_spectrum(clip) for clip in clips]
    mean = np.concatenate(spectra).mean(axis=0)
    moments = [(place, at) for place, item in enumerate(spectra) for at in _loud_moments(item)]
    vectors = np.stack([_surroundings(spectra[place], mean, at) for place, at in moments])
    label = targets[[place for place, _ in moments]]
    found = set()
    for row, (one, at) in enumerate(moments):
        looks = (vectors[row + 1 :] @ vectors[row] > _LOOKS_ALIKE) & (
            label[row + 1 :] != label[row]
        )
        for other, there in (moments[row + 1 + k] for k in np.flatnonzero(looks)):
            if (one, other) not in found and _is_copy(spectra[one], spectra[other], at - there):
                found.add((one, other))
    return sorted(found)


def _spectrum(clip: Features) -> Floats:
    """Return a clip's log-mels `[frames, bands]` in fewer bands."""
    edges = np.linspace(0, clip.shape[1], min(_BANDS, clip.shape[1]) + 1).astype(int)
    sums = np.add.reduceat(clip.astype(np.float32), edges[:-1], axis=1)
    return np.asarray(sums / np.diff(edges), dtype=np.float32)


def _loud_moments(spectrum: Floats) -> Iterator[int]:
    """Yield the loudest frames of a clip, loudest first, each some way from the others."""
    level = spectrum.mean(axis=1)
    for _ in range(_MOMENTS):
        at = int(level.argmax())
        if level[at] == -np.inf:
            return
        yield at
        level[max(0, at - _APART) : at + _APART] = -np.inf


def _surroundings(spectrum: Floats, mean: Floats, at: int) -> Floats:
    """Return what sets the frames about one apart from the mean, as a vector of length one.

    The ends of a clip go on as they are.
    """
    frames = np.clip(np.arange(at - _ABOUT, at + _ABOUT + 1, 2), 0, len(spectrum) - 1)
    near = spectrum[frames]
    vector = (np.maximum(near, near.max() - _RANGE) - mean).ravel()
    vector = vector - vector.mean()
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-6), dtype=np.float32)


def _is_copy(first: Floats, second: Floats, lag: int) -> bool:
    """Whether frame `f + lag` of the first is frame `f` of the second, give or take a few."""
    if _likeness(first, second, lag) < _NEARLY:
        return False
    lags = range(lag - _MOVES, lag + _MOVES + 1)
    for share in _BETWEEN:
        moved = (1.0 - share) * second[:-1] + share * second[1:] if share else second
        if max(_likeness(first, moved, near) for near in lags) >= _ALIKE:
            return True
    return False


def _likeness(first: Floats, second: Floats, lag: int) -> float:
    """Correlate what two clips share at a lag; 0 where it is too little."""
    begin, end = max(0, -lag), min(len(second), len(first) - lag)
    if end - begin < max(_LEAST_FRAMES, _LEAST_SHARE * min(len(first), len(second))):
        return 0.0
    both = np.stack([first[begin + lag : end + lag], second[begin:end]])
    both = np.maximum(both, both.max() - _RANGE)
    one, other = both - both.mean(axis=1, keepdims=True)
    size = float(np.sqrt((one * one).sum() * (other * other).sum()))
    return float((one * other).sum()) / max(size, 1e-6)
