"""The service: recognition over HTTP and WebSocket.

Nothing is loaded here: the limited worker processes import this package too, and must stay small.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from affekt._lazy import on_first_use

if TYPE_CHECKING:
    from affekt.service.keys import new_key
    from affekt.service.server import serve
    from affekt.service.settings import Settings

__all__ = [
    "Settings",
    "new_key",
    "serve",
]

_LAZY = {
    "Settings": "affekt.service.settings",
    "new_key": "affekt.service.keys",
    "serve": "affekt.service.server",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = on_first_use(__name__, _LAZY)
