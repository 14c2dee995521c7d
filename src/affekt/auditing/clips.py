"""The recordings that are audited, and the parts that a split gives them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from affekt.auditing.table import Table
from affekt.corpora import (
    CORPORA,
    UNKNOWN_SPEAKER,
    Scan,
    canonical_label,
    collection_of,
    is_there,
    scan_folder,
)
from affekt.corpora.tables import stretch_of
from affekt.errors import ConfigError, CorpusError
from affekt.records import Stretch, Utterance, with_one_spelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A recording, and where a split puts it.

    Attributes:
        name: what reports call it: its path below the root, or as the split's table writes it.
        utterance: what is known of it.
        places: `(round, part)` pairs; the round is "" where the split has one alone.
        rows: the split's rows that these places stand in, from 0.
        labels: all that the split calls it, in the order of the rows; usually one.
    """

    name: str
    utterance: Utterance
    places: tuple[tuple[str, str], ...] = ()
    rows: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The file."""
        return self.utterance.path

    @property
    def stretch(self) -> Stretch:
        """What is heard of the file."""
        return self.utterance.stretch

    @property
    def parts(self) -> str:
        """The parts in words, "" without a split."""
        return ", ".join(dict.fromkeys(part for _, part in self.places))

    @property
    def speaker(self) -> tuple[str, str] | None:
        """Who speaks, if that is known."""
        known = self.utterance.speaker != UNKNOWN_SPEAKER
        return self.utterance.speaker_key if known else None


def clips_of(scans: Iterable[Scan], root: Path | None) -> list[Clip]:
    """Return the recordings of corpora and of people's own data, in the parts that these name.

    Args:
        scans: of each.
        root: the folder that they are called by their paths below; None is that of each table or
            folder.
    """
    clips = []
    for scan in scans:
        folder = root or (scan.folder if scan.folder.is_dir() else scan.folder.parent)
        for item in scan.utterances:
            name = _named(_below(item.path, folder), item.stretch)
            places = (("", item.split),) if item.split else ()
            clips.append(Clip(name=name, utterance=item, places=places))
    return clips


def read_split(table: Path, *, root: Path | None = None) -> list[Clip]:
    """Read a split: anybody's table with a column for the path and one for the part.

    Paths are looked for beside the table, then below the root. What lies in the folder of a corpus
    that Affekt knows is described by that corpus; of the rest, columns for the speaker, the label
    and the sentence are read where there are any.

    Args:
        table: the file.
        root: folder of the corpora.

    Raises:
        ConfigError: none of its recordings is there.
        CorpusError: it cannot be read, or lacks a column.
    """
    return clips_of_table(Table.read(table), root=root)


def clips_of_table(table: Table, *, root: Path | None = None) -> list[Clip]:
    """Return the recordings that a split names, as `read_split` does."""
    known = _Known()
    clips: dict[Stretch, Clip] = {}
    absent = 0
    files = table.files(root)
    for number, ((said, _), path) in enumerate(zip(table.rows, files, strict=True)):
        absent += not is_there(path)
        start_s, end_s = stretch_of(said)
        key = Stretch(path.absolute(), start_s, end_s)
        name = _below(Path(said["path"]), root) if root else said["path"]
        before = clips.get(key) or Clip(
            name=_named(name, key),
            utterance=replace(
                known.of(path) or _own(path, said, table.path), start_s=start_s, end_s=end_s
            ),
        )
        label = _label(said)
        clips[key] = replace(
            before,
            places=(*before.places, (said.get("round", ""), said["split"])),
            rows=(*before.rows, number),
            labels=(*before.labels, label) if label not in (*before.labels, "") else before.labels,
        )
    if absent == len(table.rows):
        raise ConfigError(
            f"{table.path}: none of its {absent} recordings is there, "
            f"{table.rows[0].said['path']} for one; paths are read from "
            f"{table.path.resolve().parent}"
            + (f" and from {root}" if root else ", or from the folder given by --corpora")
        )
    spelt = with_one_spelling((clip.utterance for clip in clips.values()), where=str(table.path))
    return [replace(clip, utterance=item) for clip, item in zip(clips.values(), spelt, strict=True)]


def merge(clips: Iterable[Clip]) -> list[Clip]:
    """Return every recording once, with all of its places, sorted by name."""
    merged: dict[Stretch, Clip] = {}
    for clip in clips:
        key = clip.stretch._replace(path=clip.path.absolute())
        before = merged.get(key)
        merged[key] = (
            clip
            if before is None
            else replace(
                before,
                places=(*before.places, *clip.places),
                rows=(*before.rows, *clip.rows),
                labels=(*before.labels, *clip.labels),
            )
        )
    return sorted(merged.values(), key=lambda clip: clip.name)


def overlaps(clips: Sequence[Clip]) -> list[tuple[int, int]]:
    """Return the places of each two recordings that are stretches of one file and overlap."""
    of_file: dict[Path, list[tuple[float, float, int]]] = defaultdict(list)
    for place, clip in enumerate(clips):
        _, start_s, end_s = clip.stretch
        end_s = math.inf if end_s is None else end_s
        of_file[clip.path.absolute()].append((start_s or 0.0, end_s, place))
    found = []
    for stretches in of_file.values():
        stretches.sort()
        for number, (_, end_s, place) in enumerate(stretches):
            for start_s, _, other in stretches[number + 1 :]:
                if start_s >= end_s:
                    break
                found.append((place, other))
    return found


def two_labels(clip: Clip) -> bool:
    """Whether a split calls one file by different names, in different rows."""
    meant = {_emotion(label) or label.casefold() for label in clip.labels}
    return len(meant) > 1


def differ(one: Clip, other: Clip) -> bool:
    """Whether two recordings are called differently: in two corpora, by their canonical labels."""
    labels = one.utterance.native_label, other.utterance.native_label
    if not all(labels):
        return False
    if one.utterance.corpus == other.utterance.corpus:
        return labels[0] != labels[1]
    emotions = [
        clip.utterance.emotion or _emotion(clip.utterance.native_label) for clip in (one, other)
    ]
    return None not in emotions and emotions[0] != emotions[1]


def _emotion(label: str) -> str | None:
    try:
        return canonical_label(label, where="")
    except CorpusError:
        return None


class _Known:
    """Utterances of the corpora whose folders paths lie in, each scanned once."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[Path, Utterance]] = {}

    def of(self, path: Path) -> Utterance | None:
        for folder in path.absolute().parents:
            if folder.name in CORPORA:
                if folder not in self._folders:
                    scan = scan_folder(CORPORA[folder.name], folder)
                    self._folders[folder] = {item.path: item for item in scan.utterances}
                return self._folders[folder].get(path.absolute())
        return None


def _own(path: Path, said: Mapping[str, str], table: Path) -> Utterance:
    collection = said.get("collection") or said.get("corpus") or table.stem
    return Utterance(
        path=path,
        corpus=said.get("corpus") or collection,
        collection=collection_of(collection),
        speaker=said.get("speaker") or UNKNOWN_SPEAKER,
        native_label=_label(said),
        emotion=None,
        sentence=said.get("sentence") or None,
    )


def _named(name: str, stretch: Stretch) -> str:
    """Return what reports call a stretch of a file."""
    if stretch.whole:
        return name
    end = "the end" if stretch.end_s is None else f"{stretch.end_s:g} s"
    return f"{name} from {stretch.start_s or 0.0:g} s to {end}"


def _label(said: Mapping[str, str]) -> str:
    return said.get("native_label") or said.get("emotion", "")


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
