"""Writing a recipe."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any


def to_toml(settings: Mapping[str, Any], *, comment: str = "") -> str:
    """Return nested settings of plain types as TOML.

    Args:
        settings: tables, lists, texts, numbers, true and false; lists of tables become arrays of
            tables.
        comment: lines that go before.
    """
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    lines.extend(_table(settings, ""))
    return "\n".join(lines) + "\n"


def _table(values: Mapping[str, Any], path: str) -> Iterator[str]:
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    lists = {key: value for key, value in values.items() if _of_tables(value)}
    for key, value in values.items():
        if key not in tables and key not in lists:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in tables.items():
        name = f"{path}{_key(key)}"
        yield from ("", f"[{name}]", *_table(value, f"{name}."))
    for key, items in lists.items():
        name = f"{path}{_key(key)}"
        for item in items:
            yield from ("", f"[[{name}]]", *_table(item, f"{name}."))


def _of_tables(value: Any) -> bool:
    return bool(value) and isinstance(value, list) and all(isinstance(x, Mapping) for x in value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _value(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # What JSON escapes TOML escapes alike, but for one character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_value(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return repr(value)
