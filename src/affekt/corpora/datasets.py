"""One way to recordings: corpora that Affekt knows, and people's own tables and folders."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from affekt.audio import passed_over_line
from affekt.corpora.audformat import header_of, read_database
from affekt.corpora.folders import scan_labelled
from affekt.corpora.labels import LABELS, Called, LabelMap, Labels, check_map_used, map_labels
from affekt.corpora.patterns import PathPattern
from affekt.corpora.scan import Scan
from affekt.corpora.table import corpora_root, scan_corpus
from affekt.corpora.utterance_tables import Tabled, read_utterances, scan_rows
from affekt.corpora.utterances import UNKNOWN_SPEAKER, Reading
from affekt.errors import ConfigError, CorpusError, did_you_mean
from affekt.records import Utterance


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """Which recordings, and how they are read; see `open_dataset`."""

    corpora: tuple[str, ...] = ()
    table: Path | None = None
    folder: Path | None = None
    root: Path | None = None
    labels: Labels = "canonical"
    label_map: LabelMap = field(default_factory=dict)
    label_from: str | None = None
    speaker_from: str | None = None
    name: str = ""
    language: str | None = None

    @property
    def reading(self) -> Reading:
        """How tables and folders are read.

        Raises:
            ConfigError: an option cannot be used.
        """
        if self.labels not in LABELS:
            raise ConfigError(f"labels is '{self.labels}'{did_you_mean(self.labels, LABELS)}")
        return Reading(
            name=self.name,
            language=self.language,
            labels=self.labels,
            label_map=self.label_map,
            label_from=PathPattern(self.label_from) if self.label_from else None,
            speaker_from=PathPattern(self.speaker_from) if self.speaker_from else None,
        )

    def open(self) -> Dataset:
        """Open the recordings as `open_dataset` does.

        Raises:
            ConfigError, CorpusError, MissingExtraError: as `open_dataset`.
        """
        found = self.scan()
        for scan in found.scans:
            if not scan.utterances:
                first = scan.unplaced[0] if scan.unplaced else None
                why = f" ({first.path}: {first.reason})" if first else ""
                raise CorpusError(f"{scan.folder}: no recording could be placed{why}")
        for line in found.passed_over():
            warnings.warn(line, stacklevel=3)
        return found

    def scan(self) -> Dataset:
        """Look for the recordings, of which there may be none; nothing is warned of.

        Raises:
            ConfigError, CorpusError, MissingExtraError: as `open_dataset`.
        """
        if not (self.corpora or self.table or self.folder):
            raise ConfigError("which recordings? Name corpora, a table or a folder")
        reading, scans = self.reading, list[Scan]()
        if self.corpora:
            root = corpora_root(self.root)
            scans += [
                _relabelled(scan_corpus(corpus, root), reading)
                for corpus in dict.fromkeys(self.corpora)
            ]
        columns: Mapping[str, str] = {}
        unread: tuple[str, ...] = ()
        for place in filter(None, (self.table, self.folder)):
            if (header := header_of(place)) is not None:
                chosen = None if place.is_dir() or place == header else place
                found = _database(header, chosen, reading)
            elif place == self.table:
                found = read_utterances(place, reading, root=root_at_hand(self.root))
            else:
                found = Tabled(scan_labelled(place, reading), {}, ())
            scans.append(found.scan)
            columns, unread = {**columns, **found.columns}, (*unread, *found.unread)
        dataset = Dataset(scans=tuple(scans), columns=columns, unread=unread)
        if dataset.utterances:
            native = dict.fromkeys(item.native_label for item in dataset.utterances)
            check_map_used(reading.label_map, native, where=str(scans[-1].folder))
        return dataset


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Recordings with labels, and what is known of them.

    Attributes:
        scans: what was found in each corpus, table or folder, and what was passed over there.
        columns: of a table, the column of each thing that it says.
        unread: columns of a table that say nothing that is known here.
    """

    scans: tuple[Scan, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()

    @cached_property
    def utterances(self) -> tuple[Utterance, ...]:
        """All recordings, in the order of the corpora, the table's rows or the paths."""
        return tuple(item for scan in self.scans for item in scan.utterances)

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that occur, sorted."""
        return tuple(sorted({item.emotion for item in self.utterances if item.emotion}))

    @property
    def speakers(self) -> tuple[tuple[str, str], ...]:
        """Who speaks, each `(collection, id)`, without those whom nobody named."""
        known = (item for item in self.utterances if item.speaker != UNKNOWN_SPEAKER)
        return tuple(sorted({item.speaker_key for item in known}))

    @property
    def unknown(self) -> Mapping[str, int]:
        """What is not known, and of how many recordings: "speaker", "label", "sentence" ..."""
        lacks = Counter[str]()
        for item in self.utterances:
            lacks["label"] += item.emotion is None
            lacks["speaker"] += item.speaker == UNKNOWN_SPEAKER
            for name in ("sentence", "gender", "age", "language"):
                lacks[name] += getattr(item, name) is None
        return {name: count for name, count in lacks.items() if count}

    def passed_over(self) -> list[str]:
        """Say in lines what was passed over, and how many of each."""
        lines = []
        for scan in self.scans:
            if scan.unplaced:
                first = scan.unplaced[0]
                lines.append(
                    f"{scan.folder}: {_count(len(scan.unplaced))} left out ({first.path.name}: "
                    f"{first.reason}); 'affekt corpora scan' lists them"
                )
            if scan.other_endings:
                lines.append(f"{scan.folder}: {passed_over_line(scan.other_endings)}")
        return lines


def open_dataset(
    *,
    corpora: Sequence[str] = (),
    table: str | Path | None = None,
    folder: str | Path | None = None,
    root: str | Path | None = None,
    labels: Labels = "canonical",
    label_map: LabelMap | None = None,
    label_from: str | None = None,
    speaker_from: str | None = None,
    name: str = "",
    language: str | None = None,
) -> Dataset:
    """Open recordings: corpora that Affekt knows, a table, a folder, or some of these together.

    ```python
    mine = open_dataset(table="mine.csv", label_map={"frustrated": "angry"})
    mine = open_dataset(folder="recordings", label_from="{speaker}/{label}/*.wav", labels="own")
    ```

    A warning says what was passed over.

    Args:
        corpora: names of `affekt.corpora.CORPORA`.
        table: CSV with any separator, JSON lines or Parquet, with a row a recording; or a
            database in audformat: its folder, its header `db.yaml`, or one of its tables.
        folder: recordings in one folder a label, or as the patterns say; or such a database.
        root: the folder that holds the corpora; None reads AFFEKT_CORPORA.
        labels: "canonical" takes words for one of the eight emotions by their synonyms; "own"
            keeps the data's own words.
        label_map: asked before: a word of the data to the label it becomes, or to None.
        label_from: a pattern of paths that hold the label, as in "{speaker}/{label}/*.wav".
        speaker_from: one of paths that hold the speaker.
        name: what to call the table or folder; its own name if empty.
        language: ISO 639-1 code of the table or folder; what it says itself wins.

    Raises:
        ConfigError: nothing is named, or an option cannot be used.
        CorpusError: there is no recording, or what was found cannot be read as it is.
        MissingExtraError: a package that reads such a table is not installed.
    """
    source = DataSource(
        corpora=tuple(corpora),
        table=Path(table) if table else None,
        folder=Path(folder) if folder else None,
        root=Path(root) if root else None,
        labels=labels,
        label_map=label_map or {},
        label_from=label_from,
        speaker_from=speaker_from,
        name=name,
        language=language,
    )
    return source.open()


def _database(header: Path, chosen: Path | None, reading: Reading) -> Tabled:
    found = read_database(header, chosen)
    scan = scan_rows(found.rows, reading, source=header, root=None, name=found.name)
    return Tabled(scan, found.columns, ())


def _relabelled(scan: Scan, reading: Reading) -> Scan:
    """Let labels of a corpus that Affekt knows be mapped and kept as those of people's own."""
    if reading.labels == "canonical" and not reading.label_map:
        return scan
    called = [
        Called(item.native_label, item.emotion or "", item.path.name) for item in scan.utterances
    ]
    emotions = map_labels(
        called, labels=reading.labels, label_map=reading.label_map, where=str(scan.folder)
    )
    utterances = tuple(
        dataclasses.replace(item, emotion=emotion)
        for item, emotion in zip(scan.utterances, emotions, strict=True)
    )
    return dataclasses.replace(scan, utterances=utterances)


def root_at_hand(root: Path | None) -> Path | None:
    """Return the folder of the corpora where there is one, below which paths may lead on.

    Raises:
        CorpusError: the one that is named is not there.
    """
    try:
        return corpora_root(root)
    except CorpusError:
        if root is not None:
            raise
        return None


def _count(recordings: int) -> str:
    return "1 recording is" if recordings == 1 else f"{recordings} recordings are"
