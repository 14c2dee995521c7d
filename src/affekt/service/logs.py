"""Logs as JSON, one event a line; never sound, and no file names unless asked for."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

LOGGER = logging.getLogger("affekt.service")


def event(name: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one event; fields that are None are left out."""
    LOGGER.log(level, name, extra={"fields": fields})


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
        }
        fields: dict[str, Any] = getattr(record, "fields", {})
        entry |= {key: value for key, value in fields.items() if value is not None}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False, default=str)


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Pass over what the server says of sockets on its own.

    Their addresses and queries are the clients' affair, and each session has its line already; a
    refused one is no failure, as the server has it.
    """
    message = record.getMessage()
    return ' - "WebSocket ' not in message and "without completing handshake" not in message


def log_to_stderr() -> None:
    """Send the service's and the server's events to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(is_worth_a_line)
    for name in ("affekt.service", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
