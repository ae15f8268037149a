"""What runs beside a run or the screen and never holds it up: session files that nobody needs go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tobs_tui import logs
from tobs_tui.config import Settings
from tobs_tui.telegram.session_gc import run_gc

LAST_SECONDS = 1.0
"""How long the end of a run waits for a collection that is still under way."""


class Housekeeping:
    """One collection of session files, where the settings want it, in the background."""

    def __init__(self) -> None:
        self._collection: asyncio.Future[None] | None = None

    def begin(self, settings: Settings) -> None:
        """Collect; the second time, nothing."""
        if self._collection is None:
            self._collection = asyncio.ensure_future(_collect(settings))

    async def end(self) -> None:
        """Give it its last second; what it did not come to, the next start does."""
        if self._collection is not None:
            await asyncio.wait({self._collection}, timeout=LAST_SECONDS)
            self._collection.cancel()


@asynccontextmanager
async def collecting_sessions(settings: Settings) -> AsyncIterator[None]:
    """Collect session files until the block ends, and a second longer."""
    housekeeping = Housekeeping()
    housekeeping.begin(settings)
    try:
        yield
    finally:
        await housekeeping.end()


async def _collect(settings: Settings) -> None:
    try:
        gone = await run_gc(settings, now=time.time())
    except Exception as error:  # boundary: housekeeping must not end a run
        logs.warning("session files could not be looked through: %s", error)
        return
    for file in gone:
        logs.note("session file %s removed: %s", file.path.name, file.why)
