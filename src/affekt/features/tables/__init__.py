"""Tables of features: made of many recordings, written, read and summarised."""

from affekt.features.tables.extraction import extract
from affekt.features.tables.summary import summarise
from affekt.features.tables.table import SUFFIXES, read_table

__all__ = ["SUFFIXES", "extract", "read_table", "summarise"]
