"""A whole run in this process: a served world, an account on it, an archive, a vault."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tobs_tui.archive import Archive, Indexer
from tobs_tui.config import Settings
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.world import World, generate_world
from tobs_tui.export.exporter import Exporter
from tobs_tui.export.job import Job, Span, Target
from tobs_tui.export.report import RunReport
from tobs_tui.model import MediaKind, NoteDeleted, NoteLayout
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.chats import list_chats
from tobs_tui.vault.calendar import Calendar
from tobs_tui.vault.publisher import Publisher

StartServer = Callable[..., Awaitable[DemoServer]]


class Lab:
    """One served world and one vault; `run` is one export of it."""

    def __init__(self, server: DemoServer, world: World, settings: Settings) -> None:
        self.server = server
        self.world = world
        self.settings = settings
        self.shutdown = ShutdownManager()
        self.exporter: Exporter | None = None

    async def connect(self) -> Account:
        account = await Account.connect(self.settings)
        if not await account.is_authorized():
            await account.send_code(self.server.info.phone)
            await account.sign_in(self.server.info.code)
        return account

    async def run(
        self,
        *,
        only: int | None = None,
        span: Span | None = None,
        recheck: bool = False,
        connected: Callable[[], object] = lambda: None,
        topic_id: int | None = None,
        waits_for_space: bool = False,
        accept_deletions: bool = False,
        media: frozenset[MediaKind] = frozenset(),
        max_file_size: int | None = None,
    ) -> RunReport:
        """Export every chat that can be read (or one), with a fresh process's worth of objects."""
        self.shutdown = ShutdownManager()
        async with await self.connect() as account:
            chats = await list_chats(account)
            chosen = [chat for chat in chats if not chat.no_access and only in (None, chat.id)]
            with Archive.open(self.settings.archive_dir, account.owner) as archive:
                archive.save_chats(chats)
                publisher = Publisher(
                    archive,
                    self.settings.export_path,
                    Calendar("UTC", NoteLayout.DAILY),
                    deleted=NoteDeleted.TOMBSTONE,
                    formats=self.settings.export_formats,
                )
                with Indexer.open(self.settings.archive_dir) as indexer:
                    self.exporter = Exporter(
                        account,
                        archive,
                        publisher,
                        indexer,
                        self.shutdown,
                        self.settings,
                        waits_for_space=waits_for_space,
                    )
                    connected()
                    targets = tuple(Target(chat, topic_id) for chat in chosen)
                    job = Job(
                        targets=targets,
                        span=span or Span(),
                        recheck=recheck,
                        accept_deletions=accept_deletions,
                        media=media,
                        max_file_size=max_file_size,
                    )
                    return await self.exporter.run(job)

    def saved(self) -> dict[int, list[int]]:
        """The ids of every archived message that is still in Telegram, by chat."""
        from tobs_tui.archive import ArchiveReader

        with ArchiveReader.open(self.settings.archive_dir) as archive:
            return {
                stored.chat.id: sorted(
                    row.message.id for row in archive.messages([stored.chat.id]) if not row.deleted_at
                )
                for stored in archive.chats()
            }

    def truth(self) -> dict[int, list[int]]:
        """The ids that the server has, by chat."""
        return {chat_id: sorted(chat.history) for chat_id, chat in self.world.chats.items()}

    def notes(self) -> dict[str, bytes]:
        vault = self.settings.export_path
        return {
            str(path.relative_to(vault)): path.read_bytes()
            for path in sorted(vault.rglob("*.md"))
            if ".tobs" not in path.parts
        }

    def largest(self) -> int:
        return max(self.world.chats, key=lambda chat_id: len(self.world.chats[chat_id].history))

    def assert_holds_all(self) -> None:
        """The archive holds exactly what the server has, in every chat that can be read."""
        saved, truth = self.saved(), self.truth()
        readable = [chat_id for chat_id in truth if saved.get(chat_id) or truth[chat_id]]
        for chat_id in readable:
            if chat_id in saved and not self.world.chats[chat_id].forbidden:
                assert saved[chat_id] == truth[chat_id], chat_id


MakeLab = Callable[..., Awaitable[Lab]]


@pytest.fixture
async def lab(demo_server: StartServer, tmp_path: Path) -> AsyncIterator[MakeLab]:
    """`await lab(messages=…, knobs=…, shard_count=…)`: a Lab on a server of its own."""

    async def make(
        *, messages: int = 1500, server: DemoServer | None = None, vault: str = "vault", **more: Any
    ) -> Lab:
        options = {name: more.pop(name) for name in ("knobs",) if name in more}
        if server is None:
            server = await demo_server(generate_world(messages=messages, chats=14), **options)
        info = server.info
        settings = Settings(
            api_id=12345,
            api_hash="not-a-real-hash",  # type: ignore[arg-type]
            session_dir=tmp_path / f"{vault}-sessions",
            export_path=tmp_path / vault,
            telegram_server=f"{info.host}:{info.port}",  # type: ignore[arg-type]
            telegram_dc_id=info.dc_id,
            telegram_public_key=str(info.public_key),
            timezone="UTC",
            **more,
        )
        return Lab(server, server.world, settings)

    yield make
