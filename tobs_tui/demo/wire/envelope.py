"""MTProto 2.0 encryption of one message: seal what the server sends, open what a client sent.

https://core.telegram.org/mtproto/description. A page of history goes through here whole, so the
key's slices are cut once and each direction costs three hashes and one AES-IGE call.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from hashlib import sha1, sha256
from struct import Struct

import cryptg

_HEAD = Struct("<QqqiI")  # salt, session id, message id, sequence number, length of the body
HEAD_SIZE = _HEAD.size
PREFIX_SIZE = 24  # auth key id and msg_key


class BadEnvelope(Exception):
    """Not encrypted by who holds the key, or damaged."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One decrypted message."""

    salt: int
    session_id: int
    msg_id: int
    seq_no: int
    body: bytes


class SecretKey:
    """The 256 bytes that a client and the server share, cut as MTProto 2.0 needs them."""

    __slots__ = ("_from_client", "_to_client", "aux_hash", "id", "value")

    def __init__(self, value: bytes) -> None:
        digest = sha1(value).digest()
        self.value = value
        self.id = digest[12:20]
        self.aux_hash = digest[:8]
        self._from_client = (value[88:120], value[0:36], value[40:76])
        self._to_client = (value[96:128], value[8:44], value[48:84])

    def open(self, packet: bytes) -> Envelope:
        """Decrypt a client's packet and check all that the key can tell about it.

        :raises BadEnvelope: its msg_key or its length is wrong.
        """
        # Padded transports add up to 15 bytes, which show as a broken block.
        end = len(packet) - (len(packet) - PREFIX_SIZE) % 16
        if end < PREFIX_SIZE + 48:
            raise BadEnvelope("too short")
        check, a, b = self._from_client
        msg_key = packet[8:24]
        plain = cryptg.decrypt_ige(packet[PREFIX_SIZE:end], *_aes(msg_key, a, b))
        if sha256(check + plain).digest()[8:24] != msg_key:
            raise BadEnvelope("a wrong msg_key")
        salt, session_id, msg_id, seq_no, length = _HEAD.unpack_from(plain)
        if length % 4 or not 12 <= len(plain) - HEAD_SIZE - length <= 1024:
            raise BadEnvelope("a wrong length")
        return Envelope(salt, session_id, msg_id, seq_no, plain[HEAD_SIZE : HEAD_SIZE + length])

    def seal(self, salt: int, session_id: int, msg_id: int, seq_no: int, body: bytes) -> bytes:
        """Encrypt one message for the client."""
        check, a, b = self._to_client
        padding = os.urandom(12 + -(HEAD_SIZE + len(body) + 12) % 16)
        plain = b"".join((_HEAD.pack(salt, session_id, msg_id, seq_no, len(body)), body, padding))
        hashed = sha256(check)
        hashed.update(plain)
        msg_key = hashed.digest()[8:24]
        return b"".join((self.id, msg_key, cryptg.encrypt_ige(plain, *_aes(msg_key, a, b))))


def _aes(msg_key: bytes, a: bytes, b: bytes) -> tuple[bytes, bytes]:
    first = sha256(msg_key + a).digest()
    second = sha256(b + msg_key).digest()
    return (
        first[:8] + second[8:24] + first[24:32],
        second[:8] + first[8:24] + second[24:32],
    )
