"""Doors that load a name on first use, so that importing a room costs milliseconds."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any

from affekt.errors import MissingExtraError


def on_first_use(
    room: str, names: Mapping[str, str], *, what: str = "", extra: str = ""
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a room.

    Args:
        room: its `__name__`.
        names: the module that holds a name, by the name.
        what: needs the packages of an extra.
        extra: that installs them.
    """

    def find(name: str) -> Any:
        if name not in names:
            raise AttributeError(f"module '{room}' has no attribute '{name}'")
        try:
            return getattr(importlib.import_module(names[name]), name)
        except ModuleNotFoundError as error:
            if not extra or not error.name or error.name.startswith("affekt"):
                raise
            raise MissingExtraError(what=what, package=error.name, extra=extra) from None

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[room]), *names})

    return find, listed
