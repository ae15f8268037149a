"""The key exchange, as the server: three unencrypted requests, and both sides share a key.

https://core.telegram.org/mtproto/auth_key. Bytes in, bytes out. Both ways of encrypting the inner
data are understood: the SHA-1 one that Telethon still uses and RSA_PAD.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1, sha256

import cryptg
from telethon.extensions import BinaryReader
from telethon.helpers import generate_key_data_from_nonce
from telethon.tl import functions, types
from telethon.tl.tlobject import TLObject

from tobs_tui.demo.wire.envelope import SecretKey
from tobs_tui.demo.wire.server_key import ServerKey, is_probable_prime

DH_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DB"
    "FA336F6E0AC925139543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B41"
    "0DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE2E4E15D04B2454BF"
    "6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)
"""The safe prime that Telegram uses; clients know it and need not test it."""
DH_GENERATOR = 3


class HandshakeFailed(Exception):
    """A step that doesn't fit; Telegram answers -404 and lets the client begin again."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The exchange's result. `salt` is the first salt that the client may use."""

    key: SecretKey
    salt: int


class Handshake:
    """One client's key exchange. `agreed` is set once the last step has been answered."""

    def __init__(self, server_key: ServerKey, clock: Callable[[], float] = time.time) -> None:
        self.agreed: Agreed | None = None
        self._server_key = server_key
        self._clock = clock
        self._nonce = 0
        self._server_nonce = 0
        self._new_nonce = 0
        self._pq = (0, 0)
        self._secret = 0
        self._aes: tuple[bytes, bytes] | None = None

    def answer(self, body: bytes) -> bytes:
        """Answer one unencrypted request of the client.

        :raises HandshakeFailed: it is none, comes out of turn, or its secrets don't fit.
        """
        try:
            request = BinaryReader(body).tgread_object()
        except Exception as error:  # the reader raises whatever the bytes lead it to
            raise HandshakeFailed("no request of the key exchange") from error
        match request:
            case functions.ReqPqMultiRequest() | functions.ReqPqRequest():
                return bytes(self._offer_pq(request.nonce))
            case functions.ReqDHParamsRequest():
                return bytes(self._offer_dh(request))
            case functions.SetClientDHParamsRequest():
                return bytes(self._agree(request))
            case _:
                raise HandshakeFailed(f"{type(request).__name__} without a key")

    def _offer_pq(self, nonce: int) -> TLObject:
        self._nonce = nonce
        self._server_nonce = _signed(secrets.token_bytes(16))
        self._aes = None
        first, second = _small_prime(), _small_prime()
        while first == second:
            second = _small_prime()
        self._pq = (min(first, second), max(first, second))
        return types.ResPQ(
            nonce=nonce,
            server_nonce=self._server_nonce,
            pq=_big(first * second),
            server_public_key_fingerprints=[self._server_key.fingerprint],
        )

    def _offer_dh(self, request: functions.ReqDHParamsRequest) -> TLObject:
        self._check_nonces(request)
        if request.public_key_fingerprint != self._server_key.fingerprint:
            raise HandshakeFailed("another server's public key")
        inner = read_inner_data(self._server_key.decrypt(request.encrypted_data))
        self._check_nonces(inner)
        told = (int.from_bytes(inner.p, "big"), int.from_bytes(inner.q, "big"))
        if told != self._pq:
            raise HandshakeFailed("pq is factored wrongly")
        self._new_nonce = inner.new_nonce
        # A 256-bit exponent is ample in a safe-prime group and eight times faster than a full one.
        self._secret = secrets.randbits(256) | 1 << 255
        answer = bytes(
            types.ServerDHInnerData(
                nonce=self._nonce,
                server_nonce=self._server_nonce,
                g=DH_GENERATOR,
                dh_prime=_big(DH_PRIME),
                g_a=_big(pow(DH_GENERATOR, self._secret, DH_PRIME)),
                server_time=int(self._clock()),
            )
        )
        self._aes = generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
        plain = sha1(answer).digest() + answer
        plain += secrets.token_bytes(-len(plain) % 16)
        return types.ServerDHParamsOk(
            nonce=self._nonce,
            server_nonce=self._server_nonce,
            encrypted_answer=cryptg.encrypt_ige(plain, *self._aes),
        )

    def _agree(self, request: functions.SetClientDHParamsRequest) -> TLObject:
        self._check_nonces(request)
        if self._aes is None or len(request.encrypted_data) % 16:
            raise HandshakeFailed("set_client_DH_params out of turn")
        inner = _read_hashed(cryptg.decrypt_ige(request.encrypted_data, *self._aes), types.ClientDHInnerData)
        self._check_nonces(inner)
        g_b = int.from_bytes(inner.g_b, "big")
        margin = 1 << (2048 - 64)
        if not margin <= g_b <= DH_PRIME - margin:
            raise HandshakeFailed("g_b out of range")
        shared = pow(g_b, self._secret, DH_PRIME)
        key = SecretKey(shared.to_bytes(256, "big"))
        self._aes = None
        nonces = {"nonce": self._nonce, "server_nonce": self._server_nonce}
        # Telethon cuts leading zeros off the key and would hold another one; both begin again.
        if key.value[0] == 0:
            return types.DhGenRetry(**nonces, new_nonce_hash2=self._new_nonce_hash(key, 2))
        self.agreed = Agreed(key, self._first_salt())
        return types.DhGenOk(**nonces, new_nonce_hash1=self._new_nonce_hash(key, 1))

    def _check_nonces(self, part: TLObject) -> None:
        if part.nonce != self._nonce or part.server_nonce != self._server_nonce:
            raise HandshakeFailed("wrong nonces")

    def _new_nonce_hash(self, key: SecretKey, number: int) -> int:
        data = self._new_nonce.to_bytes(32, "little", signed=True) + bytes((number,)) + key.aux_hash
        return _signed(sha1(data).digest()[4:20])

    def _first_salt(self) -> int:
        ours = self._server_nonce.to_bytes(16, "little", signed=True)[:8]
        theirs = self._new_nonce.to_bytes(32, "little", signed=True)[:8]
        return int.from_bytes(bytes(x ^ y for x, y in zip(ours, theirs, strict=True)), "little")


def read_inner_data(block: bytes) -> TLObject:
    """The p_q_inner_data in a decrypted RSA block, whichever way it was padded.

    :raises HandshakeFailed: neither way fits.
    """
    if block[0] == 0:
        try:
            return _read_hashed(block[1:], types.PQInnerData, types.PQInnerDataDc)
        except HandshakeFailed:
            pass  # an RSA_PAD block may start with a zero too
    encrypted = block[32:]
    temporary = bytes(x ^ y for x, y in zip(block[:32], sha256(encrypted).digest(), strict=True))
    plain = cryptg.decrypt_ige(encrypted, temporary, bytes(32))
    padded = plain[:192][::-1]
    if sha256(temporary + padded).digest() != plain[192:]:
        raise HandshakeFailed("the inner data's hash is wrong")
    return _read(padded, types.PQInnerData, types.PQInnerDataDc)[0]


def _read_hashed(data: bytes, *expected: type[TLObject]) -> TLObject:
    """Read what stands behind its own SHA-1, padding after it."""
    value, length = _read(data[20:], *expected)
    if sha1(data[20 : 20 + length]).digest() != data[:20]:
        raise HandshakeFailed("a wrong hash")
    return value


def _read(data: bytes, *expected: type[TLObject]) -> tuple[TLObject, int]:
    reader = BinaryReader(data)
    try:
        value = reader.tgread_object()
    except Exception as error:  # the reader raises whatever the bytes lead it to
        raise HandshakeFailed("unreadable inner data") from error
    if not isinstance(value, expected):
        raise HandshakeFailed(f"{type(value).__name__} where inner data should be")
    return value, reader.tell_position()


def _small_prime() -> int:
    while True:
        candidate = secrets.randbits(31) | 1 << 30 | 1
        if is_probable_prime(candidate):
            return candidate


def _big(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _signed(data: bytes) -> int:
    return int.from_bytes(data, "little", signed=True)
