"""Mending a split: which of its rows go, and why."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from affekt.auditing.clips import Clip, differ, overlaps, two_labels
from affekt.auditing.listen import Heard
from affekt.auditing.rounds import BETWEEN, TESTED, Rounds, role
from affekt.auditing.table import Table
from affekt.corpora import is_there
from affekt.errors import ConfigError
from affekt.output import check_output

_SHOWN = 3
_SPEAKER = "speaker-across-parts"
_ANEW = "make a new split, say with affekt protocols split speaker-disjoint"
_WHY = {
    "same-file": "the file stands in another part, or is listed twice",
    "two-labels": "one sound under two labels",
    _SPEAKER: "the voice is tested too",
}


class Same(NamedTuple):
    """Places of two recordings that hold one sound, and the kind of copy."""

    first: int
    second: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """The rows of a split that go so that nothing is measured on what was learnt.

    Attributes:
        table: the split.
        dropped: kind of finding and part by number of row, from 0.
        left: what dropping rows cannot mend, in words, or "".
        emptied: parts of which nothing would remain, or ""; if there are any, nothing is mended.
    """

    table: Table
    dropped: dict[int, tuple[str, str]]
    left: str = ""
    emptied: str = ""

    def mends(self, kind: str, clips: Iterable[Clip]) -> bool:
        """Whether a finding is mended: rows of its recordings go."""
        if self.emptied or (kind == _SPEAKER and self.left):
            return False
        return any(row in self.dropped for clip in clips for row in clip.rows)

    def told(self) -> list[str]:
        """Say which rows go and why, and what is left."""
        counts = Counter(self.dropped.values())
        lines = [
            f"{count} row{'s' * (count != 1)} of {part} dropped: {kind}"
            + (f", {_WHY[kind]}" if kind in _WHY else "")
            for (kind, part), count in counts.items()
        ]
        return [*lines, *([f"left as it is: {self.left}"] if self.left else [])]

    def write(self, out: Path, *, force: bool = False) -> None:
        """Write the split without these rows; the others stay word for word.

        Args:
            out: the file, which is never the split itself.
            force: replace a file that Affekt did not write.

        Raises:
            ConfigError: a part would be empty, or the file cannot be written there.
        """
        check_target(self.table, out, force=force)
        if self.emptied:
            raise ConfigError(
                f"{out}: not written, as nothing would remain of {self.emptied}: {_ANEW}"
            )
        kept = set(range(len(self.table.rows))) - self.dropped.keys()
        self.table.file.write_rows(out, kept, force=force)


def check_target(table: Table, out: Path, *, force: bool = False) -> None:
    """Refuse a place where the mended split would replace the split or miss its recordings.

    Raises:
        ConfigError: it is the split itself, a file that Affekt did not write (without `force`), or
            lies where the split's paths lead nowhere.
    """
    check_output(out, inputs=[table.path], force=force)
    here, there = table.path.resolve().parent, out.resolve().parent
    if here != there:
        for said, _ in table.rows:
            if not Path(said["path"]).is_absolute() and is_there(here / said["path"]):
                raise ConfigError(
                    f"{out}: paths such as {said['path']} are read from the folder of the split: "
                    f"write the mended one to {here} too"
                )


def plan_mending(
    table: Table, clips: Sequence[Clip], heard: Sequence[Heard], same: Iterable[Same]
) -> Mending:
    """Choose the rows to drop; those of a tested part only where the recording itself is at fault.

    Args:
        table: the split.
        clips: its recordings, perhaps among others.
        heard: what was heard in each.
        same: all pairs that hold one sound.
    """
    plan = _Plan(table, clips, same)
    plan.drop_broken(heard)
    plan.drop_two_labels()
    plan.drop_repeated()
    plan.join_overlaps()
    plan.drop_copies()
    plan.drop_speakers()
    return Mending(table=table, dropped=plan.dropped, left=plan.left, emptied=plan.emptied())


class _Entry(NamedTuple):
    row: int
    clip: int
    number: str
    part: str


class _Plan:
    def __init__(self, table: Table, clips: Sequence[Clip], same: Iterable[Same]) -> None:
        self._table, self._clips = table, clips
        self._rounds = Rounds(clips)
        self._entries = sorted(
            _Entry(row, place, *where)
            for place, clip in enumerate(clips)
            for row, where in zip(clip.rows, clip.places, strict=True)
        )
        self._sound = list(range(len(clips)))
        self._kind: dict[int, str] = {}
        for first, second, kind in same:
            self._join(first, second)
            self._kind.setdefault(first, kind)
            self._kind.setdefault(second, kind)
        self.dropped: dict[int, tuple[str, str]] = {}
        self.left = ""

    def drop_broken(self, heard: Sequence[Heard]) -> None:
        for entry in self._live():
            item = heard[entry.clip]
            if item.trouble and not item.passing:
                self._drop(entry, item.trouble)

    def drop_two_labels(self) -> None:
        """Drop all of a sound: nobody knows which label is right."""
        sounds: dict[int, list[Clip]] = defaultdict(list)
        for place, clip in enumerate(self._clips):
            sounds[self._root(place)].append(clip)
        torn = {root for root, clips in sounds.items() if _disagree(clips)}
        for entry in self._live():
            if self._root(entry.clip) in torn:
                self._drop(entry, "two-labels")

    def drop_repeated(self) -> None:
        seen = set()
        for entry in self._live():
            written = self._table.rows[entry.row].written.strip()
            if written in seen:
                self._drop(entry, "same-file")
            seen.add(written)

    def join_overlaps(self) -> None:
        """Take overlapping stretches of one file for one sound, though labels may differ."""
        for one, other in overlaps(self._clips):
            self._join(one, other)
            self._kind.setdefault(one, "same-file")
            self._kind.setdefault(other, "same-file")

    def drop_copies(self) -> None:
        """Keep of each sound, in each round, what stands in the part nearest to the test."""
        groups: dict[tuple[str, int], list[_Entry]] = defaultdict(list)
        for entry in self._live():
            groups[entry.number, self._root(entry.clip)].append(entry)
        for (number, _), group in groups.items():
            kept = self._kept(number, group)
            files = {entry.clip for entry in kept}
            for entry in group:
                if entry not in kept:
                    again = entry.clip in files or entry.clip not in self._kind
                    self._drop(entry, "same-file" if again else self._kind[entry.clip])

    def _kept(self, number: str, group: list[_Entry]) -> list[_Entry]:
        if len({entry.part for entry in group}) == 1:
            return group
        highest = max(role(entry.part) for entry in group)
        top = [entry for entry in group if role(entry.part) == highest]
        torn = self._rounds.folds(number) and len({entry.part for entry in top}) > 1
        return top[:1] if torn or highest == BETWEEN else top

    def drop_speakers(self) -> None:
        """Drop what is learnt or chosen by, where its voice is tested, unless nothing remains."""
        tested = {
            (entry.number, self._speaker(entry))
            for entry in self._live()
            if role(entry.part) == TESTED and not self._rounds.folds(entry.number)
        }
        torn = [
            entry
            for entry in self._live()
            if role(entry.part) != TESTED
            and self._speaker(entry) is not None
            and (entry.number, self._speaker(entry)) in tested
        ]
        before = self._parts()
        for entry in torn:
            self._drop(entry, _SPEAKER)
        if gone := before - self._parts():
            for entry in torn:
                del self.dropped[entry.row]
            self._leave(f"nothing would remain of {_named(gone)}")
        elif self._voices_between_folds():
            self._leave("between folds, most rows would have to go")

    def emptied(self) -> str:
        """Name the parts that had rows and have none now."""
        return _named({(entry.number, entry.part) for entry in self._entries} - self._parts())

    def _voices_between_folds(self) -> bool:
        homes: dict[tuple[str, tuple[str, str] | None], set[str]] = defaultdict(set)
        for entry in self._live():
            if self._rounds.folds(entry.number) and self._speaker(entry) is not None:
                homes[entry.number, self._speaker(entry)].add(entry.part)
        return any(len(parts) > 1 for parts in homes.values())

    def _leave(self, why: str) -> None:
        self.left = f"{_SPEAKER}: {why}; {_ANEW}"

    def _live(self) -> list[_Entry]:
        return [entry for entry in self._entries if entry.row not in self.dropped]

    def _parts(self) -> set[tuple[str, str]]:
        return {(entry.number, entry.part) for entry in self._live()}

    def _drop(self, entry: _Entry, kind: str) -> None:
        self.dropped[entry.row] = kind, entry.part

    def _speaker(self, entry: _Entry) -> tuple[str, str] | None:
        return self._clips[entry.clip].speaker

    def _root(self, place: int) -> int:
        while self._sound[place] != place:
            place = self._sound[place]
        return place

    def _join(self, first: int, second: int) -> None:
        one, other = sorted((self._root(first), self._root(second)))
        self._sound[other] = one


def _disagree(clips: Sequence[Clip]) -> bool:
    """Whether two recordings of one sound, or one by itself, are called differently."""
    called = {(clip.utterance.corpus, clip.utterance.native_label): clip for clip in clips}
    pairs = itertools.combinations(called.values(), 2)
    return any(map(two_labels, clips)) or any(itertools.starmap(differ, pairs))


def _named(parts: Iterable[tuple[str, str]]) -> str:
    named = [f"{part} of round {number}" if number else part for number, part in sorted(parts)]
    more = len(named) - _SHOWN
    return ", ".join(named[:_SHOWN]) + f" and {more} more" * (more > 0)
