"""Bytes that no honest client sends: the connection ends, the server and the others go on."""

from __future__ import annotations

import asyncio
import os
import struct
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telethon import functions
from telethon.network.connection.tcpabridged import AbridgedPacketCodec
from telethon.network.connection.tcpmtproxy import MTProxyIO
from telethon.network.connection.tcpobfuscated import ObfuscatedIO

from tobs_tui.demo.keyring import AuthKey
from tobs_tui.demo.wire import intake as wire
from tobs_tui.demo.wire.envelope import Envelope, SecretKey
from tobs_tui.demo.wire.salts import Salts
from tobs_tui.demo.wire.session import Session
from tobs_tui.demo.wire.transport import Abridged, BadTransport, Full, Intermediate, detect

OPENERS = [
    b"\xef" + Abridged().pack(bytes(8) + os.urandom(40)),
    b"\xef" + Abridged().pack(os.urandom(88)),
    b"\xee\xee\xee\xee" + Intermediate().pack(b""),
    b"\xee\xee\xee\xee\xff\xff\xff\x7f",
    Full().pack(bytes(8) + struct.pack("<qi", 5, 999)),
    Full().pack(bytes(20))[:-2] + b"xx",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + bytes(64),
    os.urandom(200),
]


@pytest.mark.parametrize("opener", OPENERS, ids=range(len(OPENERS)))
async def test_nonsense_ends_its_own_connection_alone(
    opener: bytes, tiny_world: Any, demo_server: Any, raw_client: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info)
    reader, writer = await asyncio.open_connection(server.info.host, server.info.port)
    writer.write(opener)
    writer.write_eof()
    await asyncio.wait_for(reader.read(), 5)
    writer.close()
    assert await client(functions.help.GetNearestDcRequest())
    assert "Fatal error" not in caplog.text


async def test_a_key_nobody_has_is_told_in_four_bytes(tiny_world: Any, demo_server: Any) -> None:
    server = await demo_server(tiny_world)
    reader, writer = await asyncio.open_connection(server.info.host, server.info.port)
    writer.write(b"\xee\xee\xee\xee" + Intermediate().pack(os.urandom(88)))
    assert await asyncio.wait_for(reader.readexactly(8), 5) == struct.pack("<ii", 4, -404)
    writer.close()


async def test_a_proxied_dc_nobody_serves_is_told(tiny_world: Any, demo_server: Any) -> None:
    server = await demo_server(tiny_world)
    secret = bytes.fromhex(server.info.proxy_secret)
    header, _, decrypt = MTProxyIO.init_header(secret, 77, AbridgedPacketCodec)
    reader, writer = await asyncio.open_connection(server.info.host, server.info.port)
    writer.write(bytes(header))
    answer = decrypt.encrypt(await asyncio.wait_for(reader.read(), 5))
    assert answer == b"\x01" + struct.pack("<i", -444)
    writer.close()


async def test_a_client_that_never_reads_does_not_hold_up_others(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    header, encrypt, _ = ObfuscatedIO.init_header(AbridgedPacketCodec)
    _, writer = await asyncio.open_connection(server.info.host, server.info.port)
    writer.write(bytes(header))
    ask = bytes(functions.ReqPqMultiRequest(nonce=1))
    packet = Abridged().pack(struct.pack("<qqi", 0, 4, len(ask)) + ask)
    for _ in range(50):
        writer.write(encrypt.encrypt(packet * 20))
    assert await (await raw_client(server.info))(functions.help.GetNearestDcRequest())
    writer.close()


def sort(body: bytes, *, contained: bool) -> int:
    """Hand one message to a fresh session; how many calls came of it."""
    now = time.time()
    session = Session(1, AuthKey(SecretKey(bytes(256)), 2, 0))
    reader = wire.Reader(Salts(b""), lambda: now, lambda key, session_id: False)
    msg_id = int(now) << 32
    if contained:
        body = wire.container([(msg_id - 4, 1, body)])
    return len(reader.take(session, Envelope(0, 1, msg_id, 0 if contained else 1, body)).calls)


@given(body=st.binary(max_size=200), contained=st.booleans())
def test_any_message_body_is_sorted_or_refused(body: bytes, contained: bool) -> None:
    assert sort(body, contained=contained) <= 1


SERVICES = [*sorted(wire._SERVICES), wire.CONTAINER, wire.GZIP_PACKED]


@given(kind=st.sampled_from(SERVICES), rest=st.binary(max_size=60), contained=st.booleans())
def test_any_service_message_is_answered_or_refused(kind: int, rest: bytes, contained: bool) -> None:
    assert sort(struct.pack("<I", kind) + rest, contained=contained) <= 1


@given(stream=st.binary(max_size=400), cut=st.integers(1, 50))
def test_any_stream_is_cut_or_refused(stream: bytes, cut: int) -> None:
    for transport in (Abridged(), Intermediate(), Full()):
        try:
            for at in range(0, len(stream), cut):
                transport.feed(stream[at : at + cut])
        except BadTransport:
            continue
    detect(stream)
