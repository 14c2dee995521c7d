"""The eleven published systems: recipes with claims, run by the trainer and put beside these."""

from affekt.published.config import SYSTEMS, claims_of, load_system
from affekt.published.reproduce import Request, reproduce
from affekt.published.tables import (
    TABLES,
    picture,
    read_records,
    table,
    to_markdown,
    write_tables,
)
from affekt.training import RULES

__all__ = [
    "RULES",
    "SYSTEMS",
    "TABLES",
    "Request",
    "claims_of",
    "load_system",
    "picture",
    "read_records",
    "reproduce",
    "table",
    "to_markdown",
    "write_tables",
]
