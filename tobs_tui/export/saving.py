"""Saves a run's progress: at intervals, when a drain has written what was in the pipe, and at the end.

What is saved is a cache: losing it costs the next run a second look, never a message.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from tobs_tui import logs
from tobs_tui.archive import Archive
from tobs_tui.errors import TobsError
from tobs_tui.shutdown import ShutdownManager

EVERY = 30.0
"""Seconds between two savings; one takes milliseconds, in a thread."""


class Saving:
    """`run` beside the fetching, until `finish`; the shutdown's cleanup saves what came after that."""

    def __init__(self, archive: Archive, shutdown: ShutdownManager, *, every: float = EVERY) -> None:
        self._archive = archive
        self._shutdown = shutdown
        self._every = every
        self._finished = asyncio.Event()
        self._busy = asyncio.Lock()
        shutdown.add_cleanup("saved progress", self.save)

    async def run(self) -> None:
        """Save at intervals, and make filters that are missing or lag behind."""
        while not self._finished.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._finished.wait(), self._every)
                return
            await self._save(builds=True, stop=self._finished.is_set)

    def stop(self) -> None:
        """Let `run` end soon."""
        self._finished.set()

    async def save(self) -> None:
        """Save what is there now."""
        await self._save(builds=False, stop=lambda: True)

    async def finish(self) -> None:
        """Save for the last time; where there is time, with filters that are missing."""
        self.stop()
        await self._save(builds=not self._shutdown.draining, stop=lambda: self._shutdown.draining)

    async def _save(self, *, builds: bool, stop: Callable[[], bool]) -> None:
        async with self._busy:
            try:
                await asyncio.to_thread(self._archive.save_progress, builds=builds, stop=stop)
            except TobsError as error:
                logs.warning("progress was not saved: %s", error.line())
