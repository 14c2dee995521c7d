"""The recordings that are audited, and the parts that a split gives them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from affekt.corpora import CORPORA
from affekt.corpora.folders import UNKNOWN_SPEAKER
from affekt.corpora.scan import Scan, scan_folder
from affekt.errors import ConfigError
from affekt.records import Utterance

# What people call the columns; the first that is there counts.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "path": ("path", "file", "filename", "file_path", "filepath", "wav"),
    "part": ("part", "split", "subset", "set", "partition", "fold"),
    "round": ("round",),
    "speaker": ("speaker", "speaker_id", "actor"),
    "label": ("native_label", "emotion", "label"),
    "sentence": ("sentence", "text", "utterance"),
    "collection": ("collection", "corpus", "dataset"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A recording, and where a split puts it.

    Attributes:
        name: what reports call it: its path below the root, or as the split's table writes it.
        utterance: what is known of it.
        places: `(round, part)` pairs; the round is "" where the split has one alone.
    """

    name: str
    utterance: Utterance
    places: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> Path:
        """The file."""
        return self.utterance.path

    @property
    def parts(self) -> str:
        """The parts in words, "" without a split."""
        return ", ".join(dict.fromkeys(part for _, part in self.places))

    @property
    def speaker(self) -> tuple[str, str] | None:
        """Who speaks, if that is known."""
        known = self.utterance.speaker != UNKNOWN_SPEAKER
        return self.utterance.speaker_key if known else None


def clips_of(scans: Iterable[Scan], root: Path) -> list[Clip]:
    """Return the recordings that corpora account for, further copies of a name included."""
    clips = []
    for scan in scans:
        by_path = {item.path: item for item in scan.utterances}
        clips += [Clip(name=_below(path, root), utterance=item) for path, item in by_path.items()]
    return clips


def read_split(table: Path, *, root: Path | None = None) -> list[Clip]:
    """Read a split: a CSV of anybody's with a column for the path and one for the part.

    Paths are looked for beside the table, then below the root. What lies in the folder of a corpus
    that Affekt knows is described by that corpus; of the rest, columns for the speaker, the label
    and the sentence are read where there are any.

    Args:
        table: the file.
        root: folder of the corpora.

    Raises:
        ConfigError: it cannot be read, lacks a column, or none of its recordings is there.
    """
    columns, rows = _read(table)
    known = _Known()
    clips: dict[str, Clip] = {}
    absent = 0
    for row in rows:
        said = {name: (row.get(column) or "").strip() for name, column in columns.items()}
        path = _found(said["path"], table, root)
        absent += not path.is_file()
        place = (said.get("round", ""), said["part"])
        key = str(path.absolute())
        before = clips.get(key)
        clips[key] = Clip(
            name=_below(Path(said["path"]), root) if root else said["path"],
            utterance=before.utterance if before else known.of(path) or _own(path, said, table),
            places=(*before.places, place) if before else (place,),
        )
    if absent == len(rows):
        raise ConfigError(
            f"{table}: none of its {len(rows)} recordings is there, {rows[0][columns['path']]} for "
            f"one; paths are read from {table.resolve().parent}"
            + (f" and from {root}" if root else ", or from the folder given by --corpora")
        )
    return list(clips.values())


def merge(clips: Iterable[Clip]) -> list[Clip]:
    """Return every recording once, with all of its places, sorted by name."""
    merged: dict[str, Clip] = {}
    for clip in clips:
        key = str(clip.path.absolute())
        before = merged.get(key)
        merged[key] = (
            clip
            if before is None
            else Clip(
                name=before.name, utterance=before.utterance, places=(*before.places, *clip.places)
            )
        )
    return sorted(merged.values(), key=lambda clip: clip.name)


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
    collection = said.get("collection") or table.stem
    return Utterance(
        path=path,
        corpus=collection,
        collection=collection,
        speaker=said.get("speaker") or UNKNOWN_SPEAKER,
        native_label=said.get("label", ""),
        emotion=None,
        sentence=said.get("sentence") or None,
    )


def _read(table: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            there = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = there
            rows = [row for row in reader if any(row.values())]
    except OSError as error:
        raise ConfigError(f"{table}: cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{table}: not a CSV file in UTF-8: {error}") from error
    lower = {name.lower(): name for name in reversed(there)}
    columns = {
        wanted: next(lower[name] for name in names if name in lower)
        for wanted, names in _COLUMNS.items()
        if any(name in lower for name in names)
    }
    for wanted in ("path", "part"):
        if wanted not in columns:
            raise ConfigError(
                f"{table}: no column for the {wanted} ({', '.join(_COLUMNS[wanted])}); it has: "
                f"{', '.join(there) or 'none'}"
            )
    for number, row in enumerate(rows, start=1):
        for wanted in ("path", "part"):
            if not (row.get(columns[wanted]) or "").strip():
                raise ConfigError(f"{table}, row {number}: '{columns[wanted]}' is empty")
    if not rows:
        raise ConfigError(f"{table}: the table has no rows")
    return columns, rows


def _found(written: str, table: Path, root: Path | None) -> Path:
    beside = table.absolute().parent / written
    below = (root.absolute() if root else table.absolute().parent) / written
    return below if not beside.is_file() and below.is_file() else beside


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
