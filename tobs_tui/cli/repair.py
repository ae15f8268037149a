"""`verify --repair`: what is bad among the vault's files is fetched again; then all is verified once more."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Sequence

from tobs_tui import logs, text
from tobs_tui.archive import Archive, ArchiveReader, Indexer
from tobs_tui.cli.export import run_until_aborted
from tobs_tui.cli.offline import chosen_chats, open_reader, verify_vault
from tobs_tui.cli.output import plural
from tobs_tui.cli.stopping import unless_stopped
from tobs_tui.cli.vault import open_publisher
from tobs_tui.config import Settings
from tobs_tui.export.exporter import Exporter
from tobs_tui.export.job import Job, Target
from tobs_tui.export.report import RunReport, RunStatus
from tobs_tui.model import MediaKind
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.telegram.account import Account
from tobs_tui.vault.media_check import BadFile, bad_files, mark_for_repair, orphans, put_orphans_aside
from tobs_tui.vault.verify import histories_of


def repair_vault(settings: Settings, words: Sequence[str], *, as_json: bool) -> int:
    """Mend these chats' files, or all; returns what `verify` finds then, or how the mending was ended.

    Altered files are kept beside, and files of ours that the archive doesn't know go into a folder of theirs.

    :raises NotLoggedIn: files must be fetched, and nobody is logged in.
    """
    vault = settings.export_path
    with open_reader(settings) as reader:
        chats = [stored.chat.id for stored in chosen_chats(reader, words)] if words else None
        bad = list(bad_files(reader, vault, None if chats is None else histories_of(reader, chats)))
        strange = [] if words else sorted(orphans(reader, vault))
    if aside := put_orphans_aside(vault, strange):
        _say(f"{plural(aside, 'file')} that the archive doesn't know put into media/orphaned")
    if bad:
        report = asyncio.run(_fetch_again(settings, bad))
        _tell(report, len(bad))
        if report.status is RunStatus.ABORTED:
            sys.stdout.flush()
            logs.GlobalBatcher.close()
            os._exit(report.exit_code)
        if report.status in (RunStatus.FAILED, RunStatus.DRAINED):
            return report.exit_code
    return verify_vault(settings, words, as_json=as_json)


async def _fetch_again(settings: Settings, bad: Sequence[BadFile]) -> RunReport:
    shutdown = ShutdownManager(settings.shutdown_window)
    # What is restored when all has ended: the outcome stands, and one more Ctrl+C changes nothing.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with shutdown.signals(asyncio.get_running_loop()):
        account = await unless_stopped(shutdown, Account.connect(settings))
        try:
            owner = account.owner
            with Archive.open(settings.archive_dir, owner) as archive:
                account.governor.restore(archive.flood_waits())
                account.governor.on_wait = archive.save_flood_wait
                return await _run(settings, bad, account, archive, shutdown)
        finally:
            if not shutdown.aborted:
                await account.close()


async def _run(
    settings: Settings, bad: Sequence[BadFile], account: Account, archive: Archive, shutdown: ShutdownManager
) -> RunReport:
    publisher = open_publisher(settings, archive)
    note_of = publisher.calendar.note_of
    histories = await asyncio.to_thread(mark_for_repair, archive, settings.export_path, bad, note_of)
    job = Job(
        targets=tuple(_targets(archive, histories)),
        media=frozenset(MediaKind),
        only_files=frozenset(one.file_id for one in bad),
    )
    with Indexer.open(settings.archive_dir) as indexer:
        exporter = Exporter(account, archive, publisher, indexer, shutdown, settings)
        return await run_until_aborted(exporter, job, shutdown)


def _targets(archive: ArchiveReader, histories: set[int]) -> list[Target]:
    """The chats that these histories belong to."""
    stored = [chat for number in sorted(histories) if (chat := archive.chat(number)) is not None]
    owners = dict.fromkeys(chat.part_of or chat.chat.id for chat in stored)
    return [Target(chat.chat) for number in owners if (chat := archive.chat(number)) is not None]


def _tell(report: RunReport, wanted: int) -> None:
    _say(f"{report.media_files:,} of {plural(wanted, 'bad file')} fetched again")
    for error in report.errors:
        where = f"{text.for_terminal(error.chat, 40)}: " if error.chat else ""
        _say(f"{where}{text.for_terminal(error.what)}. {text.for_terminal(error.fix)}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
