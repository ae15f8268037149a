"""SRP as Telegram's two-step verification uses it, the server's side. Pure arithmetic.

https://core.telegram.org/api/srp: the password never travels; the client proves that it knows it.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from hashlib import sha256

from tobs_tui.demo.wire.handshake import DH_GENERATOR, DH_PRIME

ROUNDS = 100_000


@dataclass(frozen=True, slots=True)
class Verifier:
    """What the server keeps of a password."""

    salt1: bytes
    salt2: bytes
    value: int

    @classmethod
    def of(cls, password: str) -> Verifier:
        """Takes about 0.1 s: call it in a thread."""
        salt1, salt2 = secrets.token_bytes(40), secrets.token_bytes(16)
        inner = _salted(_salted(password.encode(), salt1), salt2)
        stretched = hashlib.pbkdf2_hmac("sha512", inner, salt1, ROUNDS)
        x = int.from_bytes(_salted(stretched, salt2), "big")
        return cls(salt1, salt2, pow(DH_GENERATOR, x, DH_PRIME))

    def challenge(self) -> tuple[int, int]:
        """A fresh secret exponent b and the public B."""
        b = secrets.randbits(2048)
        return b, (_K * self.value + pow(DH_GENERATOR, b, DH_PRIME)) % DH_PRIME

    def proves(self, b: int, public: int, a_bytes: bytes, m1: bytes) -> bool:
        """Whether the client's A and M1 could only come from who knows the password."""
        a = int.from_bytes(a_bytes, "big")
        if len(a_bytes) > 256 or not 1 < a < DH_PRIME - 1:
            return False
        u = int.from_bytes(sha256(_padded(a) + _padded(public)).digest(), "big")
        shared = pow(a * pow(self.value, u, DH_PRIME) % DH_PRIME, b, DH_PRIME)
        key = sha256(_padded(shared)).digest()
        groups = bytes(x ^ y for x, y in zip(_hash(DH_PRIME), _hash(DH_GENERATOR), strict=True))
        salts = sha256(self.salt1).digest() + sha256(self.salt2).digest()
        expected = sha256(groups + salts + _padded(a) + _padded(public) + key).digest()
        return secrets.compare_digest(expected, m1)


def _padded(number: int) -> bytes:
    return number.to_bytes(256, "big")


def _hash(number: int) -> bytes:
    return sha256(_padded(number)).digest()


def _salted(data: bytes, salt: bytes) -> bytes:
    return sha256(salt + data + salt).digest()


_K = int.from_bytes(sha256(_padded(DH_PRIME) + _padded(DH_GENERATOR)).digest(), "big")
