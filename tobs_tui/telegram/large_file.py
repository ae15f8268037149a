"""A file of several parts: many in flight, each at its offset, taken up again after a kill, checked by hash.

Parts that an earlier run left count once their checksum in the journal holds and, where Telegram gives
hashes, these do too. Parts of this run are authenticated by the wire (SHA-256 with the login's key) before
they are written; of large files a sample is held against Telegram's hashes too: all of them would be half as
many requests more. A governor that is stopped ends the fetching at part boundaries.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from telethon.errors import RPCError
from telethon.tl import functions

from tobs_tui.errors import FileFailed
from tobs_tui.telegram.file_asking import TRIES, FileAsking
from tobs_tui.telegram.file_requests import PART, Fetchable
from tobs_tui.telegram.governor import Stopped
from tobs_tui.telegram.part_file import PartFile, PartPlan, Stretch
from tobs_tui.telegram.rpc_errors import code_of

HASHED_FROM = 10 << 20
"""Files from this size on are held against Telegram's hashes in samples."""
HASHED_TOGETHER = 1 << 20
"""Bytes whose hashes are taken to come in one answer."""
SAMPLED = 16
"""One in so many stretches of that length is a sample; the first and the last always are."""
PARTS_AT_ONCE = 32
"""So many parts of one file are asked for side by side; how many go out is the governor's."""

_log = logging.getLogger("tobs_tui.telegram")


class LargeFile:
    """Fetches one file of a known size; used once."""

    def __init__(
        self, asking: FileAsking, file: Fetchable, path: Path, on_bytes: Callable[[int], None]
    ) -> None:
        self._asking = asking
        self._path = path
        self._plan = PartPlan(file.id, file.size, PART, file.thumb)
        self._on_bytes = on_bytes
        self._hashes = _Hashes(asking)
        self._to_check: deque[int] = deque()
        self._to_fetch: deque[int] = deque()
        self._stopped: Stopped | None = None

    async def fetch(self) -> int:
        """Bring all parts and finish the part file; gives its size. Raises as `FileDownloads.download`."""
        part_file = await asyncio.to_thread(PartFile.open, self._path, self._plan)
        try:
            await self._fetch_into(part_file)
        finally:
            # In a thread, as a write that was cancelled may still hold the file.
            await asyncio.shield(asyncio.to_thread(part_file.close))
        return self._plan.size

    async def _fetch_into(self, part_file: PartFile) -> None:
        self._to_check.extend(sorted(part_file.found))
        self._to_fetch.extend(part_file.missing)
        if self._to_check:
            self._on_bytes(sum(self._plan.length(index) for index in self._to_check))
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(PARTS_AT_ONCE, self._plan.count)):
                    workers.create_task(self._work(part_file))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        if self._stopped is not None:
            raise self._stopped
        await asyncio.to_thread(part_file.finish)

    async def _work(self, part_file: PartFile) -> None:
        """Part after part, until none is left or the governor is stopped; parts under way come in still."""
        try:
            while self._stopped is None:
                if self._to_check:
                    await self._check_found(part_file, self._to_check.popleft())
                elif self._to_fetch:
                    await self._fetch_part(part_file, self._to_fetch.popleft())
                else:
                    return
        except Stopped as stopped:
            self._stopped = stopped

    async def _check_found(self, part_file: PartFile, index: int) -> None:
        """Hold a part of an earlier run against Telegram's hashes, as far as Telegram gives any."""
        hashes = await self._hashes_of(index)
        if not await asyncio.to_thread(part_file.matches, hashes):
            part_file.drop(index)
            self._on_bytes(-self._plan.length(index))
            self._to_fetch.append(index)

    async def _fetch_part(self, part_file: PartFile, index: int) -> None:
        plan = self._plan
        hashes = await self._hashes_of(index) if self._is_sample(index) else []
        for _ in range(TRIES):
            data = await self._asking.whole_part(index * plan.part, plan.length(index))
            if await asyncio.to_thread(part_file.write, index, data, hashes):
                self._on_bytes(plan.length(index))
                return
        raise FileFailed(
            f"The file comes altered: its part at {index * plan.part:,} has not the hash that Telegram gives",
            "The next run tries again",
        )

    def _is_sample(self, index: int) -> bool:
        stretch = index * self._plan.part // HASHED_TOGETHER
        last = (self._plan.size - 1) // HASHED_TOGETHER
        return self._plan.size >= HASHED_FROM and (stretch % SAMPLED == 0 or stretch == last)

    async def _hashes_of(self, index: int) -> list[Stretch]:
        begin = index * self._plan.part
        return await self._hashes.within(begin, begin + self._plan.length(index))


class _Hashes:
    """Telegram's hashes of a file's stretches, asked for where they are needed."""

    def __init__(self, asking: FileAsking) -> None:
        self._asking = asking
        self._by_offset: dict[int, Any] = {}
        self._given = True
        self._asked: dict[int, asyncio.Lock] = {}

    async def within(self, begin: int, end: int) -> list[Stretch]:
        """The hashes of stretches that lie between the two offsets, in order."""
        found: list[Stretch] = []
        at = begin
        while at < end and self._given:
            hash_ = self._by_offset.pop(at, None) or await self._ask(at)
            if hash_ is None or hash_.limit <= 0:
                break
            if at + hash_.limit <= end:
                found.append(Stretch(hash_.offset, hash_.limit, hash_.hash))
            at += hash_.limit
        return found

    async def _ask(self, offset: int) -> Any:
        """The hash of the stretch that begins there; None when Telegram gives none.

        One answer is good for several parts: those near it that are asked for meanwhile wait for it.
        """
        near = offset // HASHED_TOGETHER
        async with self._asked.setdefault(near, asyncio.Lock()):
            if offset not in self._by_offset and self._given:
                try:
                    hashes = await self._asking.send(
                        lambda location: functions.upload.GetFileHashesRequest(location, offset)
                    )
                except (RPCError, FileFailed) as error:
                    _log.info("Telegram gives no hashes of a file (%s)", code_of(error) or error)
                    self._given = False
                    return None
                self._by_offset.update((hash_.offset, hash_) for hash_ in hashes)
        return self._by_offset.pop(offset, None)
