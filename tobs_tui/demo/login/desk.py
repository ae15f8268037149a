"""What the server remembers of logins under way: codes sent, QR tokens shown, SRP puzzles set.

Plain state with a clock handed in; all of it is bounded and ends with the process.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

CODE_LIFE = 300
TOKEN_LIFE = 30
MAX_ATTEMPTS = 5
KEPT = 1000
"""Entries of each kind that are remembered; the oldest goes first."""

Value = TypeVar("Value")


class Recent(Generic[Value]):
    """A bounded memory: what was put in longest ago is forgotten first."""

    def __init__(self, size: int = KEPT) -> None:
        self._items: OrderedDict[object, Value] = OrderedDict()
        self._size = size

    def put(self, key: object, value: Value) -> Value:
        self._items[key] = value
        if len(self._items) > self._size:
            self._items.popitem(last=False)
        return value

    def get(self, key: object) -> Value | None:
        return self._items.get(key)

    def pop(self, key: object) -> Value | None:
        return self._items.pop(key, None)

    def values(self) -> list[Value]:
        return list(self._items.values())


@dataclass(slots=True)
class SentCode:
    phone: str
    expires: int
    attempts: int = 0


@dataclass(slots=True)
class LoginToken:
    """A QR token, shown by the client of one auth key."""

    value: bytes
    key_id: bytes
    expires: int
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Puzzle:
    """One SRP exchange: the server's secret exponent and what it told of it."""

    secret: int
    public: int


class LoginDesk:
    """All logins under way on one server."""

    def __init__(self) -> None:
        self.codes: Recent[SentCode] = Recent()
        """By (phone, phone_code_hash)."""
        self.tokens: Recent[LoginToken] = Recent()
        """By the token's bytes."""
        self.puzzles: Recent[Puzzle] = Recent()
        """By srp_id."""
        self.exports: Recent[tuple[int, bytes]] = Recent()
        """Account and exporting key by (DC, id, bytes) of exportAuthorization."""

    def send_code(self, phone: str, now: int) -> str:
        """Remember a code for a phone; returns its phone_code_hash."""
        code_hash = secrets.token_hex(9)
        self.codes.put((phone, code_hash), SentCode(phone, now + CODE_LIFE))
        return code_hash

    def show_token(self, key_id: bytes, now: int) -> LoginToken:
        """A fresh QR token for the client of an auth key; its former ones are void."""
        for token in self.tokens.values():
            if token.key_id == key_id:
                self.tokens.pop(token.value)
        value = secrets.token_bytes(32)
        return self.tokens.put(value, LoginToken(value, key_id, now + TOKEN_LIFE))

    def accepted_token(self, key_id: bytes) -> LoginToken | None:
        """The token of this auth key that somebody has accepted, if any."""
        return next((t for t in self.tokens.values() if t.key_id == key_id and t.accepted), None)

    def waiting_tokens(self, now: int) -> list[LoginToken]:
        """Tokens that can still be accepted, newest last."""
        return [t for t in self.tokens.values() if not t.accepted and t.expires >= now]
