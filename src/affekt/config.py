"""Settings: keyword-only dataclasses that check themselves, read from and written to TOML.

Each stage owns its settings as a frozen dataclass; this module turns a mapping into one, refuses
unknown keys with a suggestion, and checks types, so that a typing mistake in a recipe never
falls back to a default.
"""

from __future__ import annotations

import dataclasses
import math
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from affekt.errors import ConfigError, MissingExtraError, did_you_mean
from affekt.files import read_text

T = TypeVar("T")


def from_mapping(cls: type[T], values: Mapping[str, Any], *, where: str) -> T:
    """Make a settings dataclass from a mapping, nested tables included.

    Args:
        cls: a dataclass; its `__post_init__` checks ranges.
        values: keys and values, as TOML gives them.
        where: what to call this place in an error ("recipes/default.toml [data]").

    Raises:
        ConfigError: a key is unknown or missing, or a value has the wrong type or range.
    """
    hints = typing.get_type_hints(cls)
    fields = {item.name: item for item in dataclasses.fields(cls)}  # type: ignore[arg-type]
    unknown = [key for key in values if key not in fields]
    if unknown:
        raise ConfigError(f"{where}: unknown key '{unknown[0]}'{did_you_mean(unknown[0], fields)}")
    missing = [
        name
        for name, item in fields.items()
        if name not in values
        and item.default is dataclasses.MISSING
        and item.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ConfigError(f"{where}: '{missing[0]}' is missing")
    arguments = {
        key: _convert(value, hints[key], where=f"{where}: '{key}'") for key, value in values.items()
    }
    try:
        return cls(**arguments)
    except ValueError as error:
        raise ConfigError(f"{where}: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: the file is missing or not TOML; the message names the line.
    """
    try:
        return tomllib.loads(read_text(path))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, say
        raise ConfigError(f"{path}: not a readable TOML file: {error}") from error


def to_mapping(settings: Any) -> dict[str, Any]:
    """Return a settings dataclass as plain JSON and TOML types; None values are left out."""
    return {
        key: _plain(value)
        for key, value in dataclasses.asdict(settings).items()
        if value is not None
    }


def to_toml(settings: Mapping[str, Any], *, comment: str = "") -> str:
    """Return settings of plain types as TOML.

    Args:
        settings: tables, lists, texts, numbers, true and false.
        comment: lines that go before.

    Raises:
        MissingExtraError: tomli-w is not installed.
    """
    try:
        import tomli_w
    except ModuleNotFoundError:
        raise MissingExtraError(what="writing a recipe", package="tomli-w", extra="train") from None
    lines = [f"# {line}".rstrip() for line in comment.splitlines()]
    return "\n".join([*lines, tomli_w.dumps(settings)])


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _convert(value: Any, hint: Any, *, where: str) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        if value is None and type(None) in typing.get_args(hint):
            return None
        inner = [item for item in typing.get_args(hint) if item is not type(None)]
        return _convert(value, inner[0], where=where)
    if origin is typing.Literal:
        choices = typing.get_args(hint)
        if value not in choices:
            names = [str(choice) for choice in choices]
            raise ConfigError(f"{where}: {value!r} is no choice{did_you_mean(str(value), names)}")
        return value
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: expected a table, found {value!r}")
        return from_mapping(typing.cast("type[Any]", hint), value, where=where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{where}: expected a list, found {value!r}")
        return tuple(_convert(item, typing.get_args(hint)[0], where=where) for item in value)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: expected a table, found {value!r}")
        inner = typing.get_args(hint)[1]
        return {
            key: _convert(item, inner, where=f"{where}: '{key}'") for key, item in value.items()
        }
    return _scalar(value, hint, where=where)


def _scalar(value: Any, hint: Any, *, where: str) -> Any:
    if hint is Any:
        return value
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ConfigError(f"{where}: the number lies beyond 64 bits")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is float and isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{where}: expected a finite number, found {value!r}")
    if hint is Path and isinstance(value, str):
        return Path(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{where}: expected {hint.__name__}, found {value!r}")
    return value
