"""What the clips under test share with those that were learnt from: the stamp on every figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from affekt.corpora.folders import UNKNOWN_SPEAKER
from affekt.evaluation.exposure import heard_clips
from affekt.evaluation.sources.base import Learnt
from affekt.protocols import Protocol
from affekt.records import Utterance

# Pairs that a report names; of all, it has the number.
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Two recordings that hold one sound.

    Attributes:
        first, second: their files.
        kind: "identical-audio", "near-duplicate" or "augmented-copy".
    """

    first: Path
    second: Path
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeakedCopy:
    """A clip under test, and the recording learnt from that it is a copy of; by their names."""

    tested: str
    learnt: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks:
    """What clips under test share with those that were learnt from, as numbers of clips under test.

    Attributes:
        told_by: "model", by whose word these were learnt from; or "protocol", whose own training
            and validation parts they are, for the model does not say.
        learnt: clips learnt from that are at hand.
        tested: clips under test.
        files: that were learnt from themselves.
        voices: whose speaker was heard in training.
        sentences: whose sentence was; None where no clip under test tells what is said.
        copies: of which a copy was learnt from; None where nobody looked.
        examples: the first of these.
    """

    told_by: str
    learnt: int
    tested: int
    files: int
    voices: int
    sentences: int | None
    copies: int | None
    examples: tuple[LeakedCopy, ...]


def find_leaks(
    rule: Protocol,
    utterances: Sequence[Utterance],
    learnt: Learnt | None,
    *,
    collections: Mapping[str, str],
    copies: Iterable[Copy] | None = None,
) -> Leaks:
    """Look for what clips under test share with those that were learnt from.

    Args:
        rule: the protocol.
        utterances: all that are at hand.
        learnt: what the model says of its training; None where it says nothing.
        collections: corpus to collection.
        copies: among all that are at hand; None where nobody looked.
    """
    rounds = list(_rounds(rule, utterances, learnt, collections))
    partners = _partners(copies or ())
    tested, taught, files, voices, sentences, copied = (set[Utterance]() for _ in range(6))
    examples: list[LeakedCopy] = []
    for before, now in rounds:
        paths = {item.path for item in before}
        speakers = {item.speaker_key for item in before if item.speaker != UNKNOWN_SPEAKER}
        said = {_sentence(item) for item in before} - {None}
        taught.update(before)
        tested.update(now)
        files.update(item for item in now if item.path in paths)
        voices.update(item for item in now if item.speaker_key in speakers)
        sentences.update(item for item in now if _sentence(item) in said)
        for item in now:
            found = [copy for copy in partners[item.path] if copy[0] in paths]
            copied.update([item] if found else ())
            examples += [
                LeakedCopy(tested=_name(item.path), learnt=_name(path), kind=kind)
                for path, kind in found
            ]
    return Leaks(
        told_by="protocol" if learnt is None else "model",
        learnt=len(taught),
        tested=len(tested),
        files=len(files),
        voices=len(voices),
        sentences=len(sentences) if any(map(_sentence, tested)) else None,
        copies=None if copies is None else len(copied),
        examples=tuple(examples[:_SHOWN]),
    )


def learns_at_hand(
    rule: Protocol,
    utterances: Sequence[Utterance],
    learnt: Learnt | None,
    *,
    collections: Mapping[str, str],
) -> bool:
    """Say whether anything that was learnt from is at hand: else there is nothing to look for."""
    return any(before for before, _ in _rounds(rule, utterances, learnt, collections))


def _rounds(
    rule: Protocol,
    utterances: Sequence[Utterance],
    learnt: Learnt | None,
    collections: Mapping[str, str],
) -> Iterator[tuple[tuple[Utterance, ...], tuple[Utterance, ...]]]:
    """Yield what was learnt from, and what is tested after it."""
    splits = rule.splits(utterances)
    if learnt is None:
        yield from (((*split.train, *split.validation), split.test) for split in splits)
        return
    tested = dict.fromkeys(item for split in splits for item in split.test)
    yield heard_clips(learnt, utterances, collections), tuple(tested)


def _partners(copies: Iterable[Copy]) -> dict[Path, list[tuple[Path, str]]]:
    partners: dict[Path, list[tuple[Path, str]]] = defaultdict(list)
    for copy in copies:
        partners[copy.first].append((copy.second, copy.kind))
        partners[copy.second].append((copy.first, copy.kind))
    return partners


def _sentence(item: Utterance) -> tuple[str, str] | None:
    return None if item.sentence is None else (item.collection, item.sentence)


def _name(path: Path) -> str:
    return "/".join(path.parts[-2:])
