"""Placing the files of a folder by the name grammar of a corpus."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from affekt.audio import walk
from affekt.corpora.base import Corpus, Name, Person
from affekt.corpora.files import RANK, is_audio
from affekt.records import Utterance, normal_id


class Unplaced(NamedTuple):
    """A recording that the corpus does not account for, and why."""

    path: Path
    reason: str


class Twice(NamedTuple):
    """A recording found again under the same name: the one that counts, and the other."""

    kept: Path
    other: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What lies in a corpus' folder.

    Attributes:
        corpus: its name.
        folder: what was scanned; of people's own table, the file.
        utterances: the files placed, each name once, sorted by path.
        unplaced: recordings outside the grammar, or left out on purpose.
        twice: further copies of a name.
        misspelt: files placed in spite of a misspelling, with the right name.
        missing: names that a corpus recorded as a full grid should have and lacks.
        other_files: number of files that are no recordings (tables, texts).
        other_endings: these by their ending, where it was asked for.
    """

    corpus: str
    folder: Path
    utterances: tuple[Utterance, ...]
    unplaced: tuple[Unplaced, ...] = ()
    twice: tuple[Twice, ...] = ()
    misspelt: tuple[tuple[Path, str], ...] = ()
    missing: tuple[str, ...] = ()
    other_files: int = 0
    other_endings: Mapping[str, int] = field(default_factory=dict)

    @property
    def speakers(self) -> tuple[str, ...]:
        """Those who speak, sorted."""
        return tuple(sorted({item.speaker for item in self.utterances}))

    @property
    def per_label(self) -> Mapping[str, int]:
        """Files of each native label."""
        return Counter(item.native_label for item in self.utterances)


def scan_folder(corpus: Corpus, folder: Path) -> Scan:
    """Place every recording below a folder; nothing is opened, nothing dropped in silence.

    Raises:
        CorpusError: a table of the corpus is damaged.
    """
    people = dict(corpus.people)
    if corpus.read_people is not None:
        people.update(corpus.read_people(folder))
    kept: dict[str, tuple[Path, Name]] = {}
    unplaced: list[Unplaced] = []
    twice: list[Twice] = []
    misspelt: list[tuple[Path, str]] = []
    other_files = 0
    for path in walk(folder, follow_links=True):
        if not is_audio(path):
            other_files += 1
            continue
        written = "/".join(
            (*path.parent.parts[-corpus.depth :], path.stem) if corpus.depth else (path.stem,)
        )
        name = corpus.parse(written)
        if name is None:
            unplaced.append(Unplaced(path, _reason(corpus, path.stem)))
            continue
        right = corpus.misspelt.get(written)
        if right is not None:
            misspelt.append((path, right))
        key = (right or written).casefold()
        before = kept.get(key)
        if before is None:
            kept[key] = (path, name)
        elif RANK[path.suffix.lower()] < RANK[before[0].suffix.lower()]:
            twice.append(Twice(path, before[0]))
            kept[key] = (path, name)
        else:
            twice.append(Twice(before[0], path))
    return Scan(
        corpus=corpus.name,
        folder=folder,
        utterances=tuple(
            _utterance(corpus, path, name, people) for path, name in sorted(kept.values())
        ),
        unplaced=tuple(unplaced),
        twice=tuple(twice),
        misspelt=tuple(misspelt),
        missing=tuple(_missing(corpus, [name for _, name in kept.values()])),
        other_files=other_files,
    )


def _utterance(corpus: Corpus, path: Path, name: Name, people: Mapping[str, Person]) -> Utterance:
    person = people.get(normal_id(name.speaker), Person(None))
    return Utterance(
        path=path,
        corpus=corpus.name,
        collection=corpus.collection,
        speaker=name.speaker,
        native_label=name.label.native,
        emotion=name.label.emotion,
        language=corpus.language,
        gender=name.gender or person.gender,
        age=person.age,
        intensity=name.intensity,
        sentence=name.sentence,
        take=name.take,
    )


def _reason(corpus: Corpus, stem: str) -> str:
    if stem.startswith("._"):
        return "a macOS resource file, not a recording"
    for pattern, reason in corpus.outside:
        if pattern.fullmatch(stem):
            return reason
    return f"the name does not follow the grammar of {corpus.title}"


def _missing(corpus: Corpus, names: Iterable[Name]) -> list[str]:
    if corpus.grid is None:
        return []
    rows = [name._asdict() for name in names]
    axes = [
        sorted({tuple((field, row[field]) for field in axis) for row in rows})
        for axis in corpus.grid.axes
    ]
    present = {corpus.grid.template.format(**row) for row in rows}
    expected = (
        corpus.grid.template.format(**dict(itertools.chain.from_iterable(combination)))
        for combination in itertools.product(*axes)
    )
    return [name for name in expected if name not in present]
