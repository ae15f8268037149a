"""How many workers a person asked for: keys come faster than workers, which need connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tobs_tui import logs
from tobs_tui.errors import TobsError


class WorkersAsked:
    """Changes of their number, one at a time; of several asked for meanwhile the last one counts."""

    def __init__(self, change: Callable[[int], Awaitable[None]]) -> None:
        self._change = change
        self._changing: asyncio.Task[None] | None = None
        self.wanted: int | None = None
        """What was asked for and is not there yet."""

    def ask(self, count: int) -> None:
        """Have so many soon."""
        self.wanted = count
        if self._changing is None or self._changing.done():
            self._changing = asyncio.get_running_loop().create_task(self._reach(count))

    async def _reach(self, count: int) -> None:
        try:
            await self._change(count)
            while self.wanted is not None and self.wanted != count:
                count = self.wanted
                await self._change(count)
        except TobsError as error:
            logs.error("%s", error.line())
        finally:
            self.wanted = None
