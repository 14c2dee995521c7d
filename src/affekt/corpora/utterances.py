"""From what people's own data says of a recording to an utterance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from affekt.corpora.labels import Called, LabelMap, Labels, map_labels
from affekt.corpora.patterns import PathPattern
from affekt.corpora.table import collection_of
from affekt.corpora.tables import gender_of, part_of, stretch_of
from affekt.errors import ConfigError, CorpusError
from affekt.records import Utterance, with_one_spelling

# Recordings whose speaker nobody named count as one speaker: a speaker-disjoint split then
# refuses them, instead of pretending that each has its own.
UNKNOWN_SPEAKER = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How people's own data is to be read.

    Attributes:
        name: what to call the data; the file's or the folder's own name if empty.
        language: ISO 639-1 code; what the data itself says wins.
        labels: "canonical" or "own", see `affekt.corpora.labels.map_labels`.
        label_map: a word to the label it becomes, or to None.
        label_from: holds the label in a recording's path.
        speaker_from: holds the speaker in a recording's path.

    Raises:
        ConfigError: a pattern lacks the field that it is for.
    """

    name: str = ""
    language: str | None = None
    labels: Labels = "canonical"
    label_map: LabelMap = field(default_factory=dict)
    label_from: PathPattern | None = None
    speaker_from: PathPattern | None = None

    def __post_init__(self) -> None:
        """Check that each pattern has the field that it is for."""
        for name, pattern, needed in (
            ("label", self.label_from, "emotion"),
            ("speaker", self.speaker_from, "speaker"),
        ):
            if pattern is not None and needed not in pattern.fields:
                raise ConfigError(
                    f"'{pattern.text}' has no {{{name}}} (--{name}-from, {name}_from=)"
                )

    @property
    def patterns(self) -> tuple[PathPattern, ...]:
        """All patterns; where two have a field, the first counts."""
        return tuple(dict.fromkeys(filter(None, (self.label_from, self.speaker_from))))


class RecordingFacts(NamedTuple):
    """A recording, and what a table or its path says of it.

    Attributes:
        path: the file.
        where: its place in the data, in words.
        facts: by the keys of `affekt.corpora.tables.columns.COLUMNS`, "" where nothing.
    """

    path: Path
    where: str
    facts: Mapping[str, str]


def make_utterances(
    recordings: Sequence[RecordingFacts], reading: Reading, *, name: str, where: str
) -> list[Utterance]:
    """Return the utterances, in their order; one id has one spelling in all.

    Args:
        recordings: with what is said of each.
        reading: how it is read.
        name: of the data, where `reading` gives none.
        where: what to call the data in an error.

    Raises:
        ConfigError: the label map cannot be used.
        CorpusError: a value is wrong, all of whose places are named, or a label is unknown.
    """
    called = []
    for item in recordings:
        word = item.facts.get("emotion", "")
        native = item.facts.get("native_label") or word
        if not native:
            raise CorpusError(f"{where}, {item.where}: 'emotion' is empty")
        called.append(Called(native, word, item.where))
    emotions = map_labels(called, labels=reading.labels, label_map=reading.label_map, where=where)
    utterances = []
    for item, words, emotion in zip(recordings, called, emotions, strict=True):
        try:
            utterances.append(_utterance(item, words.native, emotion, reading, name))
        except CorpusError as error:
            raise CorpusError(f"{where}, {item.where}: {error}") from None
    return with_one_spelling(utterances, where=where)


def _utterance(
    item: RecordingFacts, native: str, emotion: str | None, reading: Reading, name: str
) -> Utterance:
    said = item.facts
    start_s, end_s = stretch_of(said)
    corpus = said.get("corpus") or reading.name or name
    return Utterance(
        path=item.path,
        corpus=corpus,
        collection=said.get("collection") or collection_of(corpus),
        speaker=said.get("speaker") or UNKNOWN_SPEAKER,
        native_label=native,
        emotion=emotion,
        language=said.get("language") or reading.language,
        gender=gender_of(said.get("gender", "")) or None,
        age=_years(said.get("age", "")),
        intensity=said.get("intensity") or None,
        sentence=said.get("sentence") or None,
        take=said.get("take") or None,
        split=part_of(said.get("split", "")) or None,
        start_s=start_s,
        end_s=end_s,
    )


def _years(written: str) -> int | None:
    # Programs that keep years beside gaps write them as 31.0.
    age = written.removesuffix(".0")
    if age and not (age.isdecimal() and len(age) <= 3):
        raise CorpusError(f"'age' is '{age}', not a number of years")
    return int(age) if age else None
