"""`export`: one run without a screen, from connecting to the exit code."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence

from msgspec import Struct

from tobs_tui import logs
from tobs_tui.archive import Archive, Indexer
from tobs_tui.cli.arguments import parse_date
from tobs_tui.cli.housekeeping import collecting_sessions
from tobs_tui.cli.progress import show_progress
from tobs_tui.cli.stopping import unless_stopped
from tobs_tui.cli.summary import print_report, print_summary
from tobs_tui.cli.vault import kept_timezone, open_publisher, settle_changes
from tobs_tui.config import Settings
from tobs_tui.errors import UsageError
from tobs_tui.export.exporter import Exporter
from tobs_tui.export.job import Job, Span, Target
from tobs_tui.export.report import RunReport, RunStatus
from tobs_tui.model import Chat
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.chats import list_chats
from tobs_tui.telegram.resolve import resolve


class ExportRequest(Struct, frozen=True, kw_only=True):
    """What the command line asked for, as it was typed."""

    chats: tuple[str, ...] = ()
    everything: bool = False
    since: str | None = None
    until: str | None = None
    recheck: bool = False
    accept_deletions: bool = False
    yes: bool = False
    as_json: bool = False


def export_chats(settings: Settings, request: ExportRequest) -> int:
    """Run the export and tell what came of it. Returns the contract's exit code."""
    if bool(request.chats) == request.everything:
        raise UsageError("Say which chats to export, or --all", "`tobs-tui chats` lists them")
    report = asyncio.run(_export(settings, request))
    with contextlib.suppress(BrokenPipeError):  # nobody reads it; the run ended as it ended
        print_report(report) if request.as_json else print_summary(report)
    if report.status is RunStatus.ABORTED:
        # A thread may still be inside a file operation; whoever aborted doesn't wait for it.
        sys.stdout.flush()
        logs.GlobalBatcher.close()
        os._exit(report.exit_code)
    return report.exit_code


async def _export(settings: Settings, request: ExportRequest) -> RunReport:
    shutdown = ShutdownManager(settings.shutdown_window)
    # When the run has ended its outcome stands, and one more Ctrl+C or hangup changes nothing.
    with shutdown.signals(asyncio.get_running_loop(), then_ignored=True):
        account = await unless_stopped(shutdown, Account.connect(settings))
        try:
            async with collecting_sessions(settings):
                return await _run(settings, request, account, shutdown)
        finally:
            if not shutdown.aborted:
                await account.close()


async def _run(
    settings: Settings, request: ExportRequest, account: Account, shutdown: ShutdownManager
) -> RunReport:
    owner = account.owner
    with Archive.open(settings.archive_dir, owner, bloom_rate=settings.bloom_false_positive_rate) as archive:
        settle_changes(settings, archive, yes=request.yes)
        timezone = kept_timezone(settings, archive)
        span = Span(
            parse_date(request.since, "--since", timezone), parse_date(request.until, "--until", timezone)
        )
        if span.since is not None and span.until is not None and span.since >= span.until:
            raise UsageError("--since must be before --until")
        account.governor.restore(archive.flood_waits())
        account.governor.on_wait = archive.save_flood_wait
        doubts: list[str] = []
        listed = await unless_stopped(shutdown, list_chats(account, on_doubt=doubts.append))
        targets, left_out = await unless_stopped(shutdown, _targets(account, listed, request))
        archive.save_chats(listed)
        job = Job(
            targets=tuple(targets),
            span=span,
            recheck=request.recheck,
            accept_deletions=request.accept_deletions,
            media=settings.media_kinds,
            max_file_size=settings.media_max_file_size,
        )
        with Indexer.open(settings.archive_dir) as indexer:
            exporter = Exporter(
                account, archive, open_publisher(settings, archive), indexer, shutdown, settings
            )
            report = await run_until_aborted(exporter, job, shutdown)
        return with_notices(report, left_out, doubts if request.everything else ())


async def run_until_aborted(exporter: Exporter, job: Job, shutdown: ShutdownManager) -> RunReport:
    run = asyncio.ensure_future(exporter.run(job))
    abort = asyncio.ensure_future(shutdown.wait_abort())
    progress = asyncio.ensure_future(show_progress(exporter.snapshot))
    try:
        await asyncio.wait({run, abort}, return_when=asyncio.FIRST_COMPLETED)
        if run.done():
            return run.result()
        run.cancel()
        await asyncio.wait({run}, timeout=0.5)
        return exporter.report()
    finally:
        abort.cancel()
        progress.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await progress
        if not shutdown.aborted:
            for failure in await shutdown.run_cleanup():
                logs.error("cleanup %s: %s", failure.name, failure.reason)


async def _targets(
    account: Account, listed: Sequence[Chat], request: ExportRequest
) -> tuple[list[Target], list[Chat]]:
    """The chats to export, and those that `--all` must leave out because they can't be read."""
    if request.everything:
        readable = [Target(chat) for chat in listed if chat.no_access is None]
        return readable, [chat for chat in listed if chat.no_access is not None]
    targets: dict[tuple[int, int | None], Target] = {}
    for word in request.chats:
        found = await resolve(account, listed, word)
        targets.setdefault((found.chat.id, found.topic_id), Target(found.chat, found.topic_id))
    return list(targets.values()), []


def with_notices(report: RunReport, left_out: Sequence[Chat], doubts: Sequence[str] = ()) -> RunReport:
    from msgspec.structs import replace

    notices = tuple(f"Left out, no access: {chat.title} ({chat.no_access})" for chat in left_out)
    return replace(report, notices=(*report.notices, *notices, *doubts))
