"""The key exchange: both paddings, and nothing that doesn't fit."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from hashlib import sha1, sha256
from pathlib import Path
from typing import Any

import cryptg
import pytest
import rsa
from telethon.extensions import BinaryReader
from telethon.helpers import generate_key_data_from_nonce
from telethon.tl import functions, types

from tobs_tui.demo.wire.envelope import BadEnvelope, SecretKey
from tobs_tui.demo.wire.handshake import DH_GENERATOR, DH_PRIME, Handshake, HandshakeFailed
from tobs_tui.demo.wire.server_key import PRIVATE, ServerKey, is_probable_prime

Pad = Callable[[bytes, int, int], bytes]


@pytest.fixture(scope="module")
def server_key(server_key_file: Path) -> ServerKey:
    return ServerKey.load_or_make(server_key_file.parent)


def public(server_key: ServerKey) -> Any:
    return rsa.PublicKey.load_pkcs1(server_key.public_path.read_bytes())


def with_sha1(data: bytes, n: int, e: int) -> bytes:
    padded = sha1(data).digest() + data
    padded += os.urandom(255 - len(padded))
    return pow(int.from_bytes(padded, "big"), e, n).to_bytes(256, "big")


def rsa_pad(data: bytes, n: int, e: int) -> bytes:
    padded = data + os.urandom(192 - len(data))
    while True:
        temporary = os.urandom(32)
        with_hash = padded[::-1] + sha256(temporary + padded).digest()
        encrypted = cryptg.encrypt_ige(with_hash, temporary, bytes(32))
        xored = bytes(x ^ y for x, y in zip(temporary, sha256(encrypted).digest(), strict=True))
        number = int.from_bytes(xored + encrypted, "big")
        if number < n:
            return pow(number, e, n).to_bytes(256, "big")


class Client:
    """The client's side, written from the specification."""

    def __init__(self, server_key: ServerKey) -> None:
        self.key = public(server_key)
        self.fingerprint = server_key.fingerprint
        self.handshake = Handshake(server_key, lambda: 1_700_000_000.0)
        self.new_nonce = int.from_bytes(os.urandom(32), "little", signed=True)

    def ask(self, request: Any) -> Any:
        return BinaryReader(self.handshake.answer(bytes(request))).tgread_object()

    def offer(self, pad: Pad, *, factor: int | None = None) -> Any:
        self.offered = self.ask(functions.ReqPqMultiRequest(nonce=5))
        pq = int.from_bytes(self.offered.pq, "big")
        p, q = cryptg.factorize_pq_pair(pq)
        inner = types.PQInnerDataDc(
            pq=self.offered.pq,
            p=(factor or p).to_bytes(4, "big"),
            q=q.to_bytes(4, "big"),
            nonce=5,
            server_nonce=self.offered.server_nonce,
            new_nonce=self.new_nonce,
            dc=2,
        )
        return self.ask(
            functions.ReqDHParamsRequest(
                nonce=5,
                server_nonce=self.offered.server_nonce,
                p=inner.p,
                q=inner.q,
                public_key_fingerprint=self.fingerprint,
                encrypted_data=pad(bytes(inner), self.key.n, self.key.e),
            )
        )

    def agree(self, answer: Any, *, g_b: int | None = None) -> tuple[Any, bytes]:
        aes = generate_key_data_from_nonce(self.offered.server_nonce, self.new_nonce)
        plain = cryptg.decrypt_ige(answer.encrypted_answer, *aes)
        inner = BinaryReader(plain[20:]).tgread_object()
        assert sha1(bytes(inner)).digest() == plain[:20]
        assert inner.server_time == 1_700_000_000
        b = int.from_bytes(os.urandom(256), "big")
        own = g_b or pow(inner.g, b, DH_PRIME)
        mine = bytes(
            types.ClientDHInnerData(
                nonce=5,
                server_nonce=self.offered.server_nonce,
                retry_id=0,
                g_b=own.to_bytes((own.bit_length() + 7) // 8, "big"),
            )
        )
        padded = sha1(mine).digest() + mine
        padded += os.urandom(-len(padded) % 16)
        done = self.ask(
            functions.SetClientDHParamsRequest(
                nonce=5,
                server_nonce=self.offered.server_nonce,
                encrypted_data=cryptg.encrypt_ige(padded, *aes),
            )
        )
        key = pow(int.from_bytes(inner.g_a, "big"), b, DH_PRIME).to_bytes(256, "big")
        return done, key


@pytest.mark.parametrize("pad", [with_sha1, rsa_pad])
def test_both_sides_hold_the_same_key(pad: Pad, server_key: ServerKey) -> None:
    client = Client(server_key)
    done, key = client.agree(client.offer(pad))
    if isinstance(done, types.DhGenRetry):  # one in 256: the key begins with a zero
        assert key[0] == 0
        return
    agreed = client.handshake.agreed
    assert agreed is not None
    assert agreed.key.value == key
    new_nonce = client.new_nonce.to_bytes(32, "little", signed=True)
    assert (
        done.new_nonce_hash1.to_bytes(16, "little", signed=True)
        == (sha1(new_nonce + b"\x01" + sha1(key).digest()[:8]).digest()[4:])
    )
    first = struct.unpack("<Q", new_nonce[:8])[0]
    second = struct.unpack("<Q", client.offered.server_nonce.to_bytes(16, "little", signed=True)[:8])[0]
    assert agreed.salt == first ^ second


def test_a_wrong_factor_is_refused(server_key: ServerKey) -> None:
    with pytest.raises(HandshakeFailed, match="factored"):
        Client(server_key).offer(with_sha1, factor=12345)


@pytest.mark.parametrize("g_b", [2, DH_PRIME - 1], ids=["tiny", "huge"])
def test_a_weak_g_b_is_refused(g_b: int, server_key: ServerKey) -> None:
    client = Client(server_key)
    with pytest.raises(HandshakeFailed, match="range"):
        client.agree(client.offer(rsa_pad), g_b=g_b)


def test_garbage_and_steps_out_of_turn_are_refused(server_key: ServerKey) -> None:
    handshake = Handshake(server_key)
    for body in (
        b"",
        os.urandom(40),
        bytes(functions.help.GetConfigRequest()),
        bytes(functions.SetClientDHParamsRequest(nonce=0, server_nonce=0, encrypted_data=bytes(16))),
    ):
        with pytest.raises(HandshakeFailed):
            handshake.answer(body)
    client = Client(server_key)
    with pytest.raises(HandshakeFailed):
        client.offer(lambda data, n, e: os.urandom(256))


def test_the_server_key_is_kept_private_and_found_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    key = ServerKey.load_or_make(folder)
    assert (folder / PRIVATE).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert key.public_path.read_text().startswith("-----BEGIN RSA PUBLIC KEY-----")
    assert ServerKey.load_or_make(folder).fingerprint == key.fingerprint
    loaded = public(key)
    secret = os.urandom(255)
    encrypted = pow(int.from_bytes(secret, "big"), loaded.e, loaded.n).to_bytes(256, "big")
    assert key.decrypt(encrypted) == b"\0" + secret


def test_the_group_is_telegrams_own() -> None:
    assert DH_PRIME.bit_length() == 2048
    assert is_probable_prime(DH_PRIME)
    assert is_probable_prime(DH_PRIME // 2)
    assert DH_PRIME % 3 == 2  # what makes 3 a generator of the right subgroup
    assert DH_GENERATOR == 3


def test_a_changed_message_does_not_open() -> None:
    key = SecretKey(os.urandom(256))
    packet = bytearray(key.seal(1, 2, 4, 1, b"body" * 10))
    with pytest.raises(BadEnvelope):  # sealed for the client, so the server's direction can't open it
        key.open(bytes(packet))
    with pytest.raises(BadEnvelope):
        key.open(bytes(packet[:40]))
