"""What a corpus declares of itself: source, terms, names, labels, counts and known faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from affekt.download import Checksum


class Label(NamedTuple):
    """An emotion in the corpus' own word, and its canonical label (None where there is none)."""

    native: str
    emotion: str | None


class Person(NamedTuple):
    """What a corpus says of a speaker: "female" or "male", and years of age."""

    gender: str | None
    age: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """Terms of a corpus; the corpus' own page decides, this is our reading of it.

    Attributes:
        id: SPDX identifier, or `LicenseRef-...` where SPDX has none.
        redistribution: copies may be passed on.
        commercial: commercial use is allowed.
        note: what the two flags cannot say.
    """

    id: str
    redistribution: bool
    commercial: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A zip file at the official place; it is unpacked into the corpus' folder."""

    url: str
    filename: str
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileList:
    """Single files at the official place, named by the column of a CSV that lies there too.

    Attributes:
        index_url: the CSV file; it is kept in the corpus' folder as `index_target`.
        column: its column of names.
        url, target: what a name becomes, `{name}` replaced: where from, and where to below the
            corpus' folder.
        extras: more files, `(url, target)`.
    """

    index_url: str
    index_target: str
    column: str
    url: str
    target: str
    extras: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where a corpus comes from.

    Attributes:
        url: the official page.
        how: how a person obtains it.
        remotes: what `affekt corpora get` downloads; empty where the terms forbid it or the
            official place asks for a registration.
    """

    url: str
    how: str
    remotes: tuple[Archive | FileList, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Official:
    """Published counts; None and empty where the corpus publishes none."""

    files: int | None
    speakers: int
    per_label: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something known to be wrong with the published files.

    Attributes:
        kind: "silent", "identical-audio", "near-duplicate", "missing", "misspelt-name",
            "undecodable", or "note".
        name: the file's name without extension; empty for a remark on the whole corpus.
        other: the second file, or the right spelling.
        note: in words.
    """

    kind: str
    name: str = ""
    other: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A corpus recorded as a full grid, so that a missing file can be called by its name.

    Attributes:
        template: the name, with `{speaker}`, `{code}`, `{intensity}`, `{sentence}`, `{take}`.
        axes: groups of those fields; every combination of the values that occur must exist.
    """

    template: str
    axes: tuple[tuple[str, ...], ...]


class Name(NamedTuple):
    """What a file's name says."""

    speaker: str
    code: str
    label: Label
    intensity: str | None
    sentence: str | None
    take: str | None
    gender: str | None


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """A published corpus.

    Attributes:
        name: its folder under the corpora root, and its name everywhere in Affekt.
        collection: corpora that share speakers share a collection.
        language: ISO 639-1 code.
        grammar: matches the whole name of a file without its extension, preceded by as many
            folders as `depth` says, joined by "/". Named groups: `speaker`, `code` (the emotion),
            and any of `gender`, `intensity`, `sentence`, `take`.
        labels: code in the name to label.
        people: speakers as the corpus writes them.
        read_people: reads a table in the corpus' folder that says more of the speakers.
        outside: patterns of names that are known and left out on purpose, each with the reason.
        duration_range_s: shorter and longer recordings are implausible.
    """

    name: str
    title: str
    collection: str
    language: str
    citation: str
    licence: Licence
    access: Access
    official: Official
    grammar: re.Pattern[str]
    labels: Mapping[str, Label]
    depth: int = 0
    people: Mapping[str, Person] = field(default_factory=dict)
    read_people: Callable[[Path], Mapping[str, Person]] | None = None
    outside: tuple[tuple[re.Pattern[str], str], ...] = ()
    faults: tuple[Fault, ...] = ()
    grid: Grid | None = None
    duration_range_s: tuple[float, float] = (0.5, 20.0)

    @cached_property
    def misspelt(self) -> Mapping[str, str]:
        """Misspelt names that are known, and what they should be."""
        return {item.name: item.other for item in self.faults if item.kind == "misspelt-name"}

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Native labels, in the order of the declaration, none twice."""
        return tuple(dict.fromkeys(label.native for label in self.labels.values()))

    def parse(self, name: str) -> Name | None:
        """Read a name (without extension, with `depth` folders); None if outside the grammar."""
        # ASCII only: \d and re.IGNORECASE would take digits and letters of other scripts.
        match = self.grammar.fullmatch(self.misspelt.get(name, name)) if name.isascii() else None
        if match is None:
            return None
        said = match.groupdict()
        code = self._codes.get(said["code"].casefold())
        if code is None:
            return None
        gender = said.get("gender")
        return Name(
            speaker=self._speakers.get(said["speaker"].casefold(), said["speaker"]),
            code=code,
            label=self.labels[code],
            intensity=said.get("intensity"),
            sentence=said.get("sentence"),
            take=said.get("take") or None,
            gender=_GENDERS[gender.casefold()] if gender else None,
        )

    @cached_property
    def _codes(self) -> Mapping[str, str]:
        return {code.casefold(): code for code in self.labels}

    @cached_property
    def _speakers(self) -> Mapping[str, str]:
        return {speaker.casefold(): speaker for speaker in self.people}


_GENDERS = {"f": "female", "female": "female", "m": "male", "male": "male"}
