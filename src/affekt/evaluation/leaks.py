"""What the clips under test share with those that were learnt from: the stamp on every figure."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from affekt.corpora.folders import UNKNOWN_SPEAKER
from affekt.evaluation.exposure import heard_clips, identity
from affekt.evaluation.sources import Source
from affekt.protocols import Split
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
    """A clip under test, and the recording learnt from that it is a copy of: names of files."""

    tested: str
    learnt: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaks:
    """What clips under test share with those that were learnt from, as numbers of clips under test.

    Attributes:
        told_by: "model", by whose word these may have been learnt from; or "protocol", whose own
            training and validation parts they are, for the model does not say.
        learnt: clips learnt from that are at hand.
        tested: clips under test.
        files: that were learnt from themselves, in part at least.
        voices: whose speaker was heard in training; None where nobody tells who speaks.
        sentences: whose sentence was; None where nobody tells what is said.
        copies: files of which a copy was learnt from; None where nobody looked.
        examples: the first of these.
    """

    told_by: str
    learnt: int
    tested: int
    files: int
    voices: int | None
    sentences: int | None
    copies: int | None
    examples: tuple[LeakedCopy, ...]


def find_leaks(
    splits: Sequence[Split],
    utterances: Sequence[Utterance],
    source: Source,
    *,
    copies: Iterable[Copy] | None = None,
) -> Leaks:
    """Look for what clips under test share with those that were learnt from.

    Args:
        splits: of the protocol.
        utterances: all that are at hand.
        source: the model, which may say what it learnt from.
        copies: among all that are at hand; None where nobody looked.
    """
    partners = _partners(copies or ())
    facts = {id(item): _facts(item) for item in utterances}
    tested, taught, files, voices, sentences, copied = (set[int]() for _ in range(6))
    examples: dict[tuple[str, str], LeakedCopy] = {}
    for before, now in _rounds(splits, utterances, source):
        stretches: dict[Path, list[tuple[float, float]]] = defaultdict(list)
        for item in before:
            known = facts[id(item)]
            stretches[known.path].append((known.start_s, known.end_s))
        speakers = {facts[id(item)].speaker for item in before}
        said = {facts[id(item)].sentence for item in before}
        taught.update(map(id, before))
        tested.update(map(id, now))
        for item in now:
            known = facts[id(item)]
            if any(
                start_s < known.end_s and known.start_s < end_s
                for start_s, end_s in stretches.get(known.path, ())
            ):
                files.add(id(item))
            if known.speaker is not None and known.speaker in speakers:
                voices.add(id(item))
            if known.sentence is not None and known.sentence in said:
                sentences.add(id(item))
            for path, kind in partners.get(known.path, ()):
                if path in stretches and path != known.path:
                    copied.add(id(item))
                    names = known.path.name, path.name
                    examples[names] = LeakedCopy(tested=names[0], learnt=names[1], kind=kind)

    def told(what: str) -> bool:
        return all(
            any(getattr(facts[item], what) is not None for item in items)
            for items in (tested, taught)
        )

    return Leaks(
        told_by="model" if _says(source) else "protocol",
        learnt=len(taught),
        tested=len(tested),
        files=len(files),
        voices=len(voices) if told("speaker") else None,
        sentences=len(sentences) if told("sentence") else None,
        copies=None if copies is None else len(copied),
        examples=tuple(itertools.islice(examples.values(), _SHOWN)),
    )


def learns_at_hand(
    splits: Sequence[Split], utterances: Sequence[Utterance], source: Source
) -> bool:
    """Say whether anything that was learnt from is at hand: else there is nothing to look for."""
    return any(before for before, _ in _rounds(splits, utterances, source))


class _Facts(NamedTuple):
    path: Path
    start_s: float
    end_s: float
    speaker: tuple[str, str] | None
    sentence: tuple[str, str] | None


def _facts(item: Utterance) -> _Facts:
    known = identity(item)
    return _Facts(
        path=item.path.resolve(),
        start_s=item.start_s or 0.0,
        end_s=math.inf if item.end_s is None else item.end_s,
        speaker=None if known.speaker == UNKNOWN_SPEAKER else (known.collection, known.speaker),
        sentence=None if known.sentence is None else (known.collection, known.sentence),
    )


def _says(source: Source) -> bool:
    return source.learnt is not None and bool(source.learnt.training_data)


def _rounds(
    splits: Sequence[Split],
    utterances: Sequence[Utterance],
    source: Source,
) -> Iterator[tuple[Sequence[Utterance], Sequence[Utterance]]]:
    """Yield what was learnt from, and what is tested after it."""
    if source.learnt is None or not _says(source):
        yield from (((*split.train, *split.validation), split.test) for split in splits)
        return
    known = (item for item in utterances if {item.emotion, item.native_label} & set(source.labels))
    tested = {id(item): item for split in splits for item in split.test}
    yield heard_clips(source.learnt, known), tuple(tested.values())


def _partners(copies: Iterable[Copy]) -> dict[Path, list[tuple[Path, str]]]:
    partners: dict[Path, list[tuple[Path, str]]] = defaultdict(list)
    for copy in copies:
        first, second = copy.first.resolve(), copy.second.resolve()
        partners[first].append((second, copy.kind))
        partners[second].append((first, copy.kind))
    return partners
