"""How many workers read side by side where `SHARD_COUNT=0` leaves it to the governor.

There are as many as the governor lets requests be in flight, up to `MOST`: a worker has one under way. More
come at once, so that the governor can see what they bring; fewer only after a while, as what it tries in
passing is not worth a connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

FIRST, MOST = 4, 16
LOOK_EVERY = 0.25
"""Seconds between two looks."""
TOO_MANY_FOR = 5.0
"""Seconds for which there must be too many workers before some leave."""


class GovernedWorkers:
    """Adjusts the number of workers of one run.

    :param limit: how many requests for pages the governor lets be in flight; None before the first.
    :param idle: how many workers have nothing to do.
    :param resize: has so many workers from now on.
    """

    def __init__(
        self,
        *,
        limit: Callable[[], int | None],
        idle: Callable[[], int],
        resize: Callable[[int], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.count = FIRST
        self._limit = limit
        self._idle = idle
        self._resize = resize
        self._sleep = sleep
        self._spare_looks = 0
        self._spare_least = 0

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self._sleep(LOOK_EVERY)
            wanted = self.look()
            if wanted != self.count:
                self.count = wanted
                await self._resize(wanted)

    def look(self) -> int:
        """How many workers there should be, by what is seen now and was seen before."""
        limit, idle = self._limit(), self._idle()
        if limit is None:
            return self.count
        room = min(limit, MOST)
        if room > self.count and not idle:
            self._spare_looks = 0
            return room
        spare = max(self.count - room, idle)
        if not spare:
            self._spare_looks = 0
            return self.count
        self._spare_least = min(self._spare_least, spare) if self._spare_looks else spare
        self._spare_looks += 1
        if self._spare_looks * LOOK_EVERY < TOO_MANY_FOR:
            return self.count
        self._spare_looks = 0
        return max(1, self.count - self._spare_least)
