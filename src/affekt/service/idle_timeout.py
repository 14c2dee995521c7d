"""How long a sender is waited for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

from affekt.service.problems import Problem

Chunk = TypeVar("Chunk", bound=bytes | None)


class IdleTimeout:
    """Time that waiting uses up and bytes buy back.

    Whoever sends nothing is given up after `idle_s`; so is, a little later, whoever keeps a
    connection busy with a byte now and then. Only waiting counts, not what the service takes.

    Args:
        idle_s: without a byte; no number of bytes buys more.
        total_s: from now on, however much comes.
        least_bytes_per_s: a sender that keeps to it is waited for all of that time.
    """

    def __init__(self, *, idle_s: float, total_s: float, least_bytes_per_s: int) -> None:
        self._idle_s = idle_s
        self._total_s = total_s
        self._least_bytes_per_s = least_bytes_per_s
        self._left_s = idle_s
        self._deadline = time.monotonic() + total_s

    async def wait_for(self, coming: Awaitable[Chunk]) -> Chunk:
        """Wait for the next bytes, or for None, the end.

        Raises:
            Problem: they did not come in time.
        """
        begin = time.monotonic()
        try:
            async with asyncio.timeout(min(self._left_s, self._deadline - begin)):
                chunk = await coming
        except TimeoutError:
            raise self._stalled() from None
        earned_s = 0.0 if chunk is None else len(chunk) / self._least_bytes_per_s
        waited_s = time.monotonic() - begin
        self._left_s = min(self._idle_s, self._left_s - waited_s + earned_s)
        return chunk

    def _stalled(self) -> Problem:
        return Problem(
            "upload-stalled",
            f"nothing came for {self._idle_s:g} s, or less than {self._least_bytes_per_s} bytes a "
            f"second, or it lasted longer than {self._total_s:g} s",
            headers={"Connection": "close"},
        )
