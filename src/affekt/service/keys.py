"""API keys: kept as SHA-256 alone, compared in constant time.

A key is 32 random bytes, so that a plain hash is as good as a slow one: there is nothing to guess.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from affekt.errors import ConfigError
from affekt.files import read_text

VARIABLE = "AFFEKT_API_KEYS"

_LINE = re.compile(r"([A-Za-z0-9._-]{1,64}):([0-9a-f]{64})")


class Keys:
    """The keys that open the service; without any, it is open to all.

    Args:
        hashes: name of its holder to SHA-256 of the key, in hexadecimal.
    """

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = dict(hashes)

    @classmethod
    def read(cls, file: Path | None) -> Keys:
        """Read `NAME:SHA256` lines from a file, or, separated by commas, from AFFEKT_API_KEYS.

        Raises:
            ConfigError: the file cannot be read, holds none, or a line has another form.
        """
        if file is None:
            where, lines = VARIABLE, os.environ.get(VARIABLE, "").split(",")
        else:
            try:
                where, lines = str(file), read_text(file).splitlines()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigError(f"{file}: cannot be read: {error}") from None
        hashes = {}
        for line in (line.strip() for line in lines):
            if not line or line.startswith("#"):
                continue
            match = _LINE.fullmatch(line)
            if match is None:
                raise ConfigError(
                    f"{where}: expected NAME:SHA256 (64 hexadecimal digits); "
                    "`affekt serve --new-key NAME` makes one"
                )
            hashes[match[1]] = match[2]
        if file is not None and not hashes:
            raise ConfigError(f"{file}: holds no key, and would leave the service open to all")
        return cls(hashes)

    @property
    def needed(self) -> bool:
        """Somebody must show a key."""
        return bool(self._hashes)

    def holder(self, key: str | None) -> str | None:
        """Return whose key it is; takes as long whether and whichever one fits."""
        shown = hashlib.sha256((key or "").encode()).hexdigest()
        found = None
        for name, known in self._hashes.items():
            if hmac.compare_digest(shown, known):
                found = name
        return found


def new_key(name: str) -> tuple[str, str]:
    """Return a new key, and the line that belongs into the file of keys.

    Raises:
        ConfigError: the name has other characters than letters, digits, dots and dashes.
    """
    key = f"affekt_{secrets.token_urlsafe(32)}"
    line = f"{name}:{hashlib.sha256(key.encode()).hexdigest()}"
    if not _LINE.fullmatch(line):
        raise ConfigError(f"'{name}': a holder's name has letters, digits, dots and dashes")
    return key, line
