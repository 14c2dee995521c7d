"""The eleven published configurations, and reproducing them."""

from affekt.systems.config import SYSTEMS, System, load_system
from affekt.systems.data import RULES
from affekt.systems.reproduce import (
    Request,
    read_records,
    reproduce,
    table,
    to_markdown,
    write_tables,
)

__all__ = [
    "RULES",
    "SYSTEMS",
    "Request",
    "System",
    "load_system",
    "read_records",
    "reproduce",
    "table",
    "to_markdown",
    "write_tables",
]
