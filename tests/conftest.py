"""Fixtures that several rooms share: a running demo server, and unmodified Telethon clients on it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from telethon import TelegramClient
from telethon.crypto import rsa
from telethon.sessions import MemorySession

from tobs_tui.demo.server import DemoServer, ServerInfo
from tobs_tui.demo.wire.server_key import PRIVATE, ServerKey

# Whoever starts the tests under nohup, or in the background, ignores SIGHUP or SIGINT, and every process of
# theirs would inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

StartServer = Callable[..., Awaitable[DemoServer]]
MakeClient = Callable[..., Awaitable[Any]]


@pytest.fixture(scope="session")
def server_key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One RSA key for all servers of a test run: making one takes a second."""
    folder = tmp_path_factory.mktemp("server-key")
    ServerKey.load_or_make(folder)
    return folder / PRIVATE


@pytest.fixture
async def demo_server(tmp_path: Path, server_key_file: Path) -> AsyncIterator[StartServer]:
    """`await demo_server(world, knobs=…, password=…, port=…)`: a running DemoServer, stopped at the end."""
    servers: list[DemoServer] = []

    async def start(
        world: Any, *, port: int = 0, state_dir: Path | None = None, **options: Any
    ) -> DemoServer:
        state_dir = state_dir or tmp_path / "server-state"
        if not state_dir.exists():
            state_dir.mkdir(mode=0o700)
            shutil.copy(server_key_file, state_dir / PRIVATE)
        server = DemoServer(world, state_dir=state_dir, **options)
        servers.append(server)
        await server.start(port)
        return server

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
def forgetful_telethon() -> Iterator[None]:
    """Telethon keeps the DC list on the class: without this, the next test meets this one's ports."""
    TelegramClient._config = None
    yield
    TelegramClient._config = None


@pytest.fixture
async def raw_client(forgetful_telethon: None) -> AsyncIterator[MakeClient]:
    """`await raw_client(server.info, login=True)`: an unmodified, connected TelegramClient."""
    clients: list[Any] = []

    async def make(info: ServerInfo, *, login: bool = False, session: Any = None, **options: Any) -> Any:
        rsa.add_key(info.public_key.read_text(), old=False)
        if session is None:
            session = MemorySession()
            session.set_dc(info.dc_id, info.host, info.port)
        settings = {"connection_retries": 3, "retry_delay": 0.05, "timeout": 5, "flood_sleep_threshold": 0}
        client = TelegramClient(session, 12345, "0123456789abcdef", **(settings | options))
        clients.append(client)
        await client.connect()
        if login:
            await client.send_code_request(info.phone)
            await client.sign_in(info.phone, info.code)
        return client

    yield make
    for client in clients:
        await client.disconnect()
        ended = client._sender._disconnected
        if ended.done() and not ended.cancelled():
            ended.exception()  # looked at, so that asyncio doesn't complain of it in a later test
