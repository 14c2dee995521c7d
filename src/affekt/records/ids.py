"""Ids of speakers and sentences: programs write one person as 06, 6 or 6.0."""

from __future__ import annotations

import dataclasses
import re
import warnings
from collections.abc import Callable, Iterable

from affekt.records.utterance import Utterance, normal_id

_ZEROS = re.compile(r"(?<![0-9.])0+(?=[0-9])")
_SHOWN = 5


def with_one_spelling(utterances: Iterable[Utterance], *, where: str) -> list[Utterance]:
    """Return utterances in which every speaker and every sentence has one spelling, the first met.

    Spellings that differ in leading zeros or in `.0` alone are one: taken for two people, one
    would stand in the training part and in the test. A warning names them. `S01` and `S1` are
    likewise one.

    Args:
        utterances: of one table, folder or protocol.
        where: whose ids they are, for the warning.
    """
    items = list(utterances)
    speakers = _spellings(items, lambda item: item.speaker)
    sentences = _spellings(items, lambda item: item.sentence)
    _warn(speakers, "speaker", where)
    _warn(sentences, "sentence", where)
    return [_spelt(item, speakers, sentences) for item in items]


_Spellings = dict[tuple[str, str], dict[str, None]]


def _spellings(items: Iterable[Utterance], name: Callable[[Utterance], str | None]) -> _Spellings:
    """Return all spellings of a name within its collection, in the order in which they are met."""
    found: _Spellings = {}
    for item in items:
        written = name(item)
        if written is not None:
            found.setdefault((item.collection, _alike(written)), {})[written] = None
    return {key: spellings for key, spellings in found.items() if len(spellings) > 1}


def _alike(written: str) -> str:
    return _ZEROS.sub("", normal_id(written))


def _spelt(item: Utterance, speakers: _Spellings, sentences: _Spellings) -> Utterance:
    speaker = speakers.get((item.collection, _alike(item.speaker)))
    said = item.sentence and sentences.get((item.collection, _alike(item.sentence)))
    if not speaker and not said:
        return item
    return dataclasses.replace(
        item,
        speaker=next(iter(speaker)) if speaker else item.speaker,
        sentence=next(iter(said)) if said else item.sentence,
    )


def _warn(found: _Spellings, what: str, where: str) -> None:
    if found:
        shown = "; ".join(" = ".join(names) for names in list(found.values())[:_SHOWN])
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        warnings.warn(
            f"{where}: ids that differ in zeros or '.0' alone are one {what}: {shown}{more}; "
            "if they are not, give them ids that differ in more",
            stacklevel=3,
        )
