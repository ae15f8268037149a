"""One run: fetch what is missing, commit it, publish it, and tell what came of it.

    async with Account ... :
        report = await Exporter(...).run(job)

The engine is one task on the caller's loop. It ends by itself, or early when the `ShutdownManager`
drains (what is in the pipe is committed, notes are published until the time is gone) or the caller
cancels it (what is committed is safe). It never raises for what a report can tell.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from msgspec import Struct

from tobs_tui import logs
from tobs_tui.archive import Archive, Indexer, keep_asked, keep_opened
from tobs_tui.config import Settings
from tobs_tui.errors import TobsError
from tobs_tui.export.asked_files import AskedFiles
from tobs_tui.export.changes import Changes
from tobs_tui.export.chat_run import ChatProgress, ChatRun, ChatState
from tobs_tui.export.clean_notes import CleanNotes, style_of
from tobs_tui.export.committing import Committing, Settled, settle
from tobs_tui.export.early import LEARNING_S, EarlyPublishing
from tobs_tui.export.fetching import Fetched, Fetching, Order
from tobs_tui.export.full_disk import FullDisk
from tobs_tui.export.gauges import StageSnapshot
from tobs_tui.export.governed import GovernedWorkers
from tobs_tui.export.job import Job
from tobs_tui.export.media_setup import media_stage
from tobs_tui.export.media_snapshot import MediaSnapshot
from tobs_tui.export.media_stage import MediaStage
from tobs_tui.export.outcome import Outcome
from tobs_tui.export.pipeline import AsyncPipeline
from tobs_tui.export.publishing import Publishing
from tobs_tui.export.report import RunReport, RunStatus
from tobs_tui.export.saving import Saving
from tobs_tui.model import Interval
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.governor import GovernorSnapshot
from tobs_tui.telegram.sharded import ShardedTelegramManager, WorkerSnapshot
from tobs_tui.telegram.takeout import Takeout
from tobs_tui.vault.publisher import Publisher

ANSWERS_WITHIN = 2.5
"""Seconds that a drain gives requests under way to be answered."""

PUBLISH_UNTIL = 4.0
"""Seconds after which a drain begins no further note."""


class RunSnapshot(Struct, frozen=True, kw_only=True):
    """A run at one instant. Taking it costs microseconds a chat; nothing in it changes later."""

    phase: str
    """`fetching`, `publishing`, `stopping` or `done`."""
    elapsed_s: float
    messages_new: int
    stages: tuple[StageSnapshot, ...]
    chats: tuple[ChatProgress, ...]
    workers: tuple[WorkerSnapshot, ...]
    governor: GovernorSnapshot
    requests: int
    errors: int
    disk_full: bool = False
    """It waits for somebody to free space and `resume` it."""
    media: MediaSnapshot | None = None
    """The run's files; None where none are asked for."""


class Exporter:
    """Runs one job. Build a new one for each run."""

    def __init__(
        self,
        account: Account,
        archive: Archive,
        publisher: Publisher,
        indexer: Indexer,
        shutdown: ShutdownManager,
        settings: Settings,
        *,
        waits_for_space: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._account = account
        self._archive = archive
        self._shutdown = shutdown
        self._settings = settings
        self._clock = clock
        self._outcome = Outcome(account, archive, shutdown, str(settings.export_path), clock)
        self._runs: tuple[ChatRun, ...] = ()
        self._phase = "fetching"
        self._manager: ShardedTelegramManager | None = None
        self._fetching: Fetching | None = None
        self._pipeline: AsyncPipeline[Order, Fetched, Settled] | None = None
        self._governed: GovernedWorkers | None = None
        self._job = Job(targets=())
        self._asked_files = AskedFiles(archive, publisher.calendar.note_of)
        self._media: MediaStage | None = None
        folders = (settings.export_path, archive.folder)
        self._full_disk = FullDisk(shutdown, folders, waits=waits_for_space)
        self._publishing = Publishing(
            archive,
            publisher,
            indexer,
            CleanNotes(archive, settings.export_path, style_of(publisher, settings)),
            early=EarlyPublishing(
                publisher,
                self._published_early,
                self._asked_files.leave_out,
                stop=self._out_of_time,
                begins_after=0.0 if settings.shard_count else LEARNING_S,
            ),
            full_disk=self._full_disk,
            prepare=self._asked_files.leave_out,
            asked=self._asked_files.named,
            stop=self._out_of_time,
            problem=self._outcome.problem,
        )
        self._calendar = publisher.calendar
        self._saving = Saving(archive, shutdown)

    async def run(self, job: Job) -> RunReport:
        """Do the job as far as it can be done."""
        self._job = self._asked_files.job = job
        targets = {(target.chat.id, target.topic_id): target for target in job.targets}
        self._runs = tuple(ChatRun(target) for target in targets.values())
        failure: TobsError | None = None
        try:
            if job.only_files is None:
                keep_asked(self._archive, {run.chat.id for run in self._runs}, int(time.time()))
            async with self._takeout() as takeout:
                await self._fetch_and_publish(job, takeout.split_ranges if takeout else ())
                if takeout is not None:
                    takeout.complete = self._status() is RunStatus.COMPLETE
            keep_opened(self._archive, {run.chat.id for run in self._runs if run.was_opened})
        except* TobsError as group:
            failure = _first(group)
        await self._saving.finish()
        self._stop_unfinished()
        self._phase = "done"
        return self.report(failure)

    @property
    def paused(self) -> bool:
        return self._full_disk.held or (self._fetching is not None and self._fetching.paused)

    def pause(self) -> None:
        """Ask for no further page until `resume`; what was fetched is still written."""
        self._pause(True)

    def resume(self) -> None:
        self._full_disk.again()
        self._pause(False)

    def _pause(self, paused: bool) -> None:
        for stage in (self._fetching, self._media):
            if stage is not None:
                stage.pause(paused)

    async def set_workers(self, count: int) -> None:
        """Go on with so many worker clients; whatever the governor says from then on."""
        self._governed = None
        await self._have_workers(count)

    async def _have_workers(self, count: int) -> None:
        if self._manager is None or self._fetching is None or self._pipeline is None:
            return
        self._fetching.set_workers(min(count, len(self._manager.workers)))
        await self._fetching.sent_home(ANSWERS_WITHIN)
        await self._manager.resize(count)
        self._fetching.set_workers(count)
        self._pipeline.set_workers(count)

    def snapshot(self) -> RunSnapshot:
        manager = self._manager
        return RunSnapshot(
            phase="stopping" if self._shutdown.draining else self._phase,
            elapsed_s=self._outcome.elapsed_s,
            messages_new=sum(run.new for run in self._runs),
            stages=self._stages(),
            chats=tuple(run.progress() for run in self._runs),
            workers=tuple(worker.state for worker in manager.workers) if manager else (),
            governor=self._account.governor.snapshot(),
            requests=self._outcome.requests,
            errors=len(self._outcome.errors(self._runs)),
            disk_full=self._full_disk.held,
            media=self._media.snapshot() if self._media is not None and self._job.media else None,
        )

    def range_of(self, number: int) -> tuple[int, Interval, int] | None:
        """What a worker reads: the chat's id, the ids left to it, and where its range began."""
        return self._fetching.range_of(number) if self._fetching is not None else None

    def report(self, failure: TobsError | None = None) -> RunReport:
        """What the run did until now; `failure` ended it."""
        return self._outcome.report(
            self._runs,
            failure or self._fatal,
            notes_left=self._publishing.notes_left,
            stages=self._stages(),
        )

    @asynccontextmanager
    async def _takeout(self) -> AsyncIterator[Takeout | None]:
        """A takeout session around the run, where the settings ask for one."""
        if not self._settings.use_takeout:
            yield None
            return
        kinds = {run.chat.type for run in self._runs}
        # Without a limit of size Telegram is told none; without files, that none will be asked for.
        file_size = self._job.max_file_size if self._job.media else 0
        async with Takeout(self._account, kinds, file_size=file_size) as takeout:
            if takeout.notice:
                self._outcome.notices.append(takeout.notice)
                logs.warning("%s", takeout.notice)
            yield takeout

    async def _fetch_and_publish(self, job: Job, split_ranges: Sequence[Interval]) -> None:
        workers = self._settings.shard_count if self._settings.async_pipeline_enabled else 1
        if workers:
            self._account.governor.begin_with("history", workers)
        else:
            self._governed = self._governed_workers()
            workers = self._governed.count
        changes = Changes(
            job,
            self._runs,
            account=self._account,
            archive=self._archive,
            note_of=self._calendar.note_of,
            problem=self._outcome.problem,
            notice=self._outcome.notices.append,
        )
        files = media_stage(
            job,
            account=self._account,
            archive=self._archive,
            settings=self._settings,
            calendar=self._calendar,
            full_disk=self._full_disk,
            ended=self._files_ended,
            problem=self._outcome.problem,
            notice=self._outcome.notices.append,
            clock=self._clock,
        )
        manager_of = ShardedTelegramManager(self._account, workers, split_ranges=split_ranges)
        async with manager_of as manager, files as media:
            self._media = media
            self._manager = manager
            self._fetching = fetching = Fetching(
                job,
                self._runs,
                account=self._account,
                archive=self._archive,
                full_disk=self._full_disk,
                changes=changes,
                note_of=self._calendar.note_of,
                workers=workers,
                worker_of=lambda number: manager.workers[number],
                stopping=lambda: self._shutdown.draining,
                opened=media.opened,
                ended=self._chat_ended,
            )
            committing = Committing(
                self._archive,
                self._calendar.note_of,
                fetching.committed,
                media.known,
                full_disk=self._full_disk,
                changes=changes,
            )
            self._pipeline = pipeline = AsyncPipeline(
                take=fetching.take,
                fetch=fetching.fetch,
                process=settle,
                write=committing.write,
                size=len,
                workers=workers,
                fetch_queue=self._settings.async_pipeline_fetch_queue_size,
                process_queue=self._settings.async_pipeline_process_queue_size,
                clock=self._clock,
            )
            async with asyncio.TaskGroup() as tasks:
                publishing = tasks.create_task(self._publishing.run())
                tasks.create_task(self._saving.run())
                fetching_files = tasks.create_task(media.run())
                drain = tasks.create_task(self._stop_when_draining(fetching, pipeline, media))
                adjusting = tasks.create_task(self._governed.run()) if self._governed else None
                if job.only_files is not None:
                    self._open_from_archive(media)
                elif self._settings.async_pipeline_enabled:
                    await pipeline.run()
                else:
                    await pipeline.run_in_turn()
                if adjusting is not None:
                    adjusting.cancel()
                self._outcome.end_phase("fetch")
                self._phase = "files"
                media.finish()
                await fetching_files
                drain.cancel()
                self._saving.stop()
                fetching.keep_opened()
                if self._shutdown.draining:
                    await self._saving.save()
                self._outcome.end_phase("media")
                self._phase = "publishing"
                self._publishing.finish()
                await publishing
        await self._publishing.publish_left({run.chat.id: run for run in self._runs})
        self._outcome.end_phase("publish")
        await self._publishing.index()
        self._outcome.end_phase("index")

    def _open_from_archive(self, media: MediaStage) -> None:
        """Take the chats as the archive has them: their files alone are wanted."""
        for run in self._runs:
            run.histories = self._asked_files.known_histories(run)
            media.opened(run)
            run.state = ChatState.RUNNING
            self._chat_ended(run)

    def _governed_workers(self) -> GovernedWorkers:
        def limit() -> int | None:
            budget = self._account.governor.snapshot().of("history")
            return budget.limit if budget is not None else None

        def idle() -> int:
            return len(self._fetching.idle) if self._fetching is not None else 0

        async def resize(count: int) -> None:
            if self._governed is not None:
                await self._have_workers(count)

        return GovernedWorkers(limit=limit, idle=idle, resize=resize)

    async def _stop_when_draining(
        self, fetching: Fetching, pipeline: AsyncPipeline[Order, Fetched, Settled], media: MediaStage
    ) -> None:
        await self._shutdown.wait_drain()
        self._account.governor.stop()
        fetching.wake()
        media.stop()
        await asyncio.sleep(ANSWERS_WITHIN)
        pipeline.stop_fetching()
        media.cut()

    def _chat_ended(self, run: ChatRun) -> None:
        if run.state is ChatState.RUNNING:
            run.state = ChatState.PUBLISHING
        self._publishing.ended(run)
        if self._media is not None:
            self._media.messages_settled(run)

    def _files_ended(self, run: ChatRun) -> None:
        """All files of a chat are settled: its notes come out once more, if they are out already."""
        if run.state is ChatState.FILES:
            run.state = ChatState.PUBLISHING
            self._publishing.ended(run)

    def _published_early(self) -> Iterable[ChatRun]:
        """The chats whose notes may come out before they end: where no file changes them once more."""
        has_files = self._job.media or self._job.only_files is not None
        return () if has_files else self._runs

    @property
    def _fatal(self) -> TobsError | None:
        """What ended a stage before its time."""
        return next((stage.fatal for stage in (self._fetching, self._media) if stage and stage.fatal), None)

    def _stages(self) -> tuple[StageSnapshot, ...]:
        stages = self._pipeline.snapshot().stages() if self._pipeline is not None else ()
        return (*stages, self._media.gauge()) if self._media is not None else stages

    def _out_of_time(self) -> bool:
        return self._shutdown.aborted or self._shutdown.drain_time() > PUBLISH_UNTIL

    def _stop_unfinished(self) -> None:
        for run in self._runs:
            if run.state in (ChatState.RUNNING, ChatState.FILES):
                run.state = ChatState.STOPPED

    def _status(self) -> RunStatus:
        return self._outcome.status(self._runs, None, notes_left=self._publishing.notes_left)


def _first(group: BaseExceptionGroup[TobsError]) -> TobsError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TobsError)
    return error
