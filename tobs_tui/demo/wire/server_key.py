"""The server's own RSA key: made once, kept in the state folder, known to clients by its public half.

The private file is 0600. Several processes that start on one folder at once end up with one key.
"""

from __future__ import annotations

import hmac
import os
import secrets
import struct
from hashlib import sha1
from pathlib import Path

import rsa
from filelock import FileLock

PRIVATE = "server-key.pem"
PUBLIC = "server-public-key.pem"
EXPONENT = 65537
BITS = 2048


class ServerKey:
    """An RSA key pair with the fingerprint that MTProto names it by."""

    def __init__(self, private: rsa.PrivateKey, public_path: Path) -> None:
        self.public_path = public_path
        self.fingerprint = fingerprint(private.n, private.e)
        self._key = private
        self._dp = private.d % (private.p - 1)
        self._dq = private.d % (private.q - 1)
        self._q_inverse = pow(private.q, -1, private.p)

    @classmethod
    def load_or_make(cls, folder: Path) -> ServerKey:
        """The key of this state folder; made (about a second) when there is none.

        :raises OSError: the folder can't be used. :raises ValueError: the file holds no key.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private_path, public_path = folder / PRIVATE, folder / PUBLIC
        with FileLock(folder / "server-key.lock"):
            if not private_path.exists():
                _write(private_path, new_key().save_pkcs1(), 0o600)
            private = rsa.PrivateKey.load_pkcs1(private_path.read_bytes())
            public_pem = rsa.PublicKey(private.n, private.e).save_pkcs1()
            if not public_path.exists() or public_path.read_bytes() != public_pem:
                _write(public_path, public_pem, 0o644)
        return cls(private, public_path)

    def derive(self, purpose: bytes) -> bytes:
        """32 secret bytes for a purpose, the same as long as the key is."""
        return hmac.digest(self._key.d.to_bytes(BITS // 8, "big"), purpose, "sha256")

    def decrypt(self, block: bytes) -> bytes:
        """Raw RSA: 256 bytes in, 256 bytes out, by the Chinese remainder theorem."""
        cipher = int.from_bytes(block, "big")
        mod_p = pow(cipher, self._dp, self._key.p)
        mod_q = pow(cipher, self._dq, self._key.q)
        plain = mod_q + self._key.q * ((mod_p - mod_q) * self._q_inverse % self._key.p)
        return plain.to_bytes(BITS // 8, "big")


def fingerprint(n: int, e: int) -> int:
    """The lower 64 bits of the SHA-1 of the key as a TL `rsa_public_key`, signed."""
    digest = sha1(_tl_bytes(n) + _tl_bytes(e)).digest()
    return int(struct.unpack("<q", digest[-8:])[0])


def new_key() -> rsa.PrivateKey:
    """A fresh 2048-bit key pair. `rsa.newkeys` does the same several times slower."""
    while True:
        p, q = new_prime(BITS // 2), new_prime(BITS // 2)
        if p != q and (p * q).bit_length() == BITS:
            p, q = max(p, q), min(p, q)
            return rsa.PrivateKey(p * q, EXPONENT, pow(EXPONENT, -1, (p - 1) * (q - 1)), p, q)


def new_prime(bits: int) -> int:
    """A random prime of exactly so many bits, its two highest bits set, that suits the exponent."""
    top = 3 << (bits - 2)
    while True:
        candidate = secrets.randbits(bits) | top | 1
        if any(candidate % small == 0 for small in _SMALL_PRIMES):
            continue
        if candidate % EXPONENT != 1 and is_probable_prime(candidate):
            return candidate


def is_probable_prime(n: int, rounds: int = 8) -> bool:
    """Miller-Rabin with random bases, for odd n > 3."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(rounds):
        x = pow(secrets.randbelow(n - 3) + 2, odd, n)
        if x in (1, n - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def _odd_primes_below(limit: int) -> tuple[int, ...]:
    sieve = bytearray([1]) * limit
    for n in range(3, int(limit**0.5) + 1, 2):
        if sieve[n]:
            sieve[n * n :: n] = bytes(len(range(n * n, limit, n)))
    return tuple(n for n in range(3, limit, 2) if sieve[n])


_SMALL_PRIMES = _odd_primes_below(5000)


def _tl_bytes(number: int) -> bytes:
    data = number.to_bytes((number.bit_length() + 7) // 8, "big")
    head = bytes((len(data),)) if len(data) < 254 else b"\xfe" + len(data).to_bytes(3, "little")
    return head + data + bytes(-(len(head) + len(data)) % 4)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Replace a file by a whole new one that never existed with wider rights."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    temporary.replace(path)
