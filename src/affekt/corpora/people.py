"""Reading who speaks from a corpus' own table."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

from affekt.corpora.base import Person
from affekt.errors import CorpusError
from affekt.records import normal_id


def read_people_table(
    table: Path, *, speaker: str, gender: str, age: str, delimiter: str = ","
) -> Mapping[str, Person]:
    """Read gender and age from a CSV or TSV file with one or many rows a speaker.

    Args:
        table: the file; its first row names the columns.
        speaker: column of the speaker's id. Padding around a value is dropped.
        gender: column of "female" or "male", in any capitals.
        age: column of years.
        delimiter: "," or a tab.

    Raises:
        CorpusError: the file cannot be read, a column is missing, or a row holds no age or
            gender; the message names the line.
    """
    try:
        return _read(table, speaker=speaker, gender=gender, age=age, delimiter=delimiter)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CorpusError(f"{table}: cannot be read: {error}; take the file as published") from None


def _read(
    table: Path, *, speaker: str, gender: str, age: str, delimiter: str
) -> Mapping[str, Person]:
    people: dict[str, Person] = {}
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter=delimiter)
        for column in (speaker, gender, age):
            if column not in (rows.fieldnames or ()):
                raise CorpusError(f"{table}: no column '{column}'; take the file as published")
        for row in rows:
            sex = (row[gender] or "").strip().lower()
            years = (row[age] or "").strip()
            if sex not in {"female", "male"} or not years.isdecimal():
                raise CorpusError(
                    f"{table}, line {rows.line_num}: '{sex}', '{years}' are no gender and age; "
                    "take the file as published"
                )
            people[normal_id(row[speaker] or "")] = Person(sex, int(years))
    return people
