"""What was heard before, kept in one file: a second audit listens to what has changed alone."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from affekt.auditing.evidence import VERSION as CONFIRMED_VERSION
from affekt.auditing.evidence import Evidence
from affekt.auditing.fingerprint import Fingerprint
from affekt.auditing.listen import VERSION, Heard
from affekt.auditing.matching import VERSION as MATCHING_VERSION
from affekt.auditing.matching import Change, Likeness
from affekt.auditing.waveform import Correlation
from affekt.errors import ConfigError
from affekt.places import cache_root
from affekt.records import Stretch

_TABLES = """
CREATE TABLE IF NOT EXISTS heard (
    path TEXT PRIMARY KEY, size INTEGER, changed_ns INTEGER, version INTEGER,
    facts TEXT, shape TEXT, levels BLOB
);
CREATE TABLE IF NOT EXISTS alike (key TEXT PRIMARY KEY, likenesses TEXT);
CREATE TABLE IF NOT EXISTS evidence (
    first TEXT, second TEXT, change TEXT, version INTEGER, evidence TEXT,
    PRIMARY KEY (first, second, change)
);
"""
_COMPARISONS_HELD = 20
State = tuple[int, int]
# Digests of the two sounds, and the change between them.
Pair = tuple[str, str, str]


def default_store() -> Path:
    """Return where audits are kept, in the cache."""
    return cache_root() / "audit.sqlite"


class Store:
    """Records of recordings by path, size and time; of pairs by the digests of their sound.

    Args:
        path: the file; made if it is not there.

    Raises:
        ConfigError: it cannot be opened, or is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._told():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, timeout=60.0)
            self._file.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def heard(self, recordings: Iterable[Stretch]) -> dict[Stretch, Heard]:
        """Return what is known of those recordings, as they are now."""
        known: dict[Stretch, Heard] = {}
        with self._told():
            for item in recordings:
                row = self._file.execute(
                    "SELECT facts, shape, levels FROM heard "
                    "WHERE path = ? AND size = ? AND changed_ns = ? AND version = ?",
                    (_name(item), *state(item.path), VERSION),
                ).fetchone()
                if row is not None:
                    known[item] = _unpack(*row)
        return known

    def keep_heard(self, items: Iterable[tuple[Stretch, State, Heard]]) -> None:
        """Keep what was heard in recordings, whose states were taken before."""
        with self._told(), self._file:
            self._file.executemany(
                "INSERT OR REPLACE INTO heard VALUES (?, ?, ?, ?, ?, ?, ?)",
                [(_name(stretch), *at, VERSION, *_pack(item)) for stretch, at, item in items],
            )

    def alike(self, digests: Sequence[str]) -> list[Likeness] | None:
        """Return which of those sounds are alike if they were compared before."""
        with self._told():
            row = self._file.execute(
                "SELECT likenesses FROM alike WHERE key = ?", (_key(digests),)
            ).fetchone()
        if row is None:
            return None
        return [
            Likeness(first, second, Change(*change), *rest)
            for first, second, change, *rest in json.loads(row[0])
        ]

    def keep_alike(self, digests: Sequence[str], found: Sequence[Likeness]) -> None:
        """Keep which of those sounds are alike; the last few comparisons are held."""
        with self._told(), self._file:
            self._file.execute(
                "INSERT OR REPLACE INTO alike VALUES (?, ?)", (_key(digests), json.dumps(found))
            )
            self._file.execute(
                "DELETE FROM alike WHERE rowid NOT IN "
                "(SELECT rowid FROM alike ORDER BY rowid DESC LIMIT ?)",
                (_COMPARISONS_HELD,),
            )

    def confirmed(self, pair: Pair) -> Evidence | None:
        """Return the evidence in two sounds if it was looked for before."""
        with self._told():
            row = self._file.execute(
                "SELECT evidence FROM evidence "
                "WHERE first = ? AND second = ? AND change = ? AND version = ?",
                (*pair, CONFIRMED_VERSION),
            ).fetchone()
        if row is None:
            return None
        correlation, *rest = json.loads(row[0])
        return Evidence(Correlation(*correlation), *rest)

    def keep_confirmed(self, items: Iterable[tuple[Pair, Evidence]]) -> None:
        """Keep the evidence in pairs."""
        with self._told(), self._file:
            self._file.executemany(
                "INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?, ?)",
                [(*pair, CONFIRMED_VERSION, json.dumps(found)) for pair, found in items],
            )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise ConfigError(
                f"{self.path}: what was heard cannot be kept there: {error}; remove the file, or "
                "set AFFEKT_CACHE to a folder with room"
            ) from error


def _name(item: Stretch) -> str | bytes:
    """Return what a recording is kept under: its path, with bytes where they are no text."""
    written = str(item.path.absolute())
    if not item.whole:
        written += f"#t={item.start_s or 0.0!r},{'' if item.end_s is None else repr(item.end_s)}"
    try:
        written.encode()
    except UnicodeEncodeError:
        return os.fsencode(written)
    return written


def _key(digests: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([MATCHING_VERSION, VERSION, *digests]).encode()).hexdigest()


def state(path: Path) -> State:
    """Return what changes when a file is replaced: its size and time."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return (-1, 0)
    return (found.st_size, found.st_mtime_ns)


def _pack(item: Heard) -> tuple[str, str, bytes]:
    facts = {
        field.name: getattr(item, field.name)
        for field in dataclasses.fields(item)
        if field.name != "print"
    }
    levels = item.print.levels
    shape = [*levels.shape, item.print.start]
    return json.dumps(facts), json.dumps(shape), zlib.compress(levels.tobytes(), 1)


def _unpack(facts: str, shape: str, levels: bytes) -> Heard:
    *size, start = json.loads(shape)
    values = np.frombuffer(zlib.decompress(levels), np.uint8).reshape(size)
    known = json.loads(facts)
    known["warnings"] = tuple(known["warnings"])
    return Heard(**known, print=Fingerprint(values, start))
