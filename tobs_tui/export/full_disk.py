"""What a run does when the disk is full: it waits where a person can free space and say so, else it ends.

What was committed is safe either way, and what could not be written is tried again as it was.
"""

from __future__ import annotations

import asyncio

from tobs_tui import logs
from tobs_tui.errors import DiskFull
from tobs_tui.shutdown import ShutdownManager


class FullDisk:
    """Holds everybody who could not write until `again`."""

    def __init__(self, shutdown: ShutdownManager, *, waits: bool) -> None:
        self._shutdown = shutdown
        self._waits = waits
        self._freed = asyncio.Event()
        self._held = 0

    @property
    def held(self) -> bool:
        """Whether the run waits for space."""
        return self._held > 0

    def again(self) -> None:
        """Space was freed: let all who wait try once more."""
        self._freed.set()

    async def wait(self, error: DiskFull) -> None:
        """Wait until it is worth another try.

        :raises DiskFull: the error itself, where nobody is there to free space or the run stops meanwhile.
        """
        if not self._waits or self._shutdown.draining:
            raise error
        logs.error("%s", error.line())
        self._freed.clear()
        self._held += 1
        stop = asyncio.ensure_future(self._shutdown.wait_drain())
        freed = asyncio.ensure_future(self._freed.wait())
        try:
            await asyncio.wait({stop, freed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._held -= 1
            stop.cancel()
            freed.cancel()
        if self._shutdown.draining:
            raise error
