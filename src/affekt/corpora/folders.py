"""People's own recordings, sorted into one folder a label."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from affekt.audio.folders import passed_over_line, walk
from affekt.audio.formats import is_recording
from affekt.corpora import collection_of
from affekt.corpora.files import RANK
from affekt.corpora.labels import canonical_label, check_labels
from affekt.corpora.scan import Scan, Twice, Unplaced
from affekt.errors import CorpusError
from affekt.records import Utterance, with_one_spelling

# Recordings whose speaker nobody named count as one speaker: a speaker-disjoint split then
# refuses them, instead of pretending that each has its own.
UNKNOWN_SPEAKER = "unknown"


@dataclass(frozen=True)
class FolderCorpus:
    """One folder a label: `root/angry/a.wav`, or with speakers `root/angry/anna/a.wav`.

    Attributes:
        root: the folder; a path as text becomes a `Path`.
        name: what to call the corpus; the folder's own name if empty.
        language: ISO 639-1 code.
        labels: folder name to canonical label (or None for none), asked before the synonyms.
        speaker: "folder" takes the folder below the label; any other text is a regular
            expression with a group `speaker`, searched in the file's name; None: unknown.

    Raises:
        ValueError: a label map or a speaker expression cannot be used.
    """

    root: Path
    name: str = field(default="", kw_only=True)
    language: str | None = field(default=None, kw_only=True)
    labels: Mapping[str, str | None] | None = field(default=None, kw_only=True)
    speaker: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        """Check the settings."""
        object.__setattr__(self, "root", Path(self.root))
        check_labels(self.labels)
        if self.speaker not in (None, "folder"):
            try:
                groups = re.compile(str(self.speaker)).groupindex
            except re.error as error:
                raise ValueError(f"speaker: '{self.speaker}' is no expression: {error}") from error
            if "speaker" not in groups:
                raise ValueError(
                    f"speaker: '{self.speaker}' has no group (?P<speaker>...); or say 'folder'"
                )

    def scan(self) -> Scan:
        """Place every recording below the folder, known by its ending, else by its first bytes.

        Raises:
            CorpusError: no such folder, an unknown label, or a name without a speaker.
        """
        if not self.root.is_dir():
            raise CorpusError(f"{self.root}: no such folder")
        kept: dict[Path, Path] = {}
        unplaced: list[Unplaced] = []
        twice: list[Twice] = []
        others: Counter[str] = Counter()
        for path in walk(self.root, follow_links=True):
            if not is_recording(path):
                if not path.name.startswith("."):
                    others[path.suffix.lower()] += 1
            elif path.parent == self.root:
                unplaced.append(Unplaced(path, "lies in no label folder"))
            elif path.name.startswith("._"):
                unplaced.append(Unplaced(path, "a macOS resource file, not a recording"))
            elif (before := kept.get(_key(path))) is None:
                kept[_key(path)] = path
            elif RANK[path.suffix.lower()] < RANK[before.suffix.lower()]:
                twice.append(Twice(path, before))
                kept[_key(path)] = path
            else:
                twice.append(Twice(before, path))
        utterances = [self._utterance(path) for path in sorted(kept.values())]
        return Scan(
            corpus=self.name or self.root.resolve().name,
            folder=self.root,
            utterances=tuple(with_one_spelling(utterances, where=str(self.root))),
            unplaced=tuple(unplaced),
            twice=tuple(twice),
            other_files=others.total(),
            other_endings=others,
        )

    def load(self) -> list[Utterance]:
        """Return the utterances, sorted by path; a warning counts what is no recording.

        Raises:
            CorpusError: as `scan`, or there is no recording.
        """
        found = self.scan()
        utterances = list(found.utterances)
        if found.other_files:
            warnings.warn(f"{self.root}: {passed_over_line(found.other_endings)}", stacklevel=2)
        if not utterances:
            raise CorpusError(f"{self.root}: no recording in a label folder")
        return utterances

    def _utterance(self, path: Path) -> Utterance:
        below = path.relative_to(self.root).parts
        name = self.name or self.root.resolve().name
        return Utterance(
            path=path,
            corpus=name,
            collection=collection_of(name),
            speaker=self._speaker(path, below),
            native_label=below[0],
            emotion=canonical_label(below[0], self.labels, where=str(self.root / below[0])),
            language=self.language,
        )

    def _speaker(self, path: Path, below: tuple[str, ...]) -> str:
        if self.speaker is None:
            return UNKNOWN_SPEAKER
        if self.speaker == "folder":
            if len(below) < 3:
                raise CorpusError(
                    f"{path}: no speaker's folder between label and file; sort the recordings "
                    "into label/speaker/, or name the speaker otherwise"
                )
            return below[1]
        match = re.search(self.speaker, path.stem)
        if match is None or not match["speaker"]:
            raise CorpusError(f"{path}: the name holds no speaker after '{self.speaker}'")
        return match["speaker"]


def _key(path: Path) -> Path:
    """Return what a recording shares with copies of it in other containers."""
    return path.with_suffix("") if path.suffix.lower() in RANK else path
