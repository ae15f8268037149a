"""Files that could not be had in a run: kept as that, named once, and which of them may come once more.

One file's failure ends nothing. What ends the whole stage is told to its caller: a lost login, a full disk,
a folder that can't be written into. What many files share (a DC that is away, such a folder) is told once,
with their number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tobs_tui import logs
from tobs_tui.archive import ArchiveReader, FileFate, FileState, StoredFile
from tobs_tui.errors import (
    DiskFull,
    EndsElsewhere,
    FileFailed,
    FileGone,
    NotLoggedIn,
    TobsError,
    VaultNotWritable,
)
from tobs_tui.export.chat_run import ChatRun
from tobs_tui.export.gauges import StageGauge
from tobs_tui.export.media_counts import MediaCounts
from tobs_tui.export.media_fetch import MediaFetch
from tobs_tui.export.media_lanes import Waiting
from tobs_tui.export.media_plan import MediaHistory
from tobs_tui.export.media_words import failure

REMEMBERED = 20_000
"""So many files that failed in this run are not tried again when their messages are looked at once more."""
HOPELESS = 5
"""So many files in a row that can't be written into the vault end the stage."""


class MediaFailures:
    """Owns what is remembered of one run's failures."""

    def __init__(
        self,
        fetch: MediaFetch,
        reader: ArchiveReader,
        counts: MediaCounts,
        gauge: StageGauge,
        timezone: str,
    ) -> None:
        self._fetch = fetch
        self._reader = reader
        self._counts = counts
        self._gauge = gauge
        self._timezone = timezone
        self._out: dict[int, None] = {}
        self._tried: dict[int, None] = {}
        self._lost: dict[int, int] = {}
        self._unwritable = 0
        self._unwritten: list[tuple[ChatRun, TobsError]] = []

    def is_out(self, file_id: int) -> bool:
        """Whether a file is not to be tried again in this run."""
        return file_id in self._out

    def leave(self, file_id: int) -> None:
        """Leave a file to the next run, without a word."""
        _remember(self._out, file_id)

    def written(self) -> None:
        """A file was put into the vault."""
        self._unwritable = 0

    def may_try_again(self, waiting: Waiting, error: Exception) -> bool:
        """Whether a file is tried once more in this run: trouble of Telegram's own often passes."""
        if isinstance(error, EndsElsewhere) or not isinstance(error, FileFailed):
            return False
        if waiting.file.id in self._tried:
            return False
        _remember(self._tried, waiting.file.id)
        logs.info("file tried again")
        return True

    async def settle(self, waiting: Waiting, error: Exception) -> TobsError | None:
        """Keep that a file could not be had, and name it; gives the error if it ends the whole stage."""
        match error:
            case NotLoggedIn() | DiskFull():
                return error
            case FileGone():
                await self._give_up(waiting, FileState.GONE, error)
            case VaultNotWritable():
                named = await self._keep(waiting, FileState.FAILED, error)
                self._unwritten.append((waiting.history.run, named))
                self._unwritable += 1
                return error if self._unwritable >= HOPELESS else None
            case TobsError():
                await self._give_up(waiting, FileState.FAILED, error)
            case _:
                logs.error("a file failed: %r", error)
                what = FileFailed(f"an error of tobs-tui itself: {error!r}", "The log has more")
                await self._give_up(waiting, FileState.FAILED, what)
        return None

    def lose(self, dc: int, history: MediaHistory, file: StoredFile) -> None:
        """A file of a DC that can't be reached is left to the next run."""
        self.leave(file.id)
        self._lost[dc] = self._lost.get(dc, 0) + 1
        self._counts.gave_up(history.run, file.size)

    def is_lost(self, dc: int) -> bool:
        """Whether a DC can't be reached in this run."""
        return dc in self._lost

    def tell(
        self, problem: Callable[[int | None, TobsError], None], fatal: TobsError | None
    ) -> TobsError | None:
        """Say what many files share; gives what ended the stage, with their number where it has one."""
        for dc, count in self._lost.items():
            files = "1 file was" if count == 1 else f"{count:,} files were"
            what = f"DC {dc} could not be reached: {files} not fetched"
            problem(None, FileFailed(what, "The next run fetches them"))
        if isinstance(fatal, VaultNotWritable) and len(self._unwritten) > 1:
            what = f"{len(self._unwritten):,} files could not be put into the vault. Of one: {fatal.what}"
            return VaultNotWritable(what, fatal.fix)
        for run, error in self._unwritten:
            run.file_failed(error)
        return fatal

    async def _give_up(self, waiting: Waiting, state: FileState, error: TobsError) -> None:
        run = waiting.history.run
        named = await self._keep(waiting, state, error)
        run.file_failed(named)
        logs.error("%s %s", run.chat.title, named.what)

    async def _keep(self, waiting: Waiting, state: FileState, error: TobsError) -> TobsError:
        """Have the archive know it; gives the error with the file's name in its words."""
        run = waiting.history.run
        self.leave(waiting.file.id)
        self._gauge.failed += 1
        self._counts.gave_up(run, waiting.file.size)
        reason = None if state is FileState.GONE else error.what
        if isinstance(error, VaultNotWritable):
            # Notes tell reasons, and not where on a machine the vault stands.
            reason = "it can't be written here"
        await self._fetch.tell(FileFate(waiting.file.id, state, reason=reason))
        what, fix = await asyncio.to_thread(self._words, waiting, state, error)
        return FileFailed(what, fix) if isinstance(error, FileFailed) else type(error)(what, fix)

    def _words(self, waiting: Waiting, state: FileState, error: TobsError) -> tuple[str, str]:
        stored = self._reader.message(waiting.wanted.chat_id, waiting.wanted.message_id)
        date = waiting.file.date if stored is None else stored.message.date
        return failure(waiting.file, date, self._timezone, error, gone=state is FileState.GONE)


def _remember(kept: dict[int, None], file_id: int) -> None:
    """Keep a file's id, and no more than the last ones."""
    kept[file_id] = None
    if len(kept) > REMEMBERED:
        kept.pop(next(iter(kept)))
