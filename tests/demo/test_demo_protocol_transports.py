"""Every transport carries an unmodified Telethon, and survives any way of cutting the stream."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telethon.network.connection import (
    ConnectionTcpAbridged,
    ConnectionTcpFull,
    ConnectionTcpIntermediate,
    ConnectionTcpMTProxyRandomizedIntermediate,
    ConnectionTcpObfuscated,
)
from telethon.network.connection.tcpabridged import AbridgedPacketCodec
from telethon.network.connection.tcpintermediate import (
    IntermediatePacketCodec,
    RandomizedIntermediatePacketCodec,
)
from telethon.network.connection.tcpmtproxy import MTProxyIO
from telethon.network.connection.tcpobfuscated import ObfuscatedIO

from tobs_tui.demo.wire.obfuscated import HEADER, open_obfuscated
from tobs_tui.demo.wire.transport import (
    MAX_PACKET,
    Abridged,
    BadTransport,
    Full,
    Intermediate,
    PaddedIntermediate,
    Transport,
    detect,
)

SECRET = bytes(range(16))
words = st.binary(min_size=1, max_size=300).map(lambda data: data * 4)


@pytest.mark.parametrize(
    ("connection", "name"),
    [
        (ConnectionTcpFull, "full"),
        (ConnectionTcpAbridged, "abridged"),
        (ConnectionTcpIntermediate, "intermediate"),
        (ConnectionTcpObfuscated, "obfuscated abridged"),
    ],
)
async def test_telethon_logs_in_over(
    connection: type, name: str, tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    client = await raw_client(server.info, login=True, connection=connection)
    assert len(await client.get_messages("me", limit=120)) == 120
    assert server.transports == {name: 1}


async def test_telethon_reaches_the_asked_dc_through_the_port_as_a_proxy(
    tiny_world: Any, demo_server: Any, raw_client: Any
) -> None:
    server = await demo_server(tiny_world)
    proxy = (server.info.host, server.info.dcs[4], "dd" + server.info.proxy_secret)
    client = await raw_client(
        server.info, login=True, connection=ConnectionTcpMTProxyRandomizedIntermediate, proxy=proxy
    )
    assert (await client.get_me()).id == tiny_world.account_id
    assert server.transports == {"mtproxy padded": 1}


@pytest.mark.parametrize("transport", [Abridged, Intermediate, PaddedIntermediate, Full])
@given(packets=st.lists(words, min_size=1, max_size=4), cut=st.integers(1, 40))
def test_packets_arrive_whole_however_the_stream_is_cut(
    transport: type[Transport], packets: list[bytes], cut: int
) -> None:
    sender, receiver = transport(), transport()
    stream = b"".join(map(sender.pack, packets))
    received = [p for at in range(0, len(stream), cut) for p in receiver.feed(stream[at : at + cut])]
    assert [p[: len(q)] for p, q in zip(received, packets, strict=True)] == packets
    assert all(len(p) - len(q) < 16 for p, q in zip(received, packets, strict=True))


def test_a_transport_is_told_by_its_first_bytes() -> None:
    def name(start: bytes) -> str | None:
        found = detect(start)
        return found and found[0].name

    assert name(b"\xef") == "abridged"
    assert name(b"\xee\xee\xee") is None
    assert name(b"\xee\xee\xee\xee") == "intermediate"
    assert name(b"\xdd\xdd\xdd\xdd") == "padded"
    assert name(b"\x34\0\0\0\0\0\0") is None
    assert name(b"\x34\0\0\0\0\0\0\0") == "full"
    assert name(bytes(range(1, 65))) is None


@pytest.mark.parametrize(
    "stream",
    [
        b"\x04\0\0\0\0\0\0\0",  # shorter than its own frame
        (MAX_PACKET + 100).to_bytes(4, "little") + bytes(4),
        Full().pack(b"abcd")[:-1] + b"\x01",
    ],
)
def test_a_broken_full_stream_is_refused(stream: bytes) -> None:
    with pytest.raises(BadTransport):
        Full().feed(stream)


def test_a_full_packet_out_of_order_is_refused() -> None:
    sender = Full()
    sender.pack(b"lost")
    with pytest.raises(BadTransport, match="order"):
        Full().feed(sender.pack(b"late"))


@pytest.mark.parametrize("secret", [None, SECRET])
@pytest.mark.parametrize(
    ("codec", "name"),
    [
        (AbridgedPacketCodec, "abridged"),
        (IntermediatePacketCodec, "intermediate"),
        (RandomizedIntermediatePacketCodec, "padded"),
    ],
)
def test_obfuscated_streams_open_with_their_own_key(codec: Any, name: str, secret: bytes | None) -> None:
    if secret is None:
        header, encrypt, decrypt = ObfuscatedIO.init_header(codec)
    else:
        header, encrypt, decrypt = MTProxyIO.init_header(secret, 4, codec)
    opened = open_obfuscated(bytes(header), SECRET)
    assert opened.dc_id == (None if secret is None else 4)
    assert opened.transport.name == f"{'mtproxy' if secret else 'obfuscated'} {name}"

    inner = codec(None)
    packet = opened.transport.feed(encrypt.encrypt(inner.encode_packet(b"question")))[0]
    assert packet[:8] == b"question"
    answer = decrypt.encrypt(opened.transport.pack(b"answer!!"))
    assert b"answer!!" in answer


def test_an_obfuscated_stream_with_another_secret_is_refused() -> None:
    header, _, _ = MTProxyIO.init_header(bytes(16), 2, RandomizedIntermediatePacketCodec)
    with pytest.raises(BadTransport):
        open_obfuscated(bytes(header), SECRET)
    assert len(header) == HEADER
