"""People's own recordings in a folder, whose paths say what they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from affekt.audio import is_recording, walk
from affekt.corpora.files import RANK
from affekt.corpora.scan import Scan, Twice, Unplaced
from affekt.corpora.utterances import Reading, RecordingFacts, make_utterances
from affekt.errors import CorpusError


def scan_labelled(root: Path, reading: Reading) -> Scan:
    """Place every recording below a folder, known by its ending, else by its first bytes.

    The first folder below the root is the label, as in `root/angry/a.wav`, unless a pattern of
    `reading` has a pattern of labels. Recordings that do not follow the pattern of labels are
    not placed.

    Raises:
        ConfigError: the label map cannot be used.
        CorpusError: no such folder, labels that are unknown, or a recording without a speaker.
    """
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder")
    kept: dict[Path, Path] = {}
    unplaced: list[Unplaced] = []
    twice: list[Twice] = []
    others: Counter[str] = Counter()
    for path in walk(root, follow_links=True):
        if not is_recording(path):
            if not path.name.startswith("."):
                others[path.suffix.lower()] += 1
        elif path.name.startswith("._"):
            unplaced.append(Unplaced(path, "a macOS resource file, not a recording"))
        elif (before := kept.get(_key(path))) is None:
            kept[_key(path)] = path
        elif RANK[path.suffix.lower()] < RANK[before.suffix.lower()]:
            twice.append(Twice(path, before))
            kept[_key(path)] = path
        else:
            twice.append(Twice(before, path))
    recordings: list[RecordingFacts] = []
    for path in sorted(kept.values()):
        said = _said(path.relative_to(root), reading)
        if said.get("emotion"):
            recordings.append(RecordingFacts(path, str(path.relative_to(root)), said))
        else:
            unplaced.append(Unplaced(path, _reason(reading)))
    name = reading.name or root.resolve().name
    return Scan(
        corpus=name,
        folder=root,
        utterances=tuple(make_utterances(recordings, reading, name=name, where=str(root))),
        unplaced=tuple(unplaced),
        twice=tuple(twice),
        other_files=others.total(),
        other_endings=others,
    )


def said_by_path(path: Path, reading: Reading, *, whole: bool) -> dict[str, str]:
    """Return what a path says by the patterns, the first of which counts.

    Args:
        path: relative where `whole`.
        reading: holds the patterns.
        whole: the whole path follows a pattern, and not its end alone; a path that does not
            follow the pattern of labels says nothing.

    Raises:
        CorpusError: it does not follow the pattern of speakers.
    """
    said: dict[str, str] = {}
    for pattern in reading.patterns:
        found = pattern.match(path) if whole else pattern.match_end(path)
        if found is not None:
            said = {**found, **said}
        elif whole and "emotion" in pattern.fields:
            return {}
        elif "speaker" in pattern.fields:
            raise CorpusError(
                f"{path}: the path has no speaker after '{pattern.text}'; mend the pattern "
                "(--speaker-from, speaker_from=)"
            )
    return said


def _said(below: Path, reading: Reading) -> Mapping[str, str]:
    if any("emotion" in pattern.fields for pattern in reading.patterns):
        return said_by_path(below, reading, whole=True)
    if len(below.parts) == 1:
        return {}
    return said_by_path(below, reading, whole=True) | {"emotion": below.parts[0]}


def _reason(reading: Reading) -> str:
    patterns = [item.text for item in reading.patterns if "emotion" in item.fields]
    return f"the path does not follow {patterns[0]}" if patterns else "lies in no label folder"


def _key(path: Path) -> Path:
    """Return what a recording shares with copies of it in other containers."""
    return path.with_suffix("") if path.suffix.lower() in RANK else path
