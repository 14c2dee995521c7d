"""What listeners said of the sound of CREMA-D: their votes, and how intense it is to them.

Source: Cao et al. 2014.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from affekt.errors import CorpusError
from affekt.records import Utterance

VOTED_CORPUS = "cremad"
# Letters of the table, and the canonical labels they stand for.
VOTED = {"A": "angry", "D": "disgust", "F": "fearful", "H": "happy", "N": "neutral", "S": "sad"}
_PLACES = (
    "tables/processedResults/tabulatedVotes.csv",
    "processedResults/tabulatedVotes.csv",
)
_SOUND_ALONE = "1"  # ids of six digits: 1 is sound, 2 is the face, 3 is both
_HIGHEST_RATING = 100.0

_T = TypeVar("_T")


def read_votes(folder: Path) -> Mapping[str, tuple[int, ...]]:
    """Return how many votes each emotion has for each clip.

    Args:
        folder: of the corpus; the repository keeps the table below `processedResults/`.

    Returns:
        Stem of the clip to the votes, in the order of `VOTED`.

    Raises:
        CorpusError: there is no such table, or it is not the one of the repository.
    """
    return _read(folder, lambda row: tuple(int(row[letter]) for letter in VOTED))


def read_intensities(folder: Path) -> Mapping[str, float]:
    """Return how intense listeners find the emotion of each clip, 0 to 1, on average.

    Args:
        folder: as in `read_votes`.

    Raises:
        CorpusError: likewise.
    """
    return _read(folder, lambda row: float(row["meanEmoResp"]) / _HIGHEST_RATING)


def ratings_of_clips(
    utterances: Sequence[Utterance], read: Callable[[Path], Mapping[str, _T]]
) -> list[_T | None]:
    """Return what listeners said of each clip; None for clips that nobody was asked about.

    Args:
        utterances: the clips.
        read: `read_votes` or `read_intensities`.

    Raises:
        CorpusError: a clip is of CREMA-D, and the table is not there.
    """
    tables: dict[Path, Mapping[str, _T]] = {}
    found: list[_T | None] = []
    for item in utterances:
        if item.corpus != VOTED_CORPUS:
            found.append(None)
            continue
        folder = item.path.parent
        if folder not in tables:
            tables[folder] = read(_corpus_above(folder))
        found.append(tables[folder].get(item.path.stem))
    return found


def _corpus_above(folder: Path) -> Path:
    """Return the folder of the corpus that a folder of recordings belongs to."""
    above = (folder, *folder.parents[:3])
    return next((place for place in above if _table(place) is not None), folder.parent)


def _table(folder: Path) -> Path | None:
    return next((folder / place for place in _PLACES if (folder / place).is_file()), None)


def _read(folder: Path, value: Callable[[Mapping[str, str]], _T]) -> Mapping[str, _T]:
    """Return a value of each clip, by its stem, from the ratings of the sound alone."""
    table = _table(folder)
    if table is None:
        raise CorpusError(
            f"{folder}: the listeners' votes are not here: get processedResults/tabulatedVotes.csv "
            "from the repository of CREMA-D"
        )
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return {
                row["fileName"]: value(row)
                for row in csv.DictReader(file)
                if row[""].startswith(_SOUND_ALONE)
            }
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise CorpusError(
            f"{table}: not the votes of CREMA-D's repository ({error!r}): get the file again"
        ) from None
