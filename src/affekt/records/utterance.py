"""A recording of a corpus."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

_NUMBER = re.compile(r"([0-9]+)(?:[.,]0*)?")


class Stretch(NamedTuple):
    """A recording, or a stretch of one.

    Attributes:
        path: the audio file.
        start_s, end_s: in seconds; None is the file's own end.
    """

    path: Path
    start_s: float | None = None
    end_s: float | None = None

    @property
    def whole(self) -> bool:
        """It is the whole recording."""
        return self.start_s is None and self.end_s is None

    def overlaps(self, other: Stretch) -> bool:
        """Whether some sound of one file lies in both."""
        return (
            self.path == other.path
            and (self.start_s or 0.0) < (math.inf if other.end_s is None else other.end_s)
            and (other.start_s or 0.0) < (math.inf if self.end_s is None else self.end_s)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """One recording, or a stretch of one, with all that its corpus says of it.

    Attributes:
        path: the audio file.
        corpus: name of the corpus it belongs to.
        collection: corpora that share speakers share a collection (RAVDESS speech and song).
        speaker: id within the collection, as the corpus writes it.
        native_label: the emotion in the corpus' own words.
        emotion: the label to learn and to measure: a canonical one, or one of people's own where
            they keep theirs; None where there is none (EmoDB's boredom).
        language: ISO 639-1 code.
        gender: "female", "male" or None.
        age: years, where the corpus tells.
        intensity, sentence, take: as the corpus writes them.
        split: part named by the user's own table, if any.
        start_s, end_s: the stretch of the file, in seconds; None is the file's own end.
    """

    path: Path
    corpus: str
    collection: str
    speaker: str
    native_label: str
    emotion: str | None
    language: str | None = None
    gender: str | None = None
    age: int | None = None
    intensity: str | None = None
    sentence: str | None = None
    take: str | None = None
    split: str | None = None
    start_s: float | None = None
    end_s: float | None = None

    @property
    def stretch(self) -> Stretch:
        """The stretch of the file that is read."""
        return Stretch(self.path, self.start_s, self.end_s)

    @property
    def speaker_key(self) -> tuple[str, str]:
        """Who spoke: `(collection, speaker)`, the id in its normal form."""
        return (self.collection, normal_id(self.speaker))

    @property
    def corpus_speaker(self) -> tuple[str, str]:
        """Who spoke, as the shipped tables name speakers: `(corpus, speaker)`."""
        return (self.corpus, normal_id(self.speaker))


def normal_id(written: str) -> str:
    """Return the one form of an id, by which ids are compared.

    Spreadsheets and programs write one number as 06, 6 or 6.0; here it is 06: without decimals,
    with at least two digits. What is no whole number stays as it is.
    """
    number = _NUMBER.fullmatch(written.strip())
    return number[1].lstrip("0").zfill(2) if number else written.strip()
