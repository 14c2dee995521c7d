"""How a recording may be recognised, and the record of one that cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.errors import AffektError, ConfigError
from affekt.records import SCHEMA_VERSION, ClipOptions


class Options(ClipOptions, total=False):
    """How to answer; every key may be left out or None.

    Attributes:
        channel: of the recording, counted from 0, instead of the mean of all.
        track: of several sound tracks, counted from 0, instead of the default one; of files alone.
        mix: take that mean for one voice, however different the channels are; without it and
            without a channel, channels that take turns are refused.
        emotions: vocabulary of 8, 7, 6 or 4 labels instead of the model's own.
        threshold: a confidence below it is uncertain (0 to 1); the model's own otherwise.
        top_k: how many labels to answer at most.
        purpose: "medical", "safety" or "research": why somebody at work or in education is
            analysed; stamped on the answer.
        consented: the speaker has consented to that purpose; stamped likewise.
    """

    track: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A recording among many that could not be recognised.

    Attributes:
        path: as it was given.
        error: what was wrong, and the remedy.
    """

    path: str
    error: AffektError

    @property
    def reason(self) -> str:
        """The error without the path that it begins with."""
        return str(self.error).removeprefix(f"{self.path}: ")

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain JSON types: a row that tells why there is no answer."""
        return {"schema_version": SCHEMA_VERSION, "path": self.path, "error": str(self.error)}


def truth(name: str, value: object) -> bool:
    """Return what an option says; left out or None, it says no.

    Args:
        name: of the option.
        value: as it was given.

    Raises:
        ConfigError: it is neither true nor false; a word such as "no" would count as a yes.
    """
    if value is None:
        return False
    if not isinstance(value, bool | np.bool_):
        raise ConfigError(f"{name} takes true or false alone, and no {value!r}")
    return bool(value)


def check_mix(channel: int | None, *, mix: bool | None) -> None:
    """Refuse to take one channel and all of them.

    Raises:
        ConfigError: both are asked for, or `mix` is neither true nor false.
    """
    if truth("mix", mix) and channel is not None:
        raise ConfigError("mix takes all channels for one voice: leave it out, or the channel")
