"""Where a Telegram server is and how one gets there: its address, its public key, the proxy on the way.

Values only, made from what a person writes; each `parse` raises ValueError with a reason that holds nothing
secret. Connecting is `telegram`'s.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from msgspec import Struct

KEY_BITS = 2048
"""MTProto's key exchange encrypts 255 bytes with the server's key, so no other size works."""


class ServerAddress(Struct, frozen=True):
    """A host and port; IPv6 without its brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> ServerAddress:
        """Read `host:port` or `[::1]:443`. :raises ValueError: it is neither."""
        found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:\[\]/@?#]+)):([0-9]{1,5})", text.strip())
        if found is None:
            raise ValueError("a host, a colon and a port are needed")
        return cls(found[1] or found[2], _port(int(found[3])))


class PublicKey(Struct, frozen=True):
    """A server's RSA key."""

    modulus: int
    exponent: int

    @property
    def fingerprint(self) -> str:
        """The key's MTProto fingerprint as 16 hex digits: low 64 bits of SHA-1 over its TL form.

        Source: https://core.telegram.org/mtproto/auth_key, "RSA public key fingerprint".
        """
        digest = hashlib.sha1(
            _tl_bytes(self.modulus) + _tl_bytes(self.exponent), usedforsecurity=False
        ).digest()
        return f"{int.from_bytes(digest[-8:], 'little'):016x}"

    @property
    def pem(self) -> str:
        """The key as a PKCS#1 PEM, whatever form it was given in."""
        body = _der_wrap(0x30, _der_integer(self.modulus) + _der_integer(self.exponent))
        text = base64.b64encode(body).decode()
        lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
        return f"-----BEGIN RSA PUBLIC KEY-----\n{lines}\n-----END RSA PUBLIC KEY-----\n"

    @classmethod
    def parse(cls, pem: str) -> PublicKey:
        """Read a PEM of one RSA public key, PKCS#1 or SPKI. :raises ValueError: it is something else."""
        if "PRIVATE KEY-----" in pem:
            raise ValueError("it holds a private key; the public one is needed")
        found = re.findall(
            r"-----BEGIN (RSA |)PUBLIC KEY-----(.+?)-----END \1PUBLIC KEY-----", pem, re.DOTALL
        )
        if len(found) != 1:
            raise ValueError(f"it holds {len(found) or 'no'} public key{'s' * (len(found) > 1)} in PEM form")
        kind, body = found[0]
        try:
            der = base64.b64decode(re.sub(r"\\n|\s", "", body), validate=True)
            modulus, exponent = _rsa_numbers(der if kind else _spki_key(der))
        except (binascii.Error, IndexError) as error:
            raise ValueError("its PEM is damaged") from error
        if modulus.bit_length() != KEY_BITS or exponent < 3 or not exponent & modulus & 1:
            raise ValueError(f"it is no RSA key of {KEY_BITS} bits")
        return cls(modulus, exponent)


class Proxy(Struct, frozen=True):
    """A proxy that all connections take. `scheme` is `socks5`, `http` or `mtproxy`."""

    scheme: str
    host: str
    port: int
    username: str | None = None
    password: str | None = None
    secret: str | None = None
    """An MTProxy's secret in hex: 32 digits, or `dd` and 32 digits."""

    def __repr__(self) -> str:
        return f"Proxy({self.scheme}, ••••)"

    @classmethod
    def parse(cls, url: str) -> Proxy:
        """Read `socks5://`, `http://` (with credentials) or `mtproxy://SECRET@HOST:PORT`, `…?secret=SECRET`.

        :raises ValueError: it is none of them, or an MTProxy's fake-TLS (`ee`) secret.
        """
        parts = urlsplit(url.strip())
        if parts.scheme not in ("socks5", "http", "mtproxy"):
            raise ValueError("its scheme is none of these")
        try:
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise ValueError("its port is no number from 1 to 65535") from error
        if not host or not port:
            raise ValueError("a host and a port are needed; / ? # in a password are written %2F %3F %23")
        if parts.scheme == "mtproxy":
            return cls("mtproxy", host, port, secret=_mtproxy_secret(parts))
        if parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError("nothing may follow the port; / ? # in a password are written %2F %3F %23")
        return cls(parts.scheme, host, port, _unquoted(parts.username), _unquoted(parts.password))


def _port(port: int) -> int:
    if not 0 < port < 65536:
        raise ValueError("a port is a number from 1 to 65535")
    return port


def _unquoted(part: str | None) -> str | None:
    return unquote(part) if part else None


def _mtproxy_secret(parts: SplitResult) -> str:
    given = parts.username or "".join(parse_qs(parts.query).get("secret", ()))
    secret = given.lower() if re.fullmatch("[0-9A-Fa-f]+", given) else _hex_of_base64(given)
    if secret.startswith("ee") and len(secret) > 32:
        raise ValueError("fake-TLS secrets (ee…) are not supported; ask the proxy for a plain or dd secret")
    if not re.fullmatch("(dd)?[0-9a-f]{32}", secret):
        raise ValueError("its secret is neither 32 hex digits nor dd and 32 hex digits")
    return secret


def _hex_of_base64(text: str) -> str:
    padded = text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4)
    try:
        return base64.urlsafe_b64decode(padded.replace("+", "-").replace("/", "_")).hex()
    except (binascii.Error, ValueError):
        return ""


def _tl_bytes(number: int) -> bytes:
    """A number as TL's `bytes`: length, big-endian digits, padding to four."""
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    head = bytes([len(digits)]) if len(digits) < 254 else b"\xfe" + len(digits).to_bytes(3, "little")
    return head + digits + b"\0" * (-(len(head) + len(digits)) % 4)


def _rsa_numbers(der: bytes) -> tuple[int, int]:
    pair, _ = _der_read(der, 0x30)
    modulus, rest = _der_read(pair, 0x02)
    exponent, _ = _der_read(rest, 0x02)
    return int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")


def _spki_key(der: bytes) -> bytes:
    whole, _ = _der_read(der, 0x30)
    _algorithm, rest = _der_read(whole, 0x30)
    bits, _ = _der_read(rest, 0x03)
    return bits[1:]


def _der_read(data: bytes, tag: int) -> tuple[bytes, bytes]:
    """Return the content of the element at the start of `data`, and what follows it."""
    if data[0] != tag:
        raise ValueError("it holds no RSA key")
    length, start = data[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
    if start + length > len(data):
        raise IndexError("the element is longer than its data")
    return data[start : start + length], data[start + length :]


def _der_wrap(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(digits)]) + digits + content


def _der_integer(number: int) -> bytes:
    return _der_wrap(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))
