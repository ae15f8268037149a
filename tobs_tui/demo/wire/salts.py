"""Server salts: derived from the server's own secret, so that they survive a restart without being kept.

https://core.telegram.org/mtproto/description#server-salt. A salt is new each half hour and good for an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

STEP = 1800
LIFE = 3600
MAX_FUTURE = 64
KNOWN = 1000
"""Salts that are kept at hand; deriving one again costs a hash."""


@dataclass(frozen=True, slots=True)
class Salt:
    since: int
    until: int
    value: int


class Salts:
    """The salts of every key at every time."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._known: dict[tuple[bytes, int], Salt] = {}

    def current(self, key_id: bytes, now: float) -> Salt:
        """The newest salt that is valid now."""
        return self._salt(key_id, int(now) // STEP)

    def future(self, key_id: bytes, now: float, count: int) -> list[Salt]:
        """The current salt and those that follow, at most 64."""
        step = int(now) // STEP
        return [self._salt(key_id, step + n) for n in range(min(max(count, 1), MAX_FUTURE))]

    def valid(self, key_id: bytes, value: int, now: float) -> bool:
        step = int(now) // STEP
        return any(self._salt(key_id, s).value == value for s in (step, step - 1))

    def _salt(self, key_id: bytes, step: int) -> Salt:
        place = (key_id, step)
        salt = self._known.get(place)
        if salt is None:
            if len(self._known) >= KNOWN:
                self._known.clear()
            salt = self._known[place] = self._derive(key_id, step)
        return salt

    def _derive(self, key_id: bytes, step: int) -> Salt:
        digest = sha256(self._secret + key_id + step.to_bytes(8, "little")).digest()
        return Salt(step * STEP, step * STEP + LIFE, int.from_bytes(digest[:8], "little"))
