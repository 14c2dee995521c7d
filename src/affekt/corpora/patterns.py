"""Patterns of paths, which read what a path says of a recording."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath

from affekt.corpora.tables import COLUMNS, plain
from affekt.errors import ConfigError, did_you_mean

# What a path can hold.
FIELDS = ("emotion", "speaker", "sentence", "take", "split", "gender", "intensity", "language")
_NAMES = {name: field for field in FIELDS for name in COLUMNS[field]}
_TOKEN = re.compile(r"\{([^{}]*)\}|\*\*/|\*|\?|[{}]")


@dataclass(frozen=True)
class PathPattern:
    """A pattern such as `{speaker}/{label}/*.wav`.

    `{name}` is a field: a part of one folder's or file's name. `*` is anything within a
    name, `?` one character, `**/` any number of folders. The ending may be left out.

    Attributes:
        text: the pattern.

    Raises:
        ConfigError: it has no field, or one that a path cannot hold.
    """

    text: str

    def __post_init__(self) -> None:
        """Check the pattern."""
        if not self.fields:
            raise ConfigError(
                f"'{self.text}' has no field: name one, as in {{speaker}}/{{label}}/*"
            )

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of its fields."""
        return tuple(self._expression.groupindex)

    def match(self, path: PurePath) -> Mapping[str, str] | None:
        """Return what a path says; None where it does not follow the pattern."""
        for written in (path.with_suffix("").as_posix() if path.name else "", path.as_posix()):
            found = self._expression.fullmatch(written)
            if found is not None:
                return found.groupdict()
        return None

    def match_end(self, path: PurePath) -> Mapping[str, str] | None:
        """Return what the end of a path says, with as many folders as the pattern has."""
        parts = path.parts if "**/" in self.text else path.parts[-(self.text.count("/") + 1) :]
        return self.match(PurePath(*parts))

    @cached_property
    def _expression(self) -> re.Pattern[str]:
        written, begin, seen = "", 0, set[str]()
        for token in _TOKEN.finditer(self.text):
            written += re.escape(self.text[begin : token.start()])
            begin = token.end()
            match token[0]:
                case "*":
                    written += "[^/]*"
                case "?":
                    written += "[^/]"
                case "**/":
                    written += "(?:[^/]+/)*"
                case "{" | "}":
                    raise ConfigError(f"'{self.text}' has a brace without its other half")
                case _:
                    field = _NAMES.get(plain(token[1]))
                    if field is None:
                        raise ConfigError(
                            f"'{self.text}': a path cannot hold '{token[1]}'"
                            f"{did_you_mean(token[1], ('label', *FIELDS[1:]))}"
                        )
                    written += f"(?P={field})" if field in seen else f"(?P<{field}>[^/]+?)"
                    seen.add(field)
        return re.compile(written + re.escape(self.text[begin:]))
