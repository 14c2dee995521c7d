"""The space of a hyper-parameter search: which keys of a recipe are drawn, and from what."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from affekt.config import from_mapping
from affekt.errors import ConfigError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Numbers from `low` to `high`, both included; whole ones where both are written whole.

    Attributes:
        low: the least.
        high: the greatest.
        log: drawn evenly on a logarithmic scale.
        step: only `low` and what lies whole steps above it; not together with `log`.
    """

    low: Any
    high: Any
    log: bool = False
    step: Any = None

    def __post_init__(self) -> None:
        numbers = [self.low, self.high, *([] if self.step is None else [self.step])]
        if any(isinstance(item, bool) or not isinstance(item, int | float) for item in numbers):
            raise ValueError("low, high and step must be numbers")
        if not self.low < self.high:
            raise ValueError(f"low {self.low} must lie below high {self.high}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log needs a low above 0, and no step")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError("step must be positive, and no longer than the range")
        if self.whole and self.step is not None and not isinstance(self.step, int):
            raise ValueError("a range of whole numbers needs a whole step")

    @property
    def whole(self) -> bool:
        """Whether integers are drawn."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def examples(self) -> tuple[Any, ...]:
        """Both ends."""
        return self.low, self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """One of some values: numbers, texts, true and false."""

    choices: tuple[Any, ...]

    def __post_init__(self) -> None:
        if len(self.choices) < 2:
            raise ValueError("choices must be two or more")
        wrong = next((x for x in self.choices if not isinstance(x, bool | int | float | str)), None)
        if wrong is not None:
            raise ValueError(f"choices must be numbers, texts, true or false, not {wrong!r}")

    @property
    def examples(self) -> tuple[Any, ...]:
        """All of them."""
        return self.choices


Space = dict[str, Range | Choices]
"""What each key is drawn from; dots lead into tables, and numbers, from 0, into lists."""


def read_space(table: Mapping[str, Any], *, where: str) -> Space:
    """Read a `[search]` table.

    Args:
        table: by dotted key, `{ low, high, log, step }` or `{ choices }`.
        where: what to call the table in an error.

    Raises:
        ConfigError: the table is empty, or an entry is no range and no choice.
    """
    if not isinstance(table, Mapping) or not table:
        raise ConfigError(f"{where}: name at least one key of the recipe to search")
    space: Space = {}
    for key, entry in table.items():
        place = f"{where}: '{key}'"
        if not isinstance(entry, Mapping):
            raise ConfigError(
                f"{place}: expected {{ low, high }} or {{ choices }}, found {entry!r}"
            )
        if not {"choices", "low", "high", "log", "step"} & set(entry):
            # What an unquoted key with dots becomes in TOML.
            hint = f'; quote keys with dots: "{key}.{next(iter(entry), "...")}"'
            raise ConfigError(f"{place}: expected {{ low, high }} or {{ choices }}{hint}")
        kind: type[Range | Choices] = Choices if "choices" in entry else Range
        space[key] = from_mapping(kind, entry, where=place)
    return space


def with_values(
    settings: Mapping[str, Any], values: Mapping[str, Any], *, where: str
) -> dict[str, Any]:
    """Return nested settings with some values put in; what was given stays as it is.

    Args:
        settings: tables of plain types, as TOML gives them.
        values: by dotted key; a table that is not there is made.
        where: what to call the settings in an error.

    Raises:
        ConfigError: a key leads into something that is no table, or past the end of a list.
    """
    changed = copy.deepcopy(dict(settings))
    for key, value in values.items():
        *steps, last = key.split(".")
        place: Any = changed
        for step in steps:
            place = _inside(place, step, key=key, where=where)
        if isinstance(place, list):
            _inside(place, last, key=key, where=where)
            place[int(last)] = value
        elif isinstance(place, dict):
            place[last] = value
        else:
            raise ConfigError(f"{where}: '{key}': {place!r} holds no further keys")
    return changed


def check_tables(space: Space, tables: tuple[str, ...], *, where: str) -> None:
    """Refuse keys that lie outside the tables that a search may change.

    Raises:
        ConfigError: the message names the first, and what it may have meant.
    """
    for key in space:
        if not any(f"{key}.".startswith(f"{table}.") for table in tables):
            first = key if key.split(".")[0] == "data" else key.split(".")[0]
            raise ConfigError(f"{where}: '{key}' cannot be searched{did_you_mean(first, tables)}")


def examples(space: Space) -> Iterator[dict[str, Any]]:
    """Yield the ends of each range and each choice, one key at a time."""
    for key, entry in space.items():
        for value in entry.examples:
            yield {key: value}


def _inside(place: Any, step: str, *, key: str, where: str) -> Any:
    if isinstance(place, list):
        if not step.isdecimal() or int(step) >= len(place):
            raise ConfigError(
                f"{where}: '{key}': the list has {len(place)} entries, numbered from 0, "
                f"and none is '{step}'"
            )
        return place[int(step)]
    if isinstance(place, dict):
        return place.setdefault(step, {})
    raise ConfigError(f"{where}: '{key}': {place!r} holds no further keys")
