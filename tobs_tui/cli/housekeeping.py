"""What runs beside a run and never holds it up: session files that nobody needs go."""

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


@asynccontextmanager
async def collecting_sessions(settings: Settings) -> AsyncIterator[None]:
    """Collect session files in the background, where the settings want it."""
    collection = asyncio.ensure_future(_collect(settings))
    try:
        yield
    finally:
        await asyncio.wait({collection}, timeout=LAST_SECONDS)
        collection.cancel()


async def _collect(settings: Settings) -> None:
    try:
        gone = await run_gc(settings, now=time.time())
    except Exception as error:  # boundary: housekeeping must not end a run
        logs.warning("session files could not be looked through: %s", error)
        return
    for file in gone:
        logs.note("session file %s removed: %s", file.path.name, file.why)
