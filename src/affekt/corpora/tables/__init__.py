"""Tables that name recordings: their files, and what their columns are called."""

from affekt.corpora.tables.columns import (
    COLUMNS,
    find_columns,
    gender_of,
    part_of,
    plain,
    stretch_columns,
    stretch_of,
    value_of,
)
from affekt.corpora.tables.files import SUFFIXES, Row, TableFile, read_table_file

__all__ = [
    "COLUMNS",
    "SUFFIXES",
    "Row",
    "TableFile",
    "find_columns",
    "gender_of",
    "part_of",
    "plain",
    "read_table_file",
    "stretch_columns",
    "stretch_of",
    "value_of",
]
