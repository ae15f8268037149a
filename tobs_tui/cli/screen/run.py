"""One run from the screen: opens the archive, exports, and keeps what came of it.

It is a task of its own that the screen neither owns nor awaits. It drains when it is asked to alone or when
the whole program is, and is cancelled by an abort.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from msgspec.structs import replace

from tobs_tui import logs
from tobs_tui.archive import Archive, Indexer
from tobs_tui.cli.screen.view import Watch, opening
from tobs_tui.cli.screen.workers import WorkersAsked
from tobs_tui.cli.vault import kept_timezone, open_publisher, settle_changes
from tobs_tui.config import Settings
from tobs_tui.errors import TobsError
from tobs_tui.export.exporter import Exporter
from tobs_tui.export.job import Job, Span
from tobs_tui.export.report import ReportedError, RunReport, RunStatus
from tobs_tui.shutdown import ShutdownManager, ShutdownState
from tobs_tui.telegram.account import Account
from tobs_tui.ui.estimate import PAGE
from tobs_tui.ui.ports import Order, RunView

ABORT_WITHIN = 0.5
"""Seconds that a cancelled run has for leaving its files in order."""


class ScreenRun:
    """One order, running from its making until `done`."""

    def __init__(
        self,
        order: Order,
        settings: Settings,
        account: Account,
        program: ShutdownManager,
        span_of: Callable[[str], Span],
        counts: Mapping[int, int],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.order = order
        self.report: RunReport | None = None
        self.requests_a_second: float | None = None
        self._settings = settings
        self._account = account
        self._program = program
        self._span_of = span_of
        self._counts = counts
        self._clock = clock
        self._began = clock()
        self._shutdown = ShutdownManager(settings.shutdown_window, clock=clock)
        self._exporter: Exporter | None = None
        self._watch: Watch | None = None
        self._last: RunView | None = None
        self._workers: WorkersAsked | None = None
        self._leave = program.subscribe(self._follow)
        self._task = asyncio.get_running_loop().create_task(self._run(), name="export")

    @property
    def done(self) -> bool:
        return self._task.done()

    def view(self) -> RunView | None:
        """The picture of now; after the end, the last one."""
        if not self.done:
            self._last = self._watch.view() if self._watch is not None else self._opening()
            if self._program.draining:
                self._last = replace(self._last, window_s=self._program.window_left())
            if self._workers is not None and self._workers.wanted is not None:
                self._last = replace(self._last, worker_count=self._workers.wanted)
        return self._last

    def _opening(self) -> RunView:
        media = bool(self._settings.media_kinds)
        return opening(self.order.targets, self._clock() - self._began, media=media)

    @property
    def offline(self) -> bool:
        """Whether the last picture showed no way to Telegram."""
        from tobs_tui.ui.state_line import offline

        return self._last is not None and offline(self._last)

    def stop(self) -> None:
        """Stop safely; the program stays."""
        self._shutdown.drain("s")

    def set_paused(self, paused: bool) -> None:
        if self._exporter is not None:
            (self._exporter.pause if paused else self._exporter.resume)()

    def set_workers(self, count: int) -> None:
        """Have so many workers soon; until they are there, the picture tells what was asked for."""
        if self._exporter is not None:
            self._workers = self._workers or WorkersAsked(self._exporter.set_workers)
            self._workers.ask(count)

    async def ended(self, timeout: float | None = None) -> None:
        """Wait until it is over; an abort is not waited for longer than half a second."""
        abort = asyncio.ensure_future(self._program.wait_abort())
        try:
            await asyncio.wait({self._task, abort}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not self._task.done():
                self._task.cancel()
                await asyncio.wait({self._task}, timeout=ABORT_WITHIN)
        finally:
            abort.cancel()
        if self.report is None and self._exporter is not None and not self._task.done():
            self.report = self._exporter.report()

    def _follow(self, state: ShutdownState) -> None:
        """Do as the program does. May be called from any thread."""
        if state is ShutdownState.ABORTED:
            while not self._shutdown.aborted:
                self._shutdown.request(self._program.source)
        else:
            self._shutdown.drain(self._program.source)

    async def _run(self) -> None:
        try:
            self.report = await self._export()
        except TobsError as error:
            self.report = _failed(error, str(self._settings.export_path))
        except Exception as error:
            # A boundary: whatever the engine stumbles over ends this run, not the screen.
            logs.error("the run failed: %r", error)
            self.report = _failed(
                TobsError(f"An error of tobs-tui itself: {error!r}"), str(self._settings.export_path)
            )
        finally:
            self._leave()
            self._account.governor.on_wait = None
            self._account.governor.resume()

    async def _export(self) -> RunReport:
        settings, account = self._settings, self._account
        if self._program.draining:
            self._follow(self._program.state)
        with Archive.open(
            settings.archive_dir, account.owner, bloom_rate=settings.bloom_false_positive_rate
        ) as archive:
            settle_changes(settings, archive, yes=True)
            account.governor.restore(archive.flood_waits())
            account.governor.on_wait = archive.save_flood_wait
            archive.save_chats([target.chat for target in self.order.targets])
            job = Job(
                targets=self.order.targets,
                span=self._span_of(kept_timezone(settings, archive)),
                media=settings.media_kinds,
                max_file_size=settings.media_max_file_size,
            )
            with Indexer.open(settings.archive_dir) as indexer:
                publisher = open_publisher(settings, archive)
                self._exporter = exporter = Exporter(
                    account,
                    archive,
                    publisher,
                    indexer,
                    self._shutdown,
                    settings,
                    waits_for_space=True,
                    clock=self._clock,
                )
                self._watch = Watch(
                    exporter, self._shutdown, self._clock, self._counts, media=bool(job.media)
                )
                try:
                    report = await exporter.run(job)
                except asyncio.CancelledError:
                    # Counted while the archive is still open.
                    self.report = exporter.report()
                    raise
                self._last = self._watch.view()
        took = report.phases.get("fetch", 0.0)
        if took > 1 and report.messages_new >= PAGE:
            # Of messages alone: estimates by it are of messages, and files' requests are many and quick.
            self.requests_a_second = report.messages_new / PAGE / took
        return report


def _failed(error: TobsError, vault: str) -> RunReport:
    """The report of a run that ended before it began, or by a fault."""
    return RunReport(
        status=RunStatus.FAILED,
        chats=(),
        messages_new=0,
        requests=0,
        flood_wait_s=0.0,
        media_files=0,
        media_bytes=0,
        elapsed_s=0.0,
        stages={},
        phases={},
        errors=(ReportedError("", error.what, error.fix),),
        vault=vault,
        exit_code=error.exit_code,
    )
