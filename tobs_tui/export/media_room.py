"""Whether the files that a run will fetch fit onto the disk: looked at before they come."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from tobs_tui.errors import DiskFull
from tobs_tui.vault.media_names import PARTIAL_FOLDER
from tobs_tui.vault.quantities import counted, size

SPARED = 16 << 20
"""Bytes that files leave free for the archive and the notes."""


class MediaRoom:
    """One vault's disk. `free` gives the free bytes under a path."""

    def __init__(self, vault: Path, free: Callable[[Path], int] | None = None) -> None:
        self._vault = vault
        self._free = free or (lambda path: shutil.disk_usage(path).free)

    async def check(
        self, files: int, needed: int, exactly: Callable[[], Awaitable[tuple[int, int]]] | None = None
    ) -> None:
        """See that so many files of so many bytes fit, those that came in part counted as far as they did.

        :param exactly: counts both anew before a disk is called full: files that several chats show may have
            been counted for each of them.
        :raises DiskFull: they don't.
        """
        full = await self._full(files, needed)
        if full is not None and exactly is not None:
            full = await self._full(*await exactly())
        if full is not None:
            raise full

    async def _full(self, files: int, needed: int) -> DiskFull | None:
        if not needed:
            return None
        free, partly = await asyncio.to_thread(self._look)
        if free is None or needed - partly <= max(0, free - SPARED):
            return None
        fit = "doesn't fit" if files == 1 else "don't fit"
        return DiskFull(
            f"{counted(files, 'file')} of {size(needed)} {fit}: {size(free)} are free for {self._vault}, "
            f"{size(SPARED)} of them kept for notes",
            "Messages are saved. Free some space, or leave files out with --media or --max-file-size",
        )

    def _look(self) -> tuple[int | None, int]:
        """The free bytes, None where nobody can tell; and what partial files hold already."""
        try:
            there = next(folder for folder in (self._vault, *self._vault.parents) if folder.exists())
            free = self._free(there)
        except (OSError, StopIteration):
            return None, 0
        try:
            held = sum(_allocated(path) for path in (self._vault / PARTIAL_FOLDER).iterdir())
        except OSError:
            held = 0
        return free, held


def _allocated(path: Path) -> int:
    status = path.stat()
    blocks: int | None = getattr(status, "st_blocks", None)
    return status.st_size if blocks is None else blocks * 512
