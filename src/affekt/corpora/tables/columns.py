"""What people call the columns of a table: one list for every table that Affekt reads."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from affekt.errors import CorpusError

# What a column says, and its names; the first that is there counts. Capitals do not matter, and
# `_` is as good as a space, a dot or a hyphen.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "path": (
        *("path", "file", "filename", "file_name", "file_path", "filepath", "audio", "audio_path"),
        *("audio_file", "audio_filepath", "wav", "wav_path", "wav_file", "recording", "clip"),
        "name",
    ),
    "emotion": (
        *("emotion", "label", "emotion_label", "emotion_class", "emotion_name", "category"),
        "class",
    ),
    "native_label": ("native_label",),
    "speaker": (
        *("speaker", "speaker_id", "speakerid", "speaker_name", "spk", "spk_id", "actor"),
        *("actor_id", "subject", "subject_id", "participant", "participant_id", "client_id"),
    ),
    "split": ("split", "part", "subset", "set", "partition"),
    "fold": ("fold",),
    "round": ("round",),
    "start": ("start", "start_s", "start_sec", "start_seconds", "start_time", "begin"),
    "end": ("end", "end_s", "end_sec", "end_seconds", "end_time", "stop"),
    "start_ms": ("start_ms", "begin_ms"),
    "end_ms": ("end_ms", "stop_ms"),
    "onset": ("onset", "onset_s", "onset_sec"),
    "offset": ("offset", "offset_s", "offset_sec"),
    "duration": ("duration", "duration_s", "duration_sec", "duration_seconds"),
    "sentence": ("sentence", "sentence_id", "text", "transcript", "transcription", "utterance"),
    "corpus": ("corpus", "dataset", "database"),
    "collection": ("collection",),
    "language": ("language", "lang"),
    "gender": ("gender", "sex"),
    "age": ("age",),
    "intensity": ("intensity",),
    "take": ("take",),
}
# What people call the three parts of a split.
_PARTS = {
    "train": ("train", "training", "trainset"),
    "validation": ("validation", "valid", "val", "dev", "devel", "development"),
    "test": ("test", "testing", "testset", "eval", "evaluation"),
}
_PART = {word: part for part, words in _PARTS.items() for word in words}
_GENDERS = {"f": "female", "female": "female", "m": "male", "male": "male"}
# Programs that leave a value open write so.
_NO_VALUE = ("nan", "NaN", "NaT", "<NA>")
# A column of such a name says where an utterance lies, in a way that is not known here.
_OF_A_STRETCH = re.compile(r"(start|begin|onset|offset|end|stop)_")
_TIMES = {"start", "end", "start_ms", "end_ms", "onset", "offset"}
_CLOCK = re.compile(
    r"(?:(?P<days>\d+) days?)?[ ,]*"
    r"(?:(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>\d+(?:[.,]\d+)?))?"
)


def find_columns(
    header: Sequence[str],
    *,
    needed: Iterable[str] = (),
    known: Collection[str] = COLUMNS,
    strict: bool = True,
) -> dict[str, str]:
    """Return the column of each field that a table has.

    Args:
        header: names of the columns.
        needed: what must be there.
        known: what is looked for.
        strict: refuse names that are likely misspelt.

    Raises:
        CorpusError: a column is missing, likely misspelt, or there twice.
    """
    columns: dict[str, str] = {}
    names = [plain(name) for name in header]
    for field in known:
        name = next((name for name in COLUMNS[field] if name in names), None)
        if name is not None:
            if names.count(name) > 1:
                raise CorpusError(f"column '{name}' is there twice")
            columns[field] = header[names.index(name)]
    for name in header if strict else ():
        # A misspelt 'speaker' would otherwise silently make every recording the same speaker's.
        close = _close(plain(name), (field for field in known if field not in columns))
        if name not in columns.values() and close:
            raise CorpusError(f"unknown column '{name}' (did you mean '{close}'?)")
    for field in needed:
        if field not in columns:
            raise CorpusError(
                f"no column '{field}'; names that are known: {', '.join(COLUMNS[field])}; it has: "
                f"{', '.join(header) or 'none'}"
            )
    return columns


def stretch_columns(header: Iterable[str], columns: Mapping[str, str]) -> list[str]:
    """Return columns that seem to say where utterances lie where none that is known does."""
    if columns.keys() & _TIMES:
        return []
    return [name for name in header if _OF_A_STRETCH.match(plain(name))]


def plain(name: str) -> str:
    """Return the one form of a column's name by which names are compared."""
    return re.sub(r"[\s._-]+", "_", name.strip()).casefold()


def value_of(cell: str) -> str:
    """Return what a cell says, "" where it says nothing."""
    said = cell.strip()
    return "" if said in _NO_VALUE else said


def part_of(said: str) -> str:
    """Return "train", "validation" or "test" where a word means one of them, else the word."""
    return _PART.get(said.casefold(), said)


def gender_of(said: str) -> str:
    """Return "female" or "male" where a word means one of them, else the word."""
    return _GENDERS.get(said.casefold(), said)


def stretch_of(said: Mapping[str, str]) -> tuple[float | None, float | None]:
    """Return where an utterance begins and ends in its file, in seconds; None is the file's own.

    Times may be numbers of seconds (or of milliseconds in `start_ms`, `end_ms`), or written as
    clocks and pandas write them: `00:01:02.5`, `0 days 00:01:02.500000`.

    Args:
        said: what a row says, by the keys of `COLUMNS`.

    Raises:
        CorpusError: a cell holds no time, or the end is not after the start.
    """
    start, end, duration = (_time(said, field) for field in ("start", "end", "duration"))
    start_ms, end_ms = (_time(said, field, unit_s=0.001) for field in ("start_ms", "end_ms"))
    onset, offset = _time(said, "onset"), _time(said, "offset")
    start = _first(start, start_ms, onset)
    # An offset ends what has an onset, and begins what has a duration (as in NeMo's manifests).
    end = _first(end, end_ms, offset if "onset" in said else None)
    if "onset" not in said:
        start = _first(start, offset)
    if start is not None and not said.keys() & {"end", "end_ms", "onset"} and duration:
        end = start + duration
    if end is not None and end <= (start or 0.0):
        raise CorpusError(f"it ends at {end:g} s, before or as it starts")
    return start, end


def _time(said: Mapping[str, str], field: str, *, unit_s: float = 1.0) -> float | None:
    written = said.get(field, "")
    if not written:
        return None
    try:
        value = float(written.replace(",", ".")) * unit_s
    except ValueError:
        value = _of_clock(written)
    if not (math.isfinite(value) and value >= 0.0):
        raise CorpusError(f"'{field}' is '{written}', not a number of seconds and no time")
    return value


def _first(*times: float | None) -> float | None:
    return next((time for time in times if time is not None), None)


def _of_clock(written: str) -> float:
    found = _CLOCK.fullmatch(written)
    if found is None:
        return math.nan
    days, hours, minutes = (int(found[name] or 0) for name in ("days", "hours", "minutes"))
    seconds = float((found["seconds"] or "0").replace(",", "."))
    return 86_400.0 * days + 3600.0 * hours + 60.0 * minutes + seconds


def _close(name: str, missing: Iterable[str]) -> str:
    choices = [word for field in missing for word in COLUMNS[field]]
    found = difflib.get_close_matches(name, choices, n=1, cutoff=0.85)
    return found[0] if found else ""
