"""Transport obfuscation ("obfuscated2"), plain and with an MTProxy secret, as the accepting side.

https://core.telegram.org/mtproto/mtproto-transports#transport-obfuscation. The same port is a plain
DC and an MTProxy: which one a client wants is told by the key that its first 64 bytes decrypt with.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from telethon.crypto import AESModeCTR

from tobs_tui.demo.wire.transport import Abridged, BadTransport, Intermediate, PaddedIntermediate, Transport

HEADER = 64

_INNER: dict[bytes, type[Transport]] = {
    b"\xef" * 4: Abridged,
    b"\xee" * 4: Intermediate,
    b"\xdd" * 4: PaddedIntermediate,
}


class Obfuscated(Transport):
    """Another transport inside two AES-CTR streams."""

    def __init__(self, inner: Transport, receive: AESModeCTR, send: AESModeCTR, name: str) -> None:
        super().__init__()
        self.name = f"{name} {inner.name}"
        self._inner = inner
        self._receive = receive
        self._send = send

    def feed(self, data: bytes) -> list[bytes]:
        return self._inner.feed(self._receive.decrypt(data)) if data else []

    def pack(self, payload: bytes) -> bytes:
        packed: bytes = self._send.encrypt(self._inner.pack(payload))
        return packed

    def _take(self, buffer: bytearray) -> bytes | None:
        raise NotImplementedError  # the inner transport cuts


@dataclass(frozen=True, slots=True)
class Opened:
    """A recognised obfuscated stream. `dc_id` is set where the client asked a proxy for a DC."""

    transport: Transport
    dc_id: int | None


def open_obfuscated(header: bytes, secret: bytes | None) -> Opened:
    """Read a client's first 64 bytes.

    `secret` is the 16 bytes of the MTProxy secret that this endpoint answers to, if any.

    :raises BadTransport: neither the plain key nor the secret opens it.
    """
    for candidate in (None, secret) if secret else (None,):
        receive = _cipher(header[8:56], candidate)
        plain = receive.decrypt(header)
        inner = _INNER.get(bytes(plain[56:60]))
        if inner is None:
            continue
        send = _cipher(header[55:7:-1], candidate)
        if candidate is None:
            return Opened(Obfuscated(inner(), receive, send, "obfuscated"), None)
        dc = abs(int.from_bytes(plain[60:62], "little", signed=True)) % 10_000  # test DCs count from 10,000
        return Opened(Obfuscated(inner(), receive, send, "mtproxy"), dc)
    raise BadTransport("neither a known transport nor a known secret")


def _cipher(key_and_iv: bytes, secret: bytes | None) -> AESModeCTR:
    key = key_and_iv[:32]
    return AESModeCTR(sha256(key + secret).digest() if secret else key, key_and_iv[32:48])
