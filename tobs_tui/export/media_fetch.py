"""One file from Telegram into the vault: fetched beside, placed under its name, told to the archive.

It promises that a file is done in the archive only once it stands whole under its name; what a kill leaves
half-way the next run takes up. Which file comes when is left to `media_stage.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from tobs_tui.archive import Archive, FileFate, StoredFile
from tobs_tui.errors import DiskFull, EndsElsewhere, FileFailed, ServerUnreachable
from tobs_tui.export.full_disk import FullDisk
from tobs_tui.export.media_lanes import Waiting
from tobs_tui.export.media_references import References
from tobs_tui.model import File, NoteKey
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.download import FileDownloads
from tobs_tui.vault.media_check import clean_parts, forget_missing
from tobs_tui.vault.media_files import MediaShelf
from tobs_tui.vault.media_names import PARTIAL_FOLDER

NoteOf = Callable[[int, int | None], NoteKey]

GATHERED = 256
"""So many fates at the most are written in one transaction."""
LINGER = 0.05
"""Seconds in which fates gather: each transaction waits for the disk."""


class Came(Struct, frozen=True):
    """A file that has come whole, beside its place."""

    file: StoredFile
    part: Path
    size: int


class MediaFetch:
    """Brings files into one vault, any number at once. `run` must be running while `keep` is awaited."""

    def __init__(
        self,
        account: Account,
        archive: Archive,
        downloads: FileDownloads,
        vault: Path,
        note_of: NoteOf,
        full_disk: FullDisk,
    ) -> None:
        self._archive = archive
        self._downloads = downloads
        self._vault = vault
        self._note_of = note_of
        self._full_disk = full_disk
        self._shelf = MediaShelf(archive, vault)
        self.references = References(account, archive)
        self._fates: list[tuple[FileFate, asyncio.Future[None]]] = []
        self._told = asyncio.Event()

    async def fetch(self, waiting: Waiting, on_bytes: Callable[[int], None]) -> Came:
        """Bring a file whole into the folder of partial files; raises as `FileDownloads.download`."""
        file = self.references.newest(waiting.file)
        part = part_of(self._vault, file.id)
        used = [file.reference]
        moved: list[int] = []

        async def renewed() -> File | None:
            fresh = await self.references.renew(waiting, used[-1])
            if fresh is not None:
                used.append(fresh.reference)
            return fresh

        while True:
            try:
                came = await self._downloads.download(
                    file,
                    part,
                    chat_id=waiting.history.chat.id,
                    refresh=renewed,
                    on_bytes=on_bytes,
                    on_moved=moved.append,
                )
            except DiskFull as error:
                await self._full_disk.wait(error)
                continue
            except EndsElsewhere as error:
                if error.what != waiting.file.reason:
                    raise
                # An earlier run found the same end: it was no trouble of the moment.
                file = replace(file, size=error.size)
                continue
            except ServerUnreachable as error:
                if not moved:
                    raise
                # Not the DC that its message tells is away, nor are that one's other files.
                what = f"it lives on DC {moved[-1]}, which could not be reached"
                raise FileFailed(what, "The next run tries again") from error
            if moved:
                await asyncio.to_thread(self._keep_dc, file.id, moved[-1])
            return Came(waiting.file, came.path, came.size)

    async def keep(self, came: Came) -> None:
        """Put a file that came in its place and make it done.

        :raises DiskFull: :raises VaultNotWritable: :raises ArchiveError: what came is still there.
        """
        while True:
            try:
                # Its true size: the one that a photo's message tells is a hint only.
                fate = await asyncio.to_thread(self._shelf.put, replace(came.file, size=came.size), came.part)
            except DiskFull as error:
                await self._full_disk.wait(error)
                continue
            break
        await self.tell(fate if came.size == came.file.size else replace(fate, size=came.size))

    async def tell(self, fate: FileFate) -> None:
        """Keep what became of a file; returns when that is safe."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._fates.append((fate, written))
        self._told.set()
        await written

    async def run(self) -> None:
        """Write what is told, until cancelled."""
        while True:
            await self._told.wait()
            await asyncio.sleep(LINGER)
            self._told.clear()
            while self._fates:
                gathered, self._fates = self._fates[:GATHERED], self._fates[GATHERED:]
                await self._write(gathered)

    def tidy(self) -> int:
        """Have what somebody took out of the vault asked for again; returns how many. In a thread.

        What files that need no more left in the folder of partial files is removed.
        """
        missing = forget_missing(self._archive, self._vault, self._note_of)
        clean_parts(self._archive, self._vault)
        return missing

    async def _write(self, gathered: list[tuple[FileFate, asyncio.Future[None]]]) -> None:
        fates = [fate for fate, _ in gathered]
        try:
            while True:
                try:
                    await asyncio.to_thread(self._archive.save_fates, fates, self._note_of)
                except DiskFull as error:
                    await self._full_disk.wait(error)
                    continue
                break
        except Exception as error:  # boundary: those who wait for it are told, each of them
            for _, written in gathered:
                if not written.done():
                    written.set_exception(error)
            return
        for _, written in gathered:
            if not written.done():
                written.set_result(None)

    def _keep_dc(self, file_id: int, dc: int) -> None:
        """The file lives elsewhere than its message says: the next run asks there at once."""
        file = self._archive.file(file_id)
        if file is not None:
            moved = {name: getattr(file, name) for name in ("id", "kind", "size", "access_hash", "date")}
            self._archive.refresh_file(File(**moved, dc=dc, reference=file.reference))


def part_of(vault: Path, file_id: int) -> Path:
    """Where a file is while it comes."""
    return vault / PARTIAL_FOLDER / str(file_id)
