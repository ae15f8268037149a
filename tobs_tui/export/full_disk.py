"""What a run does when the disk is full: it waits where a person can free space, else it ends.

What was committed is safe either way, and what could not be written is tried again as it was: when the person
says so, and when there is space again.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tobs_tui import logs
from tobs_tui.errors import DiskFull
from tobs_tui.shutdown import ShutdownManager

ENOUGH = 64 << 20
"""Free bytes at which it is worth another try without a word from anybody."""
LOOK_FIRST, LOOK_MOST = 3.0, 60.0
"""Seconds between two looks at the free space; longer after each try that it did not help: what is missing
may be a quota, or room for much more."""


class FullDisk:
    """Holds everybody who could not write until `again`, or until `folders` have space."""

    def __init__(self, shutdown: ShutdownManager, folders: Sequence[Path], *, waits: bool) -> None:
        self._shutdown = shutdown
        self._folders = folders
        self._waits = waits
        self._freed = asyncio.Event()
        self._held = 0
        self._look_after = LOOK_FIRST
        self._told = ""

    @property
    def held(self) -> bool:
        """Whether the run waits for space."""
        return self._held > 0

    def again(self) -> None:
        """Space was freed: let all who wait try once more."""
        self._look_after, self._told = LOOK_FIRST, ""
        self._freed.set()

    async def wait(self, error: DiskFull) -> None:
        """Wait until it is worth another try.

        :raises DiskFull: the error itself, where nobody is there to free space or the run stops meanwhile.
        """
        if not self._waits or self._shutdown.draining:
            raise error
        if self._told != error.line():
            self._told = error.line()
            logs.error("%s", self._told)
        self._freed.clear()
        self._held += 1
        stop = asyncio.ensure_future(self._shutdown.wait_drain())
        freed = asyncio.ensure_future(self._freed.wait())
        try:
            while not await _any_of(stop, freed, within=self._look_after):
                if await asyncio.to_thread(self._has_space):
                    self._look_after = min(LOOK_MOST, 2 * self._look_after)
                    self._freed.set()
                    break
        finally:
            self._held -= 1
            stop.cancel()
            freed.cancel()
        if self._shutdown.draining:
            raise error

    def _has_space(self) -> bool:
        try:
            return all(shutil.disk_usage(each).free >= ENOUGH for each in self._folders if each.exists())
        except OSError:
            return False


async def _any_of(*tasks: asyncio.Future[Any], within: float) -> bool:
    done, _ = await asyncio.wait(tasks, timeout=within, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)
