"""Listeners' votes on CREMA-D: the crowd's ratings of the sound alone (Cao et al. 2014)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from affekt.errors import CorpusError

# Letters of the table, and the canonical labels they stand for.
VOTED = {"A": "angry", "D": "disgust", "F": "fearful", "H": "happy", "N": "neutral", "S": "sad"}
_PLACES = (
    "tables/processedResults/tabulatedVotes.csv",
    "processedResults/tabulatedVotes.csv",
)
_SOUND_ALONE = "1"  # ids of six digits: 1 is sound, 2 is the face, 3 is both


def read_votes(folder: Path) -> Mapping[str, tuple[int, ...]]:
    """Return how many votes each emotion has for each clip.

    Args:
        folder: of the corpus; the repository keeps the table below `processedResults/`.

    Returns:
        Stem of the clip to the votes, in the order of `VOTED`.

    Raises:
        CorpusError: there is no such table, or it is not the one of the repository.
    """
    table = next((folder / place for place in _PLACES if (folder / place).is_file()), None)
    if table is None:
        raise CorpusError(
            f"{folder}: the listeners' votes are not here: get processedResults/tabulatedVotes.csv "
            "from the repository of CREMA-D"
        )
    try:
        with table.open(encoding="utf-8", newline="") as file:
            return {
                row["fileName"]: tuple(int(row[letter]) for letter in VOTED)
                for row in csv.DictReader(file)
                if row[""].startswith(_SOUND_ALONE)
            }
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        raise CorpusError(
            f"{table}: not the votes of CREMA-D's repository ({error!r}): get the file again"
        ) from None
