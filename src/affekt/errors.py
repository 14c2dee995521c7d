"""What can go wrong, said so that a person can mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class AffektError(Exception):
    """Root of every error a user can cause: what was wrong, where, and the remedy."""


class AudioError(AffektError):
    """A recording cannot be read, or holds nothing that could be recognised."""


class SilentError(AudioError):
    """A recording, or one channel of it, holds no sound."""


class BundleError(AffektError):
    """A model file is missing, damaged, or not one of ours."""


class ConfigError(AffektError):
    """A recipe or an option has an unknown key or an impossible value."""


class CorpusError(AffektError):
    """A corpus is unknown, missing, or not what its declaration says."""


class DownloadError(AffektError):
    """A download broke off, stalled, or brought something else than was asked for."""


class MissingExtraError(AffektError):
    """An optional part is not installed; the message holds the command that installs it."""

    def __init__(self, *, what: str, package: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {package}, which is not installed: pip install 'affekt[{extra}]'"
        )
        self.extra = extra


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """Return `` (did you mean 'x'?)`` for the closest choice, or every choice if none is close."""
    known = sorted(choices)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f" (did you mean '{close[0]}'?)" if close else f" (known: {', '.join(known)})"
