"""What the clips under test share with those that were learnt from: the stamp on every figure."""

from __future__ import annotations

import hashlib
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from affekt.corpora import UNKNOWN_SPEAKER
from affekt.evaluation.overlap.speakers import (
    KNOWN_COLLECTIONS,
    clips_of_training_speakers,
    identity,
)
from affekt.evaluation.sources import Source
from affekt.files import open_file
from affekt.protocols import Split
from affekt.records import Stretch, Utterance

# Pairs that a report names; of all, it has the number.
_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Two recordings that hold one sound.

    Attributes:
        first, second: their files, or stretches of them.
        kind: "identical-audio", "near-duplicate" or "augmented-copy".
    """

    first: Stretch
    second: Stretch
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

    A number is None where it is not known: nothing was compared, or nobody can tell.

    Attributes:
        declared_by: "model", by whose word these may have been learnt from; or "protocol", whose
            own training and validation parts they are, for the model does not say.
        learnt: clips learnt from that are at hand.
        tested: clips under test.
        files: that were learnt from themselves, in part at least, or are the same bytes.
        speakers: whose speaker is a training speaker.
        sentences: whose sentence was.
        copies: files of which a copy was learnt from, by their sound.
        examples: the first of these.
        not_compared: corpora that the model learnt from and of which nothing was compared.
    """

    declared_by: str
    learnt: int
    tested: int
    files: int | None
    speakers: int | None
    sentences: int | None
    copies: int | None
    examples: tuple[LeakedCopy, ...]
    not_compared: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Something under test was learnt from, or is of a speaker who was."""
        return any((self.files, self.speakers, self.copies))


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
        utterances: all that are at hand; those of `training_clips` included.
        source: the model, which may say what it learnt from.
        copies: among all that are at hand; None where nobody looked.
    """
    partners = _partners(copies or ())
    facts, alike = _FactsOfClips(), _SameBytes()
    tested, taught, files, speakers, sentences, copied = (set[int]() for _ in range(6))
    speakers_unknown = sentences_unknown = False
    corpora: set[str] = set()
    examples: dict[tuple[str, str], LeakedCopy] = {}
    for before, now in _rounds(splits, utterances, source):
        learnt = _Learnt([facts(item) for item in before], alike)
        corpora |= learnt.corpora
        taught.update(map(id, before))
        tested.update(map(id, now))
        for item in now:
            known = facts(item)
            if learnt.holds(known):
                files.add(id(item))
            if known.speaker in learnt.speakers:
                speakers.add(id(item))
            if known.sentence in learnt.sentences:
                sentences.add(id(item))
            speakers_unknown |= not learnt.speakers.can_tell(known.speaker)
            sentences_unknown |= not learnt.sentences.can_tell(known.sentence)
            for other, kind in partners.get(known.stretch, ()):
                if other.path != known.stretch.path and learnt.overlaps(other):
                    copied.add(id(item))
                    names = known.stretch.path.name, other.path.name
                    examples[names] = LeakedCopy(tested=names[0], learnt=names[1], kind=kind)

    compared = bool(taught)
    return Leaks(
        declared_by="model" if _says(source) else "protocol",
        learnt=len(taught),
        tested=len(tested),
        files=len(files) if compared else None,
        speakers=len(speakers) if speakers or (compared and not speakers_unknown) else None,
        sentences=len(sentences) if sentences or (compared and not sentences_unknown) else None,
        copies=len(copied) if compared and copies is not None else None,
        examples=tuple(itertools.islice(examples.values(), _SHOWN)),
        not_compared=_not_compared(source, corpora),
    )


def learns_at_hand(
    splits: Sequence[Split], utterances: Sequence[Utterance], source: Source
) -> bool:
    """Say whether anything that was learnt from is at hand: else there is nothing to look for."""
    return any(before for before, _ in _rounds(splits, utterances, source))


class _Facts(NamedTuple):
    stretch: Stretch
    corpus: str
    speaker: tuple[str, str] | None
    sentence: tuple[str, str] | None


class _FactsOfClips:
    """What is known of clips, each looked at once."""

    def __init__(self) -> None:
        self._facts: dict[int, _Facts] = {}

    def __call__(self, item: Utterance) -> _Facts:
        if id(item) not in self._facts:
            self._facts[id(item)] = _facts(item)
        return self._facts[id(item)]


def _facts(item: Utterance) -> _Facts:
    known = identity(item)
    return _Facts(
        stretch=_resolved(item.stretch),
        corpus=known.corpus,
        speaker=None if known.speaker == UNKNOWN_SPEAKER else (known.collection, known.speaker),
        sentence=None if known.sentence is None else (known.collection, known.sentence),
    )


class _Learnt:
    """What was learnt from in one round of a protocol."""

    def __init__(self, clips: Sequence[_Facts], alike: _SameBytes) -> None:
        self.stretches: dict[Path, list[Stretch]] = defaultdict(list)
        for item in clips:
            self.stretches[item.stretch.path].append(item.stretch)
        self.corpora = {item.corpus for item in clips}
        self.speakers = _Known(item.speaker for item in clips)
        self.sentences = _Known(item.sentence for item in clips)
        self._twin = alike.twins(self.stretches)

    def holds(self, clip: _Facts) -> bool:
        """Say whether a clip, or a part of it, was learnt from: the file, or one of its bytes."""
        return self.overlaps(clip.stretch._replace(path=self._twin(clip.stretch.path)))

    def overlaps(self, stretch: Stretch) -> bool:
        """Say whether some of a stretch of a file was learnt from."""
        return any(map(stretch.overlaps, self.stretches.get(stretch.path, ())))


class _Known:
    """Speakers or sentences that were learnt from, each with its collection."""

    def __init__(self, facts: Iterable[tuple[str, str] | None]) -> None:
        every = set(facts)
        self._complete = None not in every
        self._facts = {fact for fact in every if fact is not None}
        self._collections = {collection for collection, _ in self._facts}

    def __contains__(self, fact: tuple[str, str] | None) -> bool:
        return fact in self._facts

    def can_tell(self, fact: tuple[str, str] | None) -> bool:
        """Say whether one can be told from these: collections of people's own name them anew."""
        if fact is None or not self._complete:
            return False
        return fact[0] in self._collections or {fact[0]} | self._collections <= KNOWN_COLLECTIONS


class _SameBytes:
    """Finds files of the same bytes; each is read once at most, and only beside one as large."""

    def __init__(self) -> None:
        self._sizes: dict[Path, int] = {}
        self._digests: dict[Path, str] = {}

    def twins(self, learnt: Iterable[Path]) -> Callable[[Path], Path]:
        """Return what names, of a file, the one learnt from that has its bytes, else itself."""
        by_size: dict[int, list[Path]] = defaultdict(list)
        for path in learnt:
            by_size[self._size(path)].append(path)

        def twin(path: Path) -> Path:
            size = self._size(path)
            same_size = by_size.get(size, ()) if size > 0 else ()
            if path in same_size:
                return path
            return next((it for it in same_size if self._digest(it) == self._digest(path)), path)

        return twin

    def _digest(self, path: Path) -> str:
        if path not in self._digests:
            try:
                with open_file(path) as file:
                    self._digests[path] = hashlib.file_digest(file, "sha256").hexdigest()
            except OSError:  # it cannot be read, and is like no other
                self._digests[path] = str(path)
        return self._digests[path]

    def _size(self, path: Path) -> int:
        if path not in self._sizes:
            try:
                self._sizes[path] = path.stat().st_size
            except OSError:
                self._sizes[path] = 0
        return self._sizes[path]


def _not_compared(source: Source, compared: set[str]) -> tuple[str, ...]:
    if source.learnt is None:
        return ()
    named = dict.fromkeys(str(item["corpus"]) for item in source.learnt.training_data)
    return tuple(name for name in named if name not in compared)


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
    yield clips_of_training_speakers(source.learnt, known), tuple(tested.values())


def _resolved(stretch: Stretch) -> Stretch:
    return stretch._replace(path=stretch.path.resolve())


def _partners(copies: Iterable[Copy]) -> dict[Stretch, list[tuple[Stretch, str]]]:
    partners: dict[Stretch, list[tuple[Stretch, str]]] = defaultdict(list)
    for copy in copies:
        first, second = _resolved(copy.first), _resolved(copy.second)
        partners[first].append((second, copy.kind))
        partners[second].append((first, copy.kind))
    return partners
