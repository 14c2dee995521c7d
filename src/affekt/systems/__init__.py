"""The eleven published configurations, and reproducing them."""

from affekt.systems.config import SYSTEMS, claims_of, load_system
from affekt.systems.reproduce import Request, reproduce
from affekt.systems.tables import (
    TABLES,
    picture,
    read_records,
    table,
    to_markdown,
    write_tables,
)
from affekt.training.splits import RULES

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
