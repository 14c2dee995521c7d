"""Doors that load a name on first use, so that importing a room costs milliseconds."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def on_first_use(
    room: str, names: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a room.

    Args:
        room: its `__name__`.
        names: the module that holds a name, by the name.
    """

    def find(name: str) -> Any:
        if name in names:
            return getattr(importlib.import_module(names[name]), name)
        raise AttributeError(f"module '{room}' has no attribute '{name}'")

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[room]), *names})

    return find, listed
