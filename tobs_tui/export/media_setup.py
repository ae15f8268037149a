"""Makes a run's media stage out of its parts: the connections, the archive's second reader, the vault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tobs_tui.archive import Archive, ArchiveReader, MediaWant
from tobs_tui.errors import TobsError
from tobs_tui.export.chat_run import ChatRun
from tobs_tui.export.full_disk import FullDisk
from tobs_tui.export.job import Job
from tobs_tui.export.media_fetch import MediaFetch
from tobs_tui.export.media_room import MediaRoom
from tobs_tui.export.media_stage import MediaStage
from tobs_tui.telegram.dc_router import DCRouter
from tobs_tui.telegram.download import FileDownloads

if TYPE_CHECKING:
    from tobs_tui.config import Settings
    from tobs_tui.telegram.account import Account
    from tobs_tui.vault.calendar import Calendar

PREWARMED_BY = 50
"""So many of the first chats are looked at for where their files live, before any is opened."""


def want_of(job: Job) -> MediaWant:
    """Which files a job asks for."""
    return MediaWant(kinds=job.media, max_size=job.max_file_size, since=job.span.since, until=job.span.until)


@asynccontextmanager
async def media_stage(
    job: Job,
    *,
    account: Account,
    archive: Archive,
    settings: Settings,
    calendar: Calendar,
    full_disk: FullDisk,
    ended: Callable[[ChatRun], None],
    problem: Callable[[int | None, TobsError], None],
    notice: Callable[[str], None],
    clock: Callable[[], float],
) -> AsyncIterator[MediaStage]:
    """The stage of one run; its connections and its reader are closed when the block ends."""
    want = want_of(job)
    vault = settings.export_path
    with ArchiveReader.open(archive.folder) as reader:
        async with DCRouter(account, settings) as router:
            fetch = MediaFetch(
                account, archive, FileDownloads(account, router), vault, calendar.note_of, full_disk
            )

            def allowed(dc: int) -> int | None:
                budget = account.governor.snapshot().of(f"files:{dc}")
                return None if budget is None else budget.limit

            stage = MediaStage(
                want,
                reader,
                fetch,
                MediaRoom(vault),
                full_disk,
                timezone=calendar.timezone,
                only=job.only_files,
                allowed=allowed,
                router=router,
                ended=ended,
                problem=problem,
                notice=notice,
                clock=clock,
            )
            first = [target.chat.id for target in job.targets[:PREWARMED_BY]]
            stage.heard_of(await asyncio.to_thread(_homes, reader, first, want))
            yield stage


def _homes(reader: ArchiveReader, chat_ids: Sequence[int], want: MediaWant) -> list[int]:
    """The DCs that known files of these chats are to be fetched from."""
    return sorted({found.file.dc for chat_id in chat_ids for found in reader.files_wanted(chat_id, want)})
