"""Turns ended chats into notes and search, one at a time in a thread, beside the fetching.

A chat's notes come out as it ends. What a stop has no time for stays marked in the archive, and the next
run publishes it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from tobs_tui import logs
from tobs_tui.archive import Archive, Indexer
from tobs_tui.errors import DiskFull, NoteLeftAlone, TobsError
from tobs_tui.export.chat_run import ChatRun, ChatState
from tobs_tui.export.clean_notes import CleanNotes
from tobs_tui.export.early import EarlyPublishing
from tobs_tui.export.full_disk import FullDisk
from tobs_tui.vault.publisher import Publisher, PublishReport
from tobs_tui.vault.quantities import counted

T = TypeVar("T")

INDEX_STEP = 2_000
"""Messages indexed between two looks at whether to stop."""


class Publishing:
    """Owns the order of publishing; `run` ends after `finish` once everything put up is out."""

    def __init__(
        self,
        archive: Archive,
        publisher: Publisher,
        indexer: Indexer,
        clean: CleanNotes,
        *,
        early: EarlyPublishing,
        full_disk: FullDisk,
        prepare: Callable[[ChatRun], None],
        asked: Callable[[ChatRun], str | None],
        stop: Callable[[], bool],
        problem: Callable[[int | None, TobsError], None],
    ) -> None:
        """`prepare` settles in the archive what a chat's notes will say; it runs in a thread.

        `asked` names what that depends on; None where a chat can't be known to be clean.
        """
        self._archive = archive
        self._publisher = publisher
        self._clean = clean
        self._indexer = indexer
        self._early = early
        self._full_disk = full_disk
        self._prepare = prepare
        self._asked = asked
        self._stop = stop
        self._problem = problem
        # Holds each chat of the job at most twice: when its messages are there, and its files.
        self._ended: deque[ChatRun] = deque()
        self._changed = asyncio.Event()
        self._finishing = False
        self._disk_is_full = False
        self.notes_left = 0
        """Notes that a stop left for the next run."""

    def ended(self, run: ChatRun) -> None:
        """Put a chat up whose messages are all committed, and again once its files are there."""
        self._ended.append(run)
        self._changed.set()

    def finish(self) -> None:
        """No more chats will come."""
        self._finishing = True
        self._changed.set()

    async def run(self) -> None:
        """Publish what is put up, until `finish` and nothing is left."""
        while True:
            while self._ended:
                await self._publish_ended(self._ended.popleft())
                await asyncio.sleep(0)  # a clean chat waits for nothing, and keys must be answered
            if self._finishing:
                return
            self._changed.clear()
            await self._early.until(self._changed)

    async def publish_left(self, known: dict[int, ChatRun]) -> None:
        """Publish what is still dirty: of chats that were stopped, and of runs that were killed."""
        for chat_id in await asyncio.to_thread(self._archive.dirty_chats):
            if self._disk_is_full:
                return
            run = known.get(chat_id)
            asked = self._asked(run) if run is not None else None
            files_to_come = run is not None and run.files_open
            report = await self._publish(chat_id, asked, files_to_come=files_to_come)
            if chat_id in known and report is not None:
                known[chat_id].notes += report.written
        if not self._stop() and not self._disk_is_full:
            await self._settle(None, self._publisher.finish)

    async def index(self) -> None:
        """Bring the search up to date; what a stop leaves, the next run or search does."""
        while not self._stop() and not self._disk_is_full:
            try:
                done = await self._written(partial(self._indexer.index_some, INDEX_STEP))
            except TobsError as error:
                self._problem(None, error)
                return
            if not done:
                return

    async def _publish_ended(self, run: ChatRun) -> None:
        if self._disk_is_full:
            run.state = ChatState.STOPPED
            return
        asked = self._asked(run)
        is_clean = asked is not None and self._clean.is_clean(run.chat.id, asked)
        if await self._missing(run.chat.id) or not is_clean:
            try:
                await self._written(partial(self._prepare, run))
            except TobsError as error:
                self._problem(run.chat.id, error)
            report = await self._publish(run.chat.id, asked, files_to_come=run.files_open)
            run.notes += report.written if report is not None else 0
        if run.state is ChatState.PUBLISHING:
            run.state = ChatState.FILES if run.files_open else ChatState.DONE
            if run.state is ChatState.DONE:
                _tell_done(run)

    async def _missing(self, chat_id: int) -> bool:
        """Whether somebody took a published note away: it comes back."""
        try:
            return await asyncio.to_thread(self._publisher.find_missing, chat_id)
        except TobsError as error:
            self._problem(chat_id, error)
            return True

    async def _publish(self, chat_id: int, asked: str | None, *, files_to_come: bool) -> PublishReport | None:
        changes = self._clean.changes(chat_id)
        publish = self._publisher.publish
        report = await self._settle(
            chat_id, partial(publish, chat_id, stop=self._stop, files_to_come=files_to_come)
        )
        is_whole = report is not None and not (report.left or report.problems or report.put_off)
        if is_whole and asked is not None:
            self._clean.keep(chat_id, changes, asked)
        return report

    async def _settle(
        self, chat_id: int | None, publish: Callable[[], PublishReport]
    ) -> PublishReport | None:
        try:
            report = await self._written(publish)
        except TobsError as error:
            self._problem(chat_id, error)
            return None
        self.notes_left += report.left
        for problem in report.problems:
            self._problem(chat_id, NoteLeftAlone(problem))
        return report

    async def _written(self, work: Callable[[], T]) -> T:
        """Do it in a thread; again from where it stood after each wait for space on the disk.

        :raises DiskFull: nobody frees any. It is told once: what follows isn't begun, the next run does it.
        """
        while True:
            try:
                return await asyncio.to_thread(work)
            except DiskFull as error:
                try:
                    await self._full_disk.wait(error)
                except DiskFull:
                    self._disk_is_full = True
                    raise


def _tell_done(run: ChatRun) -> None:
    if run.files_failed:
        logs.note("%s: %s could not be had", run.chat.title, counted(run.files_failed, "file"))
    elif run.new or run.updated or run.deleted or run.files or run.notes:
        files, notes = counted(run.files, "file"), counted(run.notes, "note")
        logs.note("%s: complete, %d new, %s, %s", run.chat.title, run.new, files, notes)
    else:
        logs.info("chat has nothing new")
