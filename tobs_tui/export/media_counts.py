"""How many files a run has fetched and still has to: counted in the archive now and then, kept up between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from tobs_tui.archive import ArchiveReader, MediaWant
from tobs_tui.export.chat_run import ChatRun
from tobs_tui.export.media_plan import MediaHistory

EVERY = 2.0
"""Seconds between two counts of a chat whose messages are still coming."""
SHARE = 0.02
"""The share of the time that may be spent on counting such chats."""


class MediaCounts:
    """The numbers of one run. `left` is what is known so far; both files and bytes."""

    def __init__(self, reader: ArchiveReader, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._clock = clock
        self._now: dict[ChatRun, None] = {}
        self._soon: dict[ChatRun, None] = {}
        self._not_before = 0.0
        self._left: dict[ChatRun, tuple[int, int]] = {}
        self._failed: dict[ChatRun, int] = {}
        self.files = 0
        self.bytes = 0
        self.failed = 0
        self.files_left = 0
        self.bytes_left = 0

    def count_again(self, run: ChatRun) -> None:
        """Much has changed: count as soon as may be."""
        self._now[run] = None

    def count_soon(self, run: ChatRun) -> None:
        """Some messages came."""
        self._soon[run] = None

    def due(self) -> ChatRun | None:
        """A chat that is to be counted now."""
        if self._now:
            return self._now.popitem()[0]
        if self._soon and self._clock() >= self._not_before:
            return self._soon.popitem()[0]
        return None

    async def count(self, run: ChatRun, histories: Sequence[MediaHistory]) -> None:
        """Count what is left of a chat."""
        began = self._clock()
        self._soon.pop(run, None)
        if not histories:
            return
        want = histories[0].want
        ids = [history.chat.id for history in histories]
        files, size = await asyncio.to_thread(self._reader.media_totals, ids, want)
        # A file that failed in this run is still missing, but no longer to come.
        self._set_left(run, max(0, files - self._failed.get(run, 0)), size)
        took = self._clock() - began
        self._not_before = self._clock() + max(EVERY, took / SHARE)

    async def exactly(self, histories: Iterable[MediaHistory]) -> tuple[int, int]:
        """The files that some histories still miss, and their bytes, those that several show only once."""
        chats: dict[MediaWant, list[int]] = {}
        for history in histories:
            chats.setdefault(history.want, []).append(history.chat.id)
        files = size = 0
        for want, ids in chats.items():
            some, some_size = await asyncio.to_thread(self._reader.media_totals, ids, want)
            files, size = files + some, size + some_size
        return files, size

    def done(self, run: ChatRun, expected: int, size: int) -> None:
        """A file of so many expected bytes has come with so many."""
        self.files += 1
        self.bytes += size
        run.files += 1
        run.file_bytes += size
        files_left, bytes_left = self._left.get(run, (0, 0))
        self._set_left(run, max(0, files_left - 1), max(0, bytes_left - expected))

    def gave_up(self, run: ChatRun, expected: int) -> None:
        """A file of so many bytes is not to be had."""
        self.failed += 1
        run.files_failed += 1
        self._failed[run] = self._failed.get(run, 0) + 1
        files_left, bytes_left = self._left.get(run, (0, 0))
        self._set_left(run, max(0, files_left - 1), max(0, bytes_left - expected))

    def forget(self, run: ChatRun) -> None:
        """A chat's files are all settled."""
        self._set_left(run, 0, 0)
        for kept in (self._left, self._failed, self._now, self._soon):
            kept.pop(run, None)

    def _set_left(self, run: ChatRun, files: int, size: int) -> None:
        files_before, bytes_before = self._left.get(run, (0, 0))
        self._left[run] = (files, size)
        self.files_left += files - files_before
        self.bytes_left += size - bytes_before
        run.files_left = files
