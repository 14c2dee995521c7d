"""The eleven published configurations, and reproducing them."""

from affekt.systems.config import SYSTEMS, System, load_system
from affekt.systems.data import RULES
from affekt.systems.reproduce import Request, reproduce
from affekt.systems.tables import (
    TABLES,
    picture,
    read_records,
    table,
    to_markdown,
    write_tables,
)

__all__ = [
    "RULES",
    "SYSTEMS",
    "TABLES",
    "Request",
    "System",
    "load_system",
    "picture",
    "read_records",
    "reproduce",
    "table",
    "to_markdown",
    "write_tables",
]
