"""The parts of a recipe's recordings: by the shipped tables, and, of people's own, by their word.

Recordings of people's own stand in no shipped table. What their own table marks as a part is that
part; where it marks none, some of the speakers are kept for the temperature, and some for choices
where the recipe makes any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from affekt.corpora import CORPORA, UNKNOWN_SPEAKER
from affekt.protocols import Parts, check_disjoint, partition
from affekt.records import Utterance
from affekt.training.recipe import ProtocolConfig

# Of the speakers of a collection, those who are kept for the temperature, and for choices.
_KEPT_SHARE = 0.15
_LEAST_SPEAKERS, _ENOUGH_SPEAKERS = 3, 6


def parts_of(utterances: Iterable[Utterance], protocol: ProtocolConfig) -> Parts:
    """Sort recordings into the parts that a recipe learns from, chooses by and is calibrated on.

    The same speakers are drawn each time, whichever of their clips are given.

    Args:
        utterances: of corpora that Affekt knows and of people's own.
        protocol: whose `select_on` says whether choices are made, and whose `split_seed` draws.

    Raises:
        LeakError: two parts share a speaker or a file.
    """
    utterances = tuple(utterances)
    known = partition(item for item in utterances if item.corpus in CORPORA)
    own = [item for item in utterances if item.corpus not in CORPORA]
    if not own:
        return known
    marked = any(item.split for item in own)
    named = _marked(own, protocol) if marked else _drawn(own, protocol)
    parts = {
        name: (*getattr(known, name), *(item for item in own if named[item] == name))
        for name in ("train", "select", "calibrate", "lockbox")
    }
    if not marked:  # whoever marks parts may let them share speakers; the audit says so
        check_disjoint(parts, where="the recipe's recordings")
    return Parts(**parts)


def _marked(own: Sequence[Utterance], protocol: ProtocolConfig) -> dict[Utterance, str]:
    """Take the parts of a table; what is neither learnt from nor decides is never looked at."""
    decides = "calibrate" if protocol.select_on is None else "select"
    names = {None: "train", "train": "train", "validation": decides}
    return {item: names.get(item.split, "lockbox") for item in own}


def _drawn(own: Sequence[Utterance], protocol: ProtocolConfig) -> dict[Utterance, str]:
    parts: dict[tuple[str, str], str] = {}
    collections = dict.fromkeys(item.collection for item in own)
    for collection in collections:
        speakers = {
            item.speaker_key
            for item in own
            if item.collection == collection and item.speaker != UNKNOWN_SPEAKER
        }
        if len(speakers) < _LEAST_SPEAKERS:
            continue
        least = 2 if len(speakers) >= _ENOUGH_SPEAKERS else 1  # `affekt calibrate` needs two
        kept = max(least, round(_KEPT_SHARE * len(speakers)))
        drawn = sorted(speakers, key=lambda key: _lot(key, protocol.split_seed))
        parts |= dict.fromkeys(drawn[:kept], "calibrate")
        if protocol.select_on is not None:
            parts |= dict.fromkeys(drawn[kept : 2 * kept], "select")
    return {item: parts.get(item.speaker_key, "train") for item in own}


def _lot(speaker: tuple[str, str], seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {speaker[0]} {speaker[1]}".encode()).digest()
