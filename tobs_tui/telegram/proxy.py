"""The proxy of the settings as Telethon's transports take it. All connections of an account leave by it.

Names are resolved by the proxy. Reading and refusing PROXY_URL is `config`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
from telethon.network.connection import (
    Connection,
    ConnectionTcpFull,
    ConnectionTcpMTProxyRandomizedIntermediate,
)

from tobs_tui.config.server import Proxy

# Telethon swaps the classes behind these names at its first use of a proxy; loaded before, they stay.
import_module("python_socks.async_.asyncio")
PROXY_ERRORS = (ProxyError, ProxyConnectionError, ProxyTimeoutError)


class _MtProxy(ConnectionTcpMTProxyRandomizedIntermediate):  # type: ignore[misc]
    """Telethon's, without the two seconds in which it waits for the proxy to hang up."""

    async def _connect(self, timeout: Any = None, ssl: Any = None) -> None:
        await Connection._connect(self, timeout, ssl)


@dataclass(frozen=True, slots=True)
class Way:
    """How connections leave: a transport class of Telethon's, and the proxy argument that it takes."""

    transport: type[Connection]
    argument: Any = field(default=None, repr=False)
    mtproxy: tuple[str, int] | None = None
    """The MTProto proxy's address, which Telegram is told when one is used."""

    @property
    def direct(self) -> bool:
        return self.argument is None


def way_out(proxy: Proxy | None) -> Way:
    """The way for this proxy; the direct one for None."""
    if proxy is None:
        return Way(ConnectionTcpFull)
    if proxy.scheme == "mtproxy":
        # The randomised transport is the one that plain and `dd` secrets both allow.
        secret = (proxy.secret or "").removeprefix("dd") if len(proxy.secret or "") > 32 else proxy.secret
        return Way(
            _MtProxy,
            (proxy.host, proxy.port, secret),
            mtproxy=(proxy.host, proxy.port),
        )
    return Way(
        ConnectionTcpFull,
        {
            "proxy_type": proxy.scheme,
            "addr": proxy.host,
            "port": proxy.port,
            "username": proxy.username,
            "password": proxy.password,
            "rdns": True,
        },
    )
