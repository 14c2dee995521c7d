"""A table of predictions that any tool wrote: a path, and a label or a probability a label."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from affekt.corpora import path_parts, without_ending
from affekt.corpora.tables import COLUMNS, Row, find_columns, read_table_file, stretch_of, value_of
from affekt.emotions import CANONICAL
from affekt.errors import AffektError, BundleError, ConfigError, CorpusError
from affekt.evaluation.runs import Answers, Failure, Progress
from affekt.evaluation.sources.base import LabelMap, Renaming, Source, rename
from affekt.recognition.bundles import file_sha256
from affekt.records import Utterance

PREDICTED = ("predicted", "prediction", "pred", "y_pred", "predicted_label", "hypothesis")
LABELS = ("emotion", "label", "answer", "class")  # the truth may be called so, too
PREFIXES = ("", "score_", "p_", "prob_", "probability_")
_TOLERANCE = 0.02
_SAME_S = 0.01  # times are written with few digits
_TIMES = ("start", "end", "start_ms", "end_ms", "onset", "offset", "duration")


class Name(NamedTuple):
    """What a row of predictions calls its clip.

    Attributes:
        where: the row, in words.
        path: or the end of one.
        stretch: start and end in seconds; None where the table tells none.
    """

    where: str
    path: str
    stretch: tuple[float | None, float | None] | None = None


@dataclass(frozen=True, kw_only=True)
class PredictionTable(Source):
    """Predictions by name of the clip.

    Attributes:
        names: `[rows]`, the clips as the table calls them.
        probabilities: `[rows, labels]`, each row sums to one.
        graded: False where the table names labels alone.
    """

    names: tuple[Name, ...]
    probabilities: npt.NDArray[np.float64]
    graded: bool

    def answer(self, utterances: Sequence[Utterance], progress: Progress | None = None) -> Answers:
        """Look every utterance up; one without a row has failed.

        Raises:
            ConfigError: a name fits several clips, a clip has several rows, or no name fits.
        """
        rows = match_names(self.names, utterances, where=self.location)
        if not rows:
            raise ConfigError(
                f"{self.location}: none of its {len(self.names)} names is one of the "
                f"{len(utterances)} clips under test: '{self.names[0].path}' against "
                f"'{utterances[0].path}'"
            )
        if progress is not None:
            progress(len(utterances), len(utterances))
        answered = [place for place in range(len(utterances)) if place in rows]
        return Answers(
            labels=self.labels,
            utterances=tuple(utterances[place] for place in answered),
            probabilities=self.probabilities[[rows[place] for place in answered]],
            failures=tuple(
                Failure(utterance=item, reason=f"{item.path}: no prediction in {self.location}")
                for place, item in enumerate(utterances)
                if place not in rows
            ),
            graded=self.graded,
        )

    def unknown_names(self, utterances: Sequence[Utterance]) -> tuple[str, ...]:
        """Return the names that fit none of these utterances, in the order of the table."""
        fits = _fits(self.names, utterances)
        return tuple(
            name.path if name.stretch is None else f"{name.path} ({name.where})"
            for name, found in zip(self.names, fits, strict=True)
            if not found
        )


def open_predictions(path: Path, *, labels: LabelMap | None = None) -> PredictionTable:
    """Read a table of predictions.

    The clip is told by the columns that tell it in every table: its path, and, of a stretch, start
    and end. Columns named like emotions, with one of
    `PREFIXES`, hold probabilities; without them, a column named like one of `PREDICTED` holds the
    answer, or the only one that is named like one of `LABELS`.

    Args:
        path: of the file.
        labels: what the table's words mean.

    Raises:
        ConfigError: a column is missing, several columns may hold the answer, or a row is wrong.
        CorpusError: it cannot be read.
        BundleError: a label is no emotion known here.
    """
    table = read_table_file(path)
    header, rows = table.columns, table.rows
    if not rows:
        raise ConfigError(f"{path}: holds no row; a header and a row for each clip are needed")
    names = tuple(_names(path, header, rows))
    columns = _probability_columns(header, labels)
    if columns:
        renaming = rename(list(columns.values()), labels, where=str(path))
        probabilities = _numbers(path, rows, list(columns)) @ renaming.matrix
    else:
        column = _answer_column(path, header)
        renaming, probabilities = _certain(rows, column, labels, where=str(path))
    return PredictionTable(
        kind="predictions",
        name=path.stem,
        title=path.name,
        location=str(path),
        sha256=file_sha256(path),
        labels=renaming.labels,
        names=names,
        probabilities=probabilities,
        graded=bool(columns),
    )


def match_names(
    names: Sequence[Name], utterances: Sequence[Utterance], *, where: str
) -> dict[int, int]:
    """Find the row of each utterance.

    A name fits a clip whose path ends with it, folder by folder, with or without the ending; of
    stretches of one file, those that begin and end where the row says. Names that fit none are
    passed over.

    Returns:
        Place of the utterance to the place of its row.

    Raises:
        ConfigError: a name fits several clips, or a clip has several rows.
    """
    rows: dict[int, int] = {}
    for row, (name, found) in enumerate(zip(names, _fits(names, utterances), strict=True)):
        if len(found) > 1:
            first, second = (utterances[place].path for place in found[:2])
            raise ConfigError(
                f"{where}: '{name.path}' fits {len(found)} clips under test, say {first} and "
                f"{second}; " + ("give start and end" if first == second else "give longer paths")
            )
        for place in found:
            if place in rows:
                raise ConfigError(
                    f"{where}: {names[rows[place]].where} and {name.where} are both of "
                    f"{utterances[place].path}; give each clip one row"
                )
            rows[place] = row
    return rows


def _fits(names: Sequence[Name], utterances: Sequence[Utterance]) -> list[list[int]]:
    """Return the places of the utterances that each name fits."""
    parts = [path_parts(str(item.path.absolute())) for item in utterances]
    by_tail: dict[tuple[str, ...], list[int]] = {}
    asked = [path_parts(name.path) for name in names]
    for length in sorted({len(item) for item in asked}):
        for place, whole in enumerate(parts):
            tail = whole[-length:]
            for key in {tail, without_ending(tail)}:
                by_tail.setdefault(key, []).append(place)
    return [
        [place for place in by_tail.get(key, ()) if _is_of(name, utterances[place])]
        for name, key in zip(names, asked, strict=True)
    ]


def _is_of(name: Name, utterance: Utterance) -> bool:
    """Whether a row tells that stretch of the file, or none."""
    if name.stretch is None or (utterance.start_s is None and utterance.end_s is None):
        return True
    (start, end), (start_s, end_s) = name.stretch, (utterance.start_s, utterance.end_s)
    if (end is None) != (end_s is None):
        return False
    return (
        abs((start or 0.0) - (start_s or 0.0)) <= _SAME_S
        and abs((end or 0.0) - (end_s or 0.0)) <= _SAME_S
    )


def _names(path: Path, header: Sequence[str], rows: Sequence[Row]) -> Iterator[Name]:
    column = _column(path, header, COLUMNS["path"], what="the clip")
    times = find_columns(header, known=_TIMES)
    for row in rows:
        try:
            stretch = stretch_of(
                {column: value_of(row.cells[name]) for column, name in times.items()}
            )
        except CorpusError as error:
            raise CorpusError(f"{path}, {row.where}: {error}") from None
        yield Name(row.where, row.cells[column], stretch if any(stretch) else None)


def _column(path: Path, header: Sequence[str], choices: Sequence[str], *, what: str) -> str:
    found = {name.strip().casefold(): name for name in reversed(header)}
    chosen = next((found[name] for name in choices if name in found), None)
    if chosen is None:
        raise ConfigError(
            f"{path}: no column tells {what}; name it {' or '.join(choices[:3])} (its columns: "
            f"{', '.join(header)})"
        )
    return chosen


def _answer_column(path: Path, header: Sequence[str]) -> str:
    """Return the column of answers; of two that may hold them, one is likely the truth."""
    unclear = [name.strip() for name in header if name.strip().casefold() in LABELS]
    if len(unclear) > 1 and not any(name.strip().casefold() in PREDICTED for name in header):
        raise ConfigError(
            f"{path}: {' and '.join(unclear)} may each hold the answer: keep one of them, or call "
            f"the one that does '{PREDICTED[0]}'"
        )
    return _column(path, header, (*PREDICTED, *LABELS), what="the answer")


def _probability_columns(header: Sequence[str], labels: LabelMap | None) -> dict[str, str]:
    """Return column to class, with the prefix that gives most classes; two at least."""
    best: dict[str, str] = {}
    for prefix in PREFIXES:
        found = {
            name: name.strip()[len(prefix) :]
            for name in header
            if name.strip().casefold().startswith(prefix) and name.strip()[len(prefix) :]
        }
        if not prefix:
            found = {name: word for name, word in found.items() if _is_emotion(word, labels)}
        elif not any(_is_emotion(word, labels) for word in found.values()):
            continue
        if len(found) > max(1, len(best)):
            best = found
    return best


def _is_emotion(word: str, labels: LabelMap | None) -> bool:
    try:
        rename([word], labels, where="")
    except AffektError:
        return False
    return True


def _numbers(path: Path, rows: Sequence[Row], columns: Sequence[str]) -> npt.NDArray[np.float64]:
    values = np.zeros((len(rows), len(columns)))
    for place, row in enumerate(rows):
        try:
            values[place] = [float(row.cells[name]) for name in columns]
        except ValueError:
            values[place] = np.nan
        total = values[place].sum()
        if not (values[place] >= 0.0).all() or abs(total - 1.0) > _TOLERANCE:
            raise ConfigError(
                f"{path}, {row.where}: {', '.join(columns)} must hold probabilities that sum to one"
            )
        values[place] /= total
    return values


def _certain(
    rows: Sequence[Row], column: str, labels: LabelMap | None, *, where: str
) -> tuple[Renaming, npt.NDArray[np.float64]]:
    """Give each answer all of the probability; what was never answered is a label nonetheless."""
    words = [row.cells[column] for row in rows]
    classes = list(dict.fromkeys(words))
    if "" in classes:
        open_ = rows[words.index("")]
        raise BundleError(f"{where}: {open_.where} has no answer; leave it out")
    answered = rename(classes, labels, where=where)
    own = tuple(label for label in answered.labels if label not in CANONICAL)
    wide = np.zeros((len(classes), len(CANONICAL) + len(own)))
    for number, label in enumerate(answered.labels):
        wide[:, (*CANONICAL, *own).index(label)] = answered.matrix[:, number]
    place = {name: number for number, name in enumerate(classes)}
    return Renaming((*CANONICAL, *own), wide), wide[[place[word] for word in words]]
