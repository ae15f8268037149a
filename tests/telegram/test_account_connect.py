"""Connecting: the right server with the right key, a login that lasts, and clear words when it can't be."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telethon.tl import functions, types

from tobs_tui.demo.rpc import RpcError
from tobs_tui.demo.server import DemoServer
from tobs_tui.demo.wire.server_key import ServerKey
from tobs_tui.errors import NotLoggedIn, RangeFailed, ServerUnreachable, SettingsError
from tobs_tui.model import Chat
from tobs_tui.telegram import link
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.sharded import ShardedTelegramManager

READ_ONLY = {
    "help.getConfig",
    "users.getUsers",
    "auth.sendCode",
    "auth.signIn",
    "messages.getHistory",
}


@pytest.fixture
async def listener() -> AsyncIterator[Any]:
    """`await listener(handler)`: the port of something that listens and is no Telegram server."""
    servers: list[asyncio.Server] = []

    async def listen(handler: Any) -> int:
        server = await asyncio.start_server(handler, "127.0.0.1", 0)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield listen
    for server in servers:
        server.close()
        await server.wait_closed()


def elsewhere(settings: Any, port: int) -> Any:
    return settings.model_copy(update={"telegram_server": type(settings.telegram_server)("127.0.0.1", port)})


async def test_a_login_is_kept_for_the_next_run(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    async with await Account.connect(settings_for(server.info)) as account:
        assert not await account.is_authorized()
        with pytest.raises(NotLoggedIn):
            _ = account.owner
        await account.send_code(server.info.phone)
        assert await account.sign_in(server.info.code)
    async with await Account.connect(settings_for(server.info)) as account:
        assert (account.owner.account_id, account.owner.name) == (77, "Small")
        assert account.owner.server == settings_for(server.info).server_id
        assert await account.is_authorized()


async def test_only_reading_requests_are_sent(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server: DemoServer = await demo_server(small_world)
    account = await logged_in(server)
    async with ShardedTelegramManager(account, 2) as manager:
        await manager.workers[0].page(channel, 0, 100)
        await manager.workers[1].page(channel, 500, 100)
        await manager.workers[1].newest_before(channel, 2_000_000_000)
    assert set(server.requests) <= READ_ONLY
    assert server.push(types.UpdateLoginToken()) == 0, "no session takes updates"


async def test_requests_are_counted_as_the_server_counts_them(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.faults.fail("messages.getHistory", RpcError(500, "INTERNAL"), times=1)
    async with ShardedTelegramManager(account, 2) as manager:
        for worker in manager.workers:
            await worker.page(channel, 0, 100)
        await manager.resize(1)
    assert account.requests == sum(server.requests.values())


async def test_a_server_that_is_not_there_is_named(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    settings = settings_for(server.info)
    await server.stop()
    with pytest.raises(ServerUnreachable, match=f"127.0.0.1:{server.info.port}.*refused"):
        await Account.connect(settings)


async def test_a_silent_server_is_given_up(
    demo_server: Any, small_world: Any, settings_for: Any, listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "OPEN_TIMEOUT", 0.2)

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await demo_server(small_world)
    port = await listener(say_nothing)
    with pytest.raises(ServerUnreachable, match=f"127.0.0.1:{port}.*no answer"):
        await Account.connect(elsewhere(settings_for(server.info), port))
    silent = await demo_server(small_world)
    silent.faults.silent = True
    with pytest.raises(ServerUnreachable, match="no answer"):
        await Account.connect(settings_for(silent.info, session_name="silent"))


async def test_something_that_is_no_telegram_server_is_given_up(
    demo_server: Any, small_world: Any, settings_for: Any, listener: Any
) -> None:
    async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await demo_server(small_world)
    port = await listener(speak_http)
    with pytest.raises(ServerUnreachable, match=f"127.0.0.1:{port}"):
        await Account.connect(elsewhere(settings_for(server.info), port))


async def test_an_unknown_host_is_named(demo_server: Any, small_world: Any, settings_for: Any) -> None:
    server = await demo_server(small_world)
    with pytest.raises(ServerUnreachable, match=r"no\.such\.host\.invalid:443"):
        await Account.connect(settings_for(server.info, telegram_server="no.such.host.invalid:443"))


async def test_a_wrong_public_key_is_recognised_at_once(
    demo_server: Any, small_world: Any, settings_for: Any, other_key: Path
) -> None:
    server = await demo_server(small_world)
    settings = settings_for(
        server.info, telegram_public_key=str(ServerKey.load_or_make(other_key).public_path)
    )
    with pytest.raises(ServerUnreachable, match="another public key"):
        await Account.connect(settings)


async def test_another_servers_key_is_not_accepted_once_known(
    demo_server: Any, small_world: Any, settings_for: Any, other_state: Path
) -> None:
    """Telethon knows all keys of a process; an account accepts its own server's alone."""
    ours = await demo_server(small_world)
    theirs = await demo_server(small_world, state_dir=other_state)
    async with (
        await Account.connect(settings_for(ours.info)),
        await Account.connect(settings_for(theirs.info)),
    ):
        pass
    with pytest.raises(ServerUnreachable, match="another public key"):
        await Account.connect(elsewhere(settings_for(ours.info), theirs.info.port))


async def test_two_servers_in_one_process_do_not_mix(
    demo_server: Any, small_world: Any, logged_in: Any, tmp_path: Path, other_state: Path, channel: Chat
) -> None:
    first = await demo_server(small_world, home_dc=2)
    second = await demo_server(small_world, state_dir=other_state, home_dc=4)
    one, two = await logged_in(first), await logged_in(second)
    assert (one.dc_id, two.dc_id) == (2, 4)
    assert one.owner.server != two.owner.server
    async with ShardedTelegramManager(one, 2) as ones, ShardedTelegramManager(two, 2) as twos:
        for worker in (*ones.workers, *twos.workers):
            page = await worker.page(channel, 0, 10)
            assert len(page.answer.messages) == 10
    assert first.requests["messages.getHistory"] == second.requests["messages.getHistory"] == 2
    assert len(list((tmp_path / "sessions").glob("*.session"))) == 2


async def test_api_credentials_that_telegram_refuses_are_a_setting(
    demo_server: Any, small_world: Any, settings_for: Any
) -> None:
    server = await demo_server(small_world)
    server.faults.fail("help.getConfig", RpcError(400, "API_ID_INVALID"))
    with pytest.raises(SettingsError, match="API_ID") as caught:
        await Account.connect(settings_for(server.info))
    assert "0123456789abcdef" not in caught.value.line()


async def test_a_login_ended_from_elsewhere_is_told_and_replaced(
    demo_server: Any, small_world: Any, settings_for: Any, logged_in: Any
) -> None:
    server = await demo_server(small_world)
    await (await logged_in(server)).close()
    server.revoke_logins()
    async with await Account.connect(settings_for(server.info)) as account:
        assert not await account.is_authorized()
        await account.send_code(server.info.phone)
        assert await account.sign_in(server.info.code)
        assert account.owner.account_id == 77


async def test_a_key_that_the_server_has_forgotten_means_not_logged_in(
    demo_server: Any, small_world: Any, settings_for: Any, logged_in: Any
) -> None:
    server = await demo_server(small_world)
    await (await logged_in(server)).close()
    for key in list(server.keyring.of_account(77)):
        server.destroy_key(key)
    async with await Account.connect(settings_for(server.info)) as account:
        assert not await account.is_authorized()
        await account.send_code(server.info.phone)
        assert await account.sign_in(server.info.code)


async def test_a_login_ended_while_connected_ends_every_call(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    small_world.gate.clear()
    async with ShardedTelegramManager(account, 3) as manager:
        server.faults.fail("messages.getHistory", RpcError(406, "AUTH_KEY_DUPLICATED"), times=1, after=2)
        pages = [asyncio.create_task(worker.page(channel, 0, 100)) for worker in manager.workers]
        done = await asyncio.gather(*pages, return_exceptions=True)
        assert all(isinstance(error, NotLoggedIn) for error in done)
        with pytest.raises(NotLoggedIn, match="AUTH_KEY_DUPLICATED"):
            await manager.workers[0].page(channel, 0, 100)
        with pytest.raises(NotLoggedIn, match="two places"):
            await account.is_authorized() or await account.ask(None)


async def test_a_dropped_connection_heals(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.drop_connections()
    assert await account.is_authorized()
    await server.restart()
    assert await account.is_authorized()


async def test_a_port_that_moved_is_found_by_the_first_dc(
    demo_server: Any, small_world: Any, settings_for: Any, tmp_path: Path
) -> None:
    """An account that lives on DC 4 of a server whose DCs listen elsewhere at each start."""
    state = tmp_path / "moving"
    server = await demo_server(small_world, state_dir=state, home_dc=4)
    info = server.info
    first = {"telegram_server": f"127.0.0.1:{info.dcs[2]}", "telegram_dc_id": 2}
    async with await Account.connect(settings_for(info, **first)) as account:
        await account.send_code(info.phone)
        assert await account.sign_in(info.code)
        assert account.dc_id == 4
    await server.stop()
    blocker = socket.create_server(("127.0.0.1", info.dcs[4]))
    with blocker:
        again = await demo_server(small_world, state_dir=state, home_dc=4)
        moved = again.info
        first = {"telegram_server": f"127.0.0.1:{moved.dcs[2]}", "telegram_dc_id": 2}
        blocker.close()
        async with await Account.connect(settings_for(moved, **first)) as account:
            assert account.owner.account_id == 77
            assert account.dc_id == 4


@pytest.mark.parametrize("kind", ["plain", "dd"])
async def test_an_mtproto_proxy_is_taken(
    demo_server: Any, small_world: Any, logged_in: Any, kind: str, channel: Chat
) -> None:
    server = await demo_server(small_world)
    secret = ("dd" if kind == "dd" else "") + server.info.proxy_secret
    account = await logged_in(server, proxy_url=f"mtproxy://{secret}@127.0.0.1:{server.info.port}")
    async with ShardedTelegramManager(account, 2) as manager:
        await manager.workers[0].page(channel, 0, 10)
    assert all("mtproxy" in transport for transport in server.transports)


async def test_one_connection_carries_requests_side_by_side(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    small_world.gate.clear()
    async with ShardedTelegramManager(account, 1) as manager, asyncio.TaskGroup() as tasks:
        for below in (1001, 801, 601, 401):
            tasks.create_task(manager.workers[0].page(channel, below, 100))
        await small_world.arrived(4)
        small_world.gate.set()
    assert sum(server.transports.values()) == 1


async def test_a_server_that_does_not_know_how_to_keep_quiet_is_asked_without(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat
) -> None:
    server = await demo_server(small_world)

    def refuse(call: Any, request: Any) -> None:
        if call.no_updates:
            raise RpcError(400, "INPUT_METHOD_INVALID_3214170551")

    server.faults.before(None, refuse, times=None)
    account = await logged_in(server)
    async with ShardedTelegramManager(account, 2) as manager:
        page = await manager.workers[0].page(channel, 0, 10)
    assert len(page.answer.messages) == 10


async def test_a_wait_of_hours_for_a_username_is_told(
    demo_server: Any, small_world: Any, logged_in: Any
) -> None:
    server = await demo_server(small_world)
    account = await logged_in(server)
    server.faults.fail("contacts.resolveUsername", RpcError(420, "FLOOD_WAIT_20000"))
    async with asyncio.timeout(5):
        with pytest.raises(RangeFailed, match="5 h 34 min"):
            await account.ask(functions.contacts.ResolveUsernameRequest("somebody"))
        assert await account.is_authorized(), "nothing else waits for it"


def test_a_connection_that_is_made_anew_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    sender = logging.getLogger("tobs_tui.telegram.mtproto.network.mtprotosender")
    sender.error("Automatic reconnection failed %d time(s)", 0)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "a connection was lost, and is made anew")
    ]
