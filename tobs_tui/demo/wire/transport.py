"""TCP transports: cut a stream of bytes into packets and pack answers, without any I/O.

https://core.telegram.org/mtproto/mtproto-transports. `detect` tells by the first bytes which one a
client speaks; the obfuscated forms wrap one of these (`obfuscated.py`).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from zlib import crc32

MAX_PACKET = 2 * 1024 * 1024
"""Telegram closes connections that send more than about 1 MB at once; so do we, with room to spare."""

ABRIDGED_TAG = b"\xef"
INTERMEDIATE_TAG = b"\xee\xee\xee\xee"
PADDED_TAG = b"\xdd\xdd\xdd\xdd"


class BadTransport(Exception):
    """The stream can't be what a client sends; the connection has to be closed."""


class Transport(ABC):
    """One direction pair of a connection. `name` is what counters and logs call it."""

    name = ""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take received bytes; return the packets that are now complete."""
        self._buffer += data
        packets = []
        while (packet := self._take(self._buffer)) is not None:
            packets.append(packet)
        return packets

    @abstractmethod
    def pack(self, payload: bytes) -> bytes:
        """One packet as it goes over the wire."""

    @abstractmethod
    def _take(self, buffer: bytearray) -> bytes | None:
        """Remove the first complete packet from `buffer`, or return None."""


def _cut(buffer: bytearray, start: int, end: int) -> bytes | None:
    """Remove everything up to `end` and return what stood from `start` on; None when it isn't there yet."""
    if end - start > MAX_PACKET:
        raise BadTransport(f"a packet of {end - start} bytes")
    if len(buffer) < end:
        return None
    packet = bytes(memoryview(buffer)[start:end])
    del buffer[:end]
    return packet


class Abridged(Transport):
    name = "abridged"

    def pack(self, payload: bytes) -> bytes:
        words = len(payload) >> 2
        head = bytes((words,)) if words < 0x7F else b"\x7f" + words.to_bytes(3, "little")
        return head + payload

    def _take(self, buffer: bytearray) -> bytes | None:
        if not buffer:
            return None
        words = buffer[0] & 0x7F  # the high bit asks for a quick ack, which nobody needs here
        if words < 0x7F:
            return _cut(buffer, 1, 1 + words * 4)
        if len(buffer) < 4:
            return None
        return _cut(buffer, 4, 4 + int.from_bytes(buffer[1:4], "little") * 4)


class Intermediate(Transport):
    name = "intermediate"

    def pack(self, payload: bytes) -> bytes:
        return len(payload).to_bytes(4, "little") + payload

    def _take(self, buffer: bytearray) -> bytes | None:
        if len(buffer) < 4:
            return None
        return _cut(buffer, 4, 4 + (int.from_bytes(buffer[:4], "little") & 0x7FFF_FFFF))


class PaddedIntermediate(Intermediate):
    """Intermediate with a few bytes of padding, which the receiver cuts off by the payload's own length."""

    name = "padded"

    def pack(self, payload: bytes) -> bytes:
        return super().pack(payload + os.urandom(payload[-1] & 3))


class Full(Transport):
    name = "full"

    def __init__(self) -> None:
        super().__init__()
        self._received = 0
        self._sent = 0

    def pack(self, payload: bytes) -> bytes:
        head = (len(payload) + 12).to_bytes(4, "little") + self._sent.to_bytes(4, "little")
        self._sent += 1
        return b"".join((head, payload, crc32(payload, crc32(head)).to_bytes(4, "little")))

    def _take(self, buffer: bytearray) -> bytes | None:
        if len(buffer) < 4:
            return None
        length = int.from_bytes(buffer[:4], "little")
        if length < 12:
            raise BadTransport(f"a full packet of {length} bytes")
        packet = _cut(buffer, 0, length)
        if packet is None:
            return None
        if crc32(memoryview(packet)[:-4]) != int.from_bytes(packet[-4:], "little"):
            raise BadTransport("a wrong checksum")
        if int.from_bytes(packet[4:8], "little") != self._received:
            raise BadTransport("a packet out of order")
        self._received += 1
        return packet[8:-4]


def detect(start: bytes) -> tuple[Transport, int] | None:
    """The plain transport that a stream with this start speaks and the length of its tag.

    None: not decided yet, or, with 64 bytes at hand, an obfuscated stream.
    """
    if start[:1] == ABRIDGED_TAG:
        return Abridged(), 1
    if start[:4] == INTERMEDIATE_TAG:
        return Intermediate(), 4
    if start[:4] == PADDED_TAG:
        return PaddedIntermediate(), 4
    # The full transport has no tag; its second word is the sequence number, 0 in the first packet.
    # Obfuscated streams are made so that this word is never 0.
    if len(start) >= 8 and start[4:8] == b"\0\0\0\0":
        return Full(), 0
    return None
