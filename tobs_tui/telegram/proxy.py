"""The proxy of the settings as Telethon's transports take it. All connections of an account leave by it.

Names are resolved by the proxy. Reading and refusing PROXY_URL is `config`'s.
"""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from zlib import crc32

from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError
from telethon.errors import InvalidBufferError, InvalidChecksumError
from telethon.network.connection import (
    Connection,
    ConnectionTcpFull,
    ConnectionTcpMTProxyRandomizedIntermediate,
)
from telethon.network.connection.tcpfull import FullPacketCodec

from tobs_tui.config.server import Proxy

# Telethon swaps the classes behind these names at its first use of a proxy; loaded before, they stay.
import_module("python_socks.async_.asyncio")
READ_AHEAD = 2 << 20
"""Bytes that may wait in a connection's reader: less would stop and start the socket several times a part."""
_LENGTHS = struct.Struct("<ii")
_HEAD, _CHECKSUM = _LENGTHS.size, 4

PROXY_ERRORS = (ProxyError, ProxyConnectionError, ProxyTimeoutError)


class _FullCodec(FullPacketCodec):  # type: ignore[misc]
    """Telethon's, without three copies of each packet: parts of files come in packets of a megabyte."""

    async def read_packet(self, reader: Any) -> bytes:
        try:
            head: bytes = await reader.readexactly(_HEAD)
        except asyncio.IncompleteReadError as error:
            if error.partial:
                return error.partial  # Telegram's last word, as -404: told from an answer by its length
            raise
        length, number = _LENGTHS.unpack(head)
        if length < 0 and number < 0:
            raise InvalidBufferError(await reader.readexactly(4))
        if length < _HEAD + _CHECKSUM:
            raise InvalidBufferError(head)
        body: bytes = await reader.readexactly(length - _HEAD - _CHECKSUM)
        told = int.from_bytes(await reader.readexactly(_CHECKSUM), "little")
        found = crc32(body, crc32(head))
        if told != found:
            raise InvalidChecksumError(told, found)
        return body


class _Full(ConnectionTcpFull):  # type: ignore[misc]
    """Telethon's default transport, reading as much at once as a part of a file is long."""

    packet_codec = _FullCodec

    async def _connect(self, timeout: Any = None, ssl: Any = None) -> None:
        await super()._connect(timeout, ssl)
        self._reader._limit = READ_AHEAD


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
        return Way(_Full)
    if proxy.scheme == "mtproxy":
        # The randomised transport is the one that plain and `dd` secrets both allow.
        secret = (proxy.secret or "").removeprefix("dd") if len(proxy.secret or "") > 32 else proxy.secret
        return Way(
            _MtProxy,
            (proxy.host, proxy.port, secret),
            mtproxy=(proxy.host, proxy.port),
        )
    return Way(
        _Full,
        {
            "proxy_type": proxy.scheme,
            "addr": proxy.host,
            "port": proxy.port,
            "username": proxy.username,
            "password": proxy.password,
            "rdns": True,
        },
    )
