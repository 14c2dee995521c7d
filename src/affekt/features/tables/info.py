"""What a table of features is made of, as it is kept with the table."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from affekt.errors import ConfigError
from affekt.features.sets import FEATURE_SETS

FORMAT_VERSION = 2


class Skipped(NamedTuple):
    """A clip that is not in the table, and why."""

    clip: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableInfo:
    """What a table is made of.

    Attributes:
        feature_set, set_version: name and version of the set.
        shape: of the features of one clip.
        affekt_version: that wrote it.
        corpora: the corpora asked for, in their order.
        asked: clips they had.
        asked_sha256: of what was known of these clips.
        min_duration_s: shorter clips were left out; None where none were.
        skipped: clips that could not be read.
        too_short: number of clips left out for their length.
        date: when the table was written, ISO 8601, UTC.
    """

    feature_set: str
    set_version: int
    shape: tuple[int, ...]
    affekt_version: str
    corpora: tuple[str, ...]
    asked: int
    asked_sha256: str
    min_duration_s: float | None
    skipped: tuple[Skipped, ...]
    too_short: int
    date: str

    def to_json(self) -> str:
        """Return the information as JSON, with the version of the format."""
        return json.dumps({"format": FORMAT_VERSION, **dataclasses.asdict(self)})

    @classmethod
    def from_json(cls, text: str | bytes, *, where: Path) -> TableInfo:
        """Read what `to_json` wrote.

        Raises:
            ConfigError: it is damaged, or of a newer format.
        """
        try:
            document = json.loads(text)
            version = document.pop("format")
            if version != FORMAT_VERSION:
                raise ConfigError(
                    f"{where}: a table of format {version}, and this Affekt reads format "
                    f"{FORMAT_VERSION}: extract the features again"
                )
            document["skipped"] = tuple(Skipped(*item) for item in document["skipped"])
            for name in ("shape", "corpora"):
                document[name] = tuple(document[name])
            return cls(**document)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise damaged(where, f"its metadata cannot be read ({error})") from None


def check_info(info: TableInfo, *, where: Path) -> None:
    """Refuse features that this version would make otherwise.

    Raises:
        ConfigError: the set is unknown, or has another version or shape here.
    """
    if info.feature_set not in FEATURE_SETS:
        raise ConfigError(
            f"{where}: features of the set '{info.feature_set}', which this Affekt does not know "
            f"(written by Affekt {info.affekt_version})"
        )
    features = FEATURE_SETS[info.feature_set]
    if (info.set_version, info.shape) != (features.version, features.shape):
        raise ConfigError(
            f"{where}: version {info.set_version} of {info.feature_set}, written by Affekt "
            f"{info.affekt_version}; version {features.version} is in use here: "
            "extract the features again"
        )


def damaged(path: Path, what: str) -> ConfigError:
    """Return the error of a table that cannot be read."""
    return ConfigError(f"{path}: a damaged table, {what}: extract the features again (--force)")
