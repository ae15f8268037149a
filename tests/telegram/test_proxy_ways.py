"""All connections leave by the proxy that the settings name, and what goes wrong there is told."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tobs_tui.config.server import Proxy
from tobs_tui.errors import ServerUnreachable
from tobs_tui.model import Chat
from tobs_tui.telegram.account import Account
from tobs_tui.telegram.proxy import way_out
from tobs_tui.telegram.sharded import ShardedTelegramManager


class Relay:
    """A SOCKS5 and HTTP CONNECT proxy on loopback, with one user."""

    def __init__(self, user: str = "", password: str = "") -> None:
        self.user, self.password = user, password
        self.port = 0
        self.passed: list[tuple[str, int]] = []
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            first = await reader.readexactly(1)
            target = await (self._socks if first == b"\x05" else self._http)(reader, writer)
            if target is not None:
                self.passed.append(target)
                await self._relay(reader, writer, *target)
        writer.close()

    async def _socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int] | None:
        await reader.readexactly((await reader.readexactly(1))[0])
        writer.write(b"\x05\x02" if self.user else b"\x05\x00")
        if self.user:
            await reader.readexactly(1)
            user = await reader.readexactly((await reader.readexactly(1))[0])
            password = await reader.readexactly((await reader.readexactly(1))[0])
            right = (user.decode(), password.decode()) == (self.user, self.password)
            writer.write(b"\x01\x00" if right else b"\x01\x01")
            if not right:
                return None
        kind = (await reader.readexactly(4))[3]
        if kind == 1:
            host = ".".join(str(part) for part in await reader.readexactly(4))
        else:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        port = int.from_bytes(await reader.readexactly(2), "big")
        writer.write(b"\x05\x00\x00\x01\0\0\0\0\0\0")
        return host, port

    async def _http(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int] | None:
        head = (b"C" + await reader.readuntil(b"\r\n\r\n")).decode()
        wanted = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        if self.user and f"Basic {wanted}" not in head:
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return None
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = head.split()[1].rpartition(":")
        return host, int(port)

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, port: int
    ) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    sink.write(data)
                    await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    relay = Relay("ana", "p@ss:w/rd")
    await relay.start()
    yield relay
    await relay.stop()


@pytest.mark.parametrize("scheme", ["socks5", "http"])
async def test_every_connection_leaves_by_the_proxy(
    demo_server: Any, small_world: Any, logged_in: Any, channel: Chat, relay: Relay, scheme: str
) -> None:
    server = await demo_server(small_world)
    url = f"{scheme}://ana:p%40ss%3Aw%2Frd@127.0.0.1:{relay.port}"
    account = await logged_in(server, proxy_url=url)
    async with ShardedTelegramManager(account, 3) as manager:
        for worker in manager.workers:
            await worker.page(channel, 0, 10)
    # One more where a crowded moment broke a connection off.
    assert set(relay.passed) == {("127.0.0.1", server.info.port)}
    assert len(relay.passed) >= 4
    await account.close()


@pytest.mark.parametrize("scheme", ["socks5", "http"])
async def test_refused_credentials_are_told_without_them(
    demo_server: Any, small_world: Any, settings_for: Any, relay: Relay, scheme: str
) -> None:
    server = await demo_server(small_world)
    settings = settings_for(server.info, proxy_url=f"{scheme}://ana:secret99@127.0.0.1:{relay.port}")
    with pytest.raises(ServerUnreachable, match="the proxy says") as caught:
        await Account.connect(settings)
    assert "secret99" not in caught.value.line()
    assert "PROXY_URL" in caught.value.fix
    assert relay.passed == []


@pytest.mark.parametrize("scheme", ["socks5", "http", "mtproxy"])
async def test_a_proxy_that_is_not_there_is_told(
    demo_server: Any, small_world: Any, settings_for: Any, scheme: str
) -> None:
    server = await demo_server(small_world)
    secret = server.info.proxy_secret if scheme == "mtproxy" else "ana:secret99"
    with pytest.raises(ServerUnreachable) as caught:
        await Account.connect(settings_for(server.info, proxy_url=f"{scheme}://{secret}@127.0.0.1:1"))
    assert secret not in caught.value.line()
    assert "secret99" not in caught.value.line()


async def test_a_wrong_proxy_secret_is_given_up(
    demo_server: Any, small_world: Any, settings_for: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tobs_tui.telegram.link.OPEN_TIMEOUT", 0.5)
    server = await demo_server(small_world)
    url = f"mtproxy://{'0' * 32}@127.0.0.1:{server.info.port}"
    with pytest.raises(ServerUnreachable):
        await Account.connect(settings_for(server.info, proxy_url=url))


def test_nothing_that_is_shown_holds_the_proxys_secrets() -> None:
    for url in ("socks5://ana:secret99@host:1", f"mtproxy://dd{'ab' * 16}@host:1"):
        shown = repr(way_out(Proxy.parse(url)))
        assert "secret99" not in shown
        assert "ab" * 8 not in shown
