"""Files on a running server, an account that fetches them, and what the server saw of that."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tobs_tui.demo.rpc import Call
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.world import World
from tobs_tui.demo.world.content import content_of
from tobs_tui.model import Chat, ChatType, File
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.dc_router import DCRouter
from tobs_tui.telegram.download import Downloaded, FileDownloads
from tobs_tui.telegram.file_references import fresh_file
from tobs_tui.telegram.file_requests import PART
from tobs_tui.telegram.part_file import JOURNAL_SUFFIX, whole_path

GET_FILE = "upload.getFile"
HASHES = "upload.getFileHashes"
EXPORT, IMPORT = "auth.exportAuthorization", "auth.importAuthorization"
HOME, AWAY, FAR = 2, 4, 5
KIB, MIB = 1024, 1024 * 1024


@dataclass
class Seen:
    """What the server was asked for, in order."""

    parts: list[tuple[int, int, int]] = field(default_factory=list)
    """DC, file id and offset of each upload.getFile."""
    by_connection: Counter[tuple[int, int]] = field(default_factory=Counter)
    """How many of them came by each session, as (DC, session id)."""
    sessions: list[int] = field(default_factory=list)
    """The session of each, in order."""

    def watch(self, call: Call, request: Any) -> bool:
        """Notes a call for a fault's `when`, and lets it pass."""
        self.parts.append((call.dc_id, request.location.id, request.offset))
        self.by_connection[call.dc_id, call.session.id] += 1
        self.sessions.append(call.session.id)
        return False

    def connections(self, dc: int) -> int:
        return sum(1 for where, _session in self.by_connection if where == dc)

    def offsets(self, file: File) -> list[int]:
        return [offset for _dc, file_id, offset in self.parts if file_id == file.id]


class Filing:
    """One account with a router on one server of files."""

    def __init__(self, server: DemoServer, account: Account, router: DCRouter, folder: Path) -> None:
        self.server = server
        self.world: World = server.world
        self.account = account
        self.router = router
        self.downloads = FileDownloads(account, router)
        self.folder = folder
        self.seen = Seen()
        self.refreshed = 0
        self.bytes = 0
        self.moves: list[int] = []

    @property
    def chat(self) -> Chat:
        chat = self.world.dialogs()[0]
        return Chat(id=chat.id, type=ChatType.CHANNEL, title=chat.title, access_hash=chat.access_hash)

    async def file(self, message_id: int) -> File:
        """The file that a message shows, as the message tells it now."""
        media = self.world.message(self.chat.id, message_id).media
        file_id = media.photo.id if hasattr(media, "photo") else media.document.id
        found = await fresh_file(self.account, self.chat, message_id, file_id)
        assert found is not None
        return found

    def truth(self, file: File) -> bytes:
        """The file's bytes, as the world has them."""
        found = self.world.files.find(file.id)
        assert found is not None
        return content_of(found.spec, file.id).read(0, found.spec.size)

    def path(self, file: File) -> Path:
        return self.folder / str(file.id)

    async def fetch(self, file: File, *, chat_id: int = 1, message_id: int = 0) -> Downloaded:
        """Fetch it; a reference that no longer holds is taken from `message_id`."""

        async def refresh() -> File | None:
            self.refreshed += 1
            await asyncio.sleep(0)
            return await self.file(message_id) if message_id else None

        return await self.downloads.download(
            file,
            self.path(file),
            chat_id=chat_id,
            refresh=refresh,
            on_bytes=self._count,
            on_moved=self.moves.append,
        )

    def is_whole(self, file: File) -> bool:
        path = self.path(file) if file.size <= PART else whole_path(self.path(file))
        return path.read_bytes() == self.truth(file)

    def leftovers(self) -> set[str]:
        return {path.name for path in self.folder.iterdir() if path.suffix == JOURNAL_SUFFIX}

    def _count(self, count: int) -> None:
        self.bytes += count


@asynccontextmanager
async def filing(
    server: DemoServer, account: Account, folder: Path, settings: Any, **more: Any
) -> AsyncIterator[Filing]:
    """An account's files for the length of a block; `more` are settings of the routing."""
    async with DCRouter(account, settings.model_copy(update=more)) as router:
        made = Filing(server, account, router, folder)
        server.faults.before(GET_FILE, lambda call, request: None, times=None, when=made.seen.watch)
        yield made


def with_dc(file: File, dc: int) -> File:
    """The file as a message tells it that knows of an older place."""
    return msgspec.structs.replace(file, dc=dc)


def shut(server: DemoServer, dc: int) -> None:
    """Let one DC refuse new connections from now on."""
    for listener in server._listeners:
        if listener.sockets and listener.sockets[0].getsockname()[1] == server.ports[dc]:
            listener.close()


async def until(true: Callable[[], bool]) -> None:
    """Wait until something has come about; fails after five seconds."""
    for _ in range(250):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come about")
