"""A small world behind a real server on loopback, settings that lead there, and accounts on it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from telethon.tl import functions, types

from tests.telegram.filing import Filing, filing
from tobs_tui.config import Settings
from tobs_tui.demo.rpc import REGISTRY, Call, RpcError, method
from tobs_tui.demo.server import DemoServer, ServerInfo
from tobs_tui.demo.wire.server_key import ServerKey
from tobs_tui.demo.world.filed import world_of_files
from tobs_tui.demo.world.files import FileSpec
from tobs_tui.model import Chat, ChatType
from tobs_tui.telegram.account import Account

EPOCH = 1_736_078_400
OWN_ID = 77
CHANNEL = Chat(id=-1000000000500, type=ChatType.CHANNEL, title="Small channel", access_hash=9)

SettingsFor = Callable[..., Settings]
LoggedIn = Callable[..., Awaitable[Account]]


class SmallWorld:
    """One account, and one channel with messages 1 to `top` but for `gaps`, one a minute."""

    account_id = OWN_ID
    phone = "42010001"

    def __init__(self) -> None:
        self.top = 1000
        self.gaps: set[int] = set()
        self.unreadable: set[int] = set()
        """Messages whose media is of a kind that nobody knows."""
        self.services: set[int] = set()
        """Service messages."""
        self.nonsense = False
        """History is answered with bytes that mean nothing."""
        self.watch: Callable[[Any], object] = lambda peer: None
        """Told of each peer whose history is asked for."""
        self.forbidden: str | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self._arrivals = asyncio.Semaphore(0)

    def subscribe(self, push: Callable[[Any], int]) -> Callable[[], None]:
        """Nothing is ever pushed here."""
        return lambda: None

    async def arrived(self, count: int) -> None:
        """Wait until so many more history requests have come in."""
        for _ in range(count):
            await self._arrivals.acquire()

    async def pass_gate(self) -> None:
        """Count one history request in, and hold it while the gate is closed."""
        self._arrivals.release()
        await self.gate.wait()

    def account_user(self) -> types.User:
        return types.User(id=OWN_ID, is_self=True, access_hash=1, first_name="Small", phone=self.phone)


def message(world: SmallWorld, each: int) -> Any:
    if each in world.services:
        return types.MessageService(
            id=each,
            peer_id=types.PeerChannel(500),
            date=datetime.fromtimestamp(EPOCH + 60 * each, UTC),
            action=_Unknown() if each in world.unreadable else types.MessageActionPinMessage(),
        )
    found = types.Message(
        id=each,
        peer_id=types.PeerChannel(500),
        date=datetime.fromtimestamp(EPOCH + 60 * each, UTC),
        message=f"Message {each}",
    )
    if each in world.unreadable:
        found.media = _Unknown()
    return found


class _Unknown:
    """Bytes that no layer knows."""

    SUBCLASS_OF_ID = 0

    def _bytes(self) -> bytes:
        return b"\xde\xad\xbe\xef\x01\x02\x03\x04"


async def get_users(call: Call, request: functions.users.GetUsersRequest) -> list[types.User]:
    return [call.world.account_user()]


async def get_history(
    call: Call, request: functions.messages.GetHistoryRequest
) -> types.messages.ChannelMessages | bytes:
    world: SmallWorld = call.world
    if world.forbidden:
        raise RpcError(400, world.forbidden)
    world.watch(request.peer)
    await world.pass_gate()
    if world.nonsense:
        return b"\xde\xad\xbe\xef" * 8
    ids = [each for each in range(world.top, 0, -1) if each not in world.gaps]
    before = request.offset_date
    # An absent date comes out of Telethon's parser as 1970.
    if before is not None and before.timestamp() > 0:
        ids = [each for each in ids if EPOCH + 60 * each < before.timestamp()]
    if request.offset_id:
        ids = [each for each in ids if each < request.offset_id]
    limit = call.page_limit(request, min(request.limit, 100))
    page = ids[max(0, request.add_offset) :][:limit]
    return types.messages.ChannelMessages(
        pts=1,
        count=world.top - len(world.gaps),
        messages=[message(world, each) for each in page],
        topics=[],
        chats=[],
        users=[world.account_user()],
    )


@pytest.fixture
def small_world() -> Iterator[SmallWorld]:
    """A SmallWorld, with its handlers in the registry's place of the real ones."""
    before = dict(REGISTRY)
    method(functions.users.GetUsersRequest)(get_users)
    method(functions.messages.GetHistoryRequest)(get_history)
    yield SmallWorld()
    REGISTRY.clear()
    REGISTRY.update(before)


@pytest.fixture
def settings_for(tmp_path: Path) -> SettingsFor:
    """`settings_for(server.info, proxy_url=…)`: settings that lead to a running server."""

    def build(info: ServerInfo, **more: Any) -> Settings:
        given: dict[str, Any] = {
            "api_id": 12345,
            "api_hash": "0123456789abcdef",
            "session_dir": tmp_path / "sessions",
            "telegram_server": f"{info.host}:{info.port}",
            "telegram_dc_id": info.dc_id,
            "telegram_public_key": str(info.public_key),
        }
        return Settings(**(given | more))

    return build


@pytest.fixture
async def logged_in(settings_for: SettingsFor) -> AsyncIterator[LoggedIn]:
    """`await logged_in(server)`: an account with a fresh login; closed at the end."""
    accounts: list[Account] = []

    async def log_in(server: DemoServer, **more: Any) -> Account:
        info = server.info
        account = await Account.connect(settings_for(info, **more))
        accounts.append(account)
        if not await account.is_authorized():
            await account.send_code(info.phone)
            await account.sign_in(info.code)
        return account

    yield log_in
    for account in accounts:
        await account.close()


@pytest.fixture
async def files_on(
    demo_server: Any, logged_in: LoggedIn, settings_for: SettingsFor, tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[Filing]]]:
    """`await files_on(specs, dc_routing_strategy=…)`: a server of these files, an account and its router.

    With `server=`, another run on a server that is up: the login and its keys are those on disk.
    """
    async with AsyncExitStack() as stack:

        async def make(
            specs: Sequence[FileSpec], *, server: DemoServer | None = None, knobs: Any = None, **more: Any
        ) -> Filing:
            server = server or await demo_server(world_of_files(specs), knobs=knobs)
            account = await logged_in(server)
            folder = tmp_path / "files"
            folder.mkdir(exist_ok=True)
            return await stack.enter_async_context(
                filing(server, account, folder, settings_for(server.info), **more)
            )

        yield make


@pytest.fixture
def channel() -> Chat:
    """The small world's channel."""
    return CHANNEL


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server key that is not `demo_server`'s."""
    folder = tmp_path_factory.mktemp("other-key")
    ServerKey.load_or_make(folder)
    return folder


@pytest.fixture
def other_state(other_key: Path, tmp_path: Path) -> Path:
    """A state folder for a second server, with a key of its own."""
    return Path(shutil.copytree(other_key, tmp_path / "other-state"))
